/**
 * What this process may use: cores and memory as the machine, its control group and its batch job
 * allow, the least of all that speak.
 */
import fs from "node:fs";
import os from "node:os";
import process from "node:process";

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads a small file, or undefined where it is not there or not readable. */
type ReadText = (path: string) => string | undefined;

/** The share of what is allowed that is used by default: other programs run here too. */
export const DEFAULT_MEMORY_SHARE = 0.6;

const MEBIBYTE = 1024 * 1024;

/** Bytes that this process is allowed to use. SLURM_MEM_PER_NODE=0 means the whole node. */
export function allowedMemoryBytes(
  environment: Environment = process.env,
  total: number = os.totalmem(),
  read: ReadText = readText,
): number {
  const limits = [total, cgroupLimit(read)];
  const perNode = positive(environment.SLURM_MEM_PER_NODE);
  const perCpu = positive(environment.SLURM_MEM_PER_CPU);
  if (perNode !== undefined) limits.push(perNode * MEBIBYTE);
  else if (perCpu !== undefined) {
    const cpus = positive(environment.SLURM_CPUS_PER_TASK) ?? positive(environment.SLURM_CPUS_ON_NODE) ?? 1;
    limits.push(perCpu * cpus * MEBIBYTE);
  }
  return Math.min(...limits.filter((limit) => limit !== undefined));
}

/** Cores that this process may run on: its affinity, and the batch job's own number. */
export function allowedCores(environment: Environment = process.env): number {
  const cores = [os.availableParallelism(), positive(environment.SLURM_CPUS_PER_TASK)];
  return Math.max(1, Math.min(...cores.filter((count) => count !== undefined)));
}

/** The memory limit of the control group, version 2 or 1; undefined where there is none. */
function cgroupLimit(read: ReadText): number | undefined {
  const own = read("/proc/self/cgroup") ?? "";
  const limits: number[] = [];
  for (const line of own.split("\n")) {
    const [, controllers, group] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (group === undefined) continue;
    if (controllers === "") limits.push(...limitsAbove("/sys/fs/cgroup", group, "memory.max", read));
    else if (controllers.split(",").includes("memory")) {
      limits.push(...limitsAbove("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes", read));
    }
  }
  return limits.length === 0 ? undefined : Math.min(...limits);
}

/** Limits of a group and of all groups around it. */
function limitsAbove(root: string, group: string, file: string, read: ReadText): number[] {
  const limits: number[] = [];
  const parts = group.split("/").filter((part) => part !== "" && part !== "..");
  for (let depth = parts.length; depth >= 0; depth--) {
    const limit = positive(read([root, ...parts.slice(0, depth), file].join("/"))?.trim());
    if (limit !== undefined) limits.push(limit);
  }
  return limits;
}

/** "max", "0", nonsense and absence are all no limit. */
function positive(text: string | undefined): number | undefined {
  const value = Number(text);
  return text !== undefined && text !== "" && Number.isFinite(value) && value > 0 ? value : undefined;
}

function readText(path: string): string | undefined {
  try {
    return fs.readFileSync(path, "utf8");
  } catch {
    return undefined; // absent or unreadable: it sets no limit
  }
}
