/** How much a cluster takes: the limits that Slurm tells, and the cut of stages into arrays that fit. */
import os from "node:os";
import { ask } from "./slurm_commands.ts";
import { parseSlurmMinutes } from "./slurm_script.ts";

/** Slurm's own default. */
const DEFAULT_ARRAY_SIZE = 1001;

export interface SlurmLimits {
  /** Tasks that an array may have. */
  arraySize: number;
  /** Jobs that may still be submitted, each task of an array counted; null where nothing limits them. */
  room: number | null;
  /** What limits them, in words. */
  by: string;
  /** Longest time of a job in minutes; null where nothing limits it. */
  maxMinutes: number | null;
}

interface Question {
  partition?: string;
  account?: string;
  /** More flags of sbatch's, which may name a QOS. */
  flags?: readonly string[];
}

/** Asks the cluster. What it does not tell limits nothing here: sbatch has the last word. */
export async function readLimits({ partition, account, flags = [] }: Question): Promise<SlurmLimits> {
  const user = os.userInfo().username;
  const [config, parts] = await Promise.all([
    ask("scontrol", ["show", "config"]),
    ask("scontrol", ["show", "partition", "-o"]),
  ]);
  const { arraySize, maxJobs } = readConfig(config);
  const part = readPartition(parts, partition);
  const limits: { most: number; queued: number; by: string }[] = [];
  if (maxJobs !== null) {
    // Jobs that have ended lately still count, and the last one of MaxJobCount is never taken.
    const known = await countLines(["-h", "-a", "-r", "-t", "all", "-o", "%i"]);
    limits.push({ most: maxJobs - 1, queued: known, by: `MaxJobCount=${maxJobs} with ${known} jobs` });
  }
  const policies = await readPolicies(user, { partition: part.name, account, qos: [qosOf(flags), part.qos] });
  if (policies.length > 0) {
    const queued = await countLines(["-h", "-r", "-u", user, "-o", "%i"]);
    for (const { most, name } of policies) {
      limits.push({ most, queued, by: `${name}=${most} with ${queued} jobs of ${user}` });
    }
  }
  const tightest = limits.toSorted((a, b) => (a.most - a.queued) - (b.most - b.queued))[0];
  return {
    arraySize,
    room: tightest === undefined ? null : Math.max(0, tightest.most - tightest.queued),
    by: tightest?.by ?? "",
    maxMinutes: part.maxMinutes,
  };
}

/** Of `scontrol show config`: an array's size, and how many jobs the controller keeps. */
export function readConfig(text: string): { arraySize: number; maxJobs: number | null } {
  const number = (name: string) => Number(new RegExp(`^${name}\\s*=\\s*(\\d+)`, "m").exec(text)?.[1] ?? NaN);
  const size = number("MaxArraySize") || DEFAULT_ARRAY_SIZE;
  const tasks = Number(/^SchedulerParameters\s*=.*\bmax_array_tasks=(\d+)/m.exec(text)?.[1] ?? NaN);
  const maxJobs = number("MaxJobCount");
  return {
    arraySize: Math.max(1, Number.isNaN(tasks) ? size : Math.min(size, tasks)),
    maxJobs: Number.isNaN(maxJobs) ? null : maxJobs,
  };
}

/** Of `scontrol show partition -o`: the partition of a name, or the default one. */
export function readPartition(
  text: string,
  name: string | undefined,
): { name: string | null; qos: string | null; maxMinutes: number | null } {
  const fields = text.split("\n").map((line) =>
    new Map(
      line.trim().split(/\s+/).map((word) => {
        const at = word.indexOf("=");
        return [word.slice(0, at), word.slice(at + 1)] as const;
      }),
    )
  );
  const found = fields.find((one) =>
    name === undefined ? one.get("Default") === "YES" : one.get("PartitionName") === name
  );
  const qos = found?.get("QoS");
  const time = found?.get("MaxTime");
  return {
    name: found?.get("PartitionName") ?? null,
    qos: qos === undefined || qos === "N/A" ? null : qos,
    maxMinutes: time !== undefined && /^\d/.test(time) ? parseSlurmMinutes(time) : null,
  };
}

interface Policy {
  most: number;
  name: string;
}

async function readPolicies(
  user: string,
  { partition, account, qos }: {
    partition: string | null;
    account?: string;
    qos: readonly (string | null)[];
  },
): Promise<Policy[]> {
  const associations = await ask("sacctmgr", [
    "-n",
    "-P",
    "show",
    "assoc",
    `user=${user}`,
    "format=Account,Partition,MaxSubmitJobs,GrpSubmitJobs,DefaultQOS",
  ]);
  const own = readAssociations(associations, account, partition);
  const names = [...own.qos, ...qos].filter((name) => name !== null && name !== "");
  if (names.length === 0) return own.policies;
  const rules = await ask("sacctmgr", [
    "-n",
    "-P",
    "show",
    "qos",
    "format=Name,MaxSubmitJobsPU,MaxSubmitJobsPA,GrpSubmitJobs",
  ]);
  return [...own.policies, ...readQos(rules, names as string[])];
}

/** Of sacctmgr's associations: `account|partition|MaxSubmitJobs|GrpSubmitJobs|DefaultQOS` lines. */
export function readAssociations(
  text: string,
  account: string | undefined,
  partition: string | null,
): { policies: Policy[]; qos: string[] } {
  const rows = rowsOf(text).filter(([of, where]) =>
    (account === undefined || of === account) && (where === "" || partition === null || where === partition)
  );
  return {
    policies: rows.flatMap(([, , most, group]) => [
      ...policy(most, "MaxSubmitJobs"),
      ...policy(group, "GrpSubmitJobs"),
    ]),
    qos: [...new Set(rows.map(([, , , , name]) => name ?? "").filter((name) => name !== ""))],
  };
}

/** Of sacctmgr's QOS: `name|MaxSubmitJobsPU|MaxSubmitJobsPA|GrpSubmitJobs` lines. */
export function readQos(text: string, names: readonly string[]): Policy[] {
  return rowsOf(text).filter(([name]) => names.includes(name)).flatMap(([name, user, account, group]) => [
    ...policy(user, `MaxSubmitJobsPerUser of QOS ${name}`),
    ...policy(account, `MaxSubmitJobsPerAccount of QOS ${name}`),
    ...policy(group, `GrpSubmitJobs of QOS ${name}`),
  ]);
}

function rowsOf(text: string): string[][] {
  return text.split("\n").filter((line) => line.includes("|")).map((line) => line.trim().split("|"));
}

function policy(value: string | undefined, name: string): Policy[] {
  return value !== undefined && /^\d+$/.test(value) ? [{ most: Number(value), name }] : [];
}

/** The QOS that flags of sbatch's name; the last one holds. */
export function qosOf(flags: readonly string[]): string | null {
  let found: string | null = null;
  flags.forEach((flag, at) => {
    const stated = /^(?:--qos=|-q)(.+)$/.exec(flag)?.[1];
    if (stated !== undefined) found = stated.trim();
    else if (flag === "--qos" || flag === "-q") found = flags[at + 1] ?? found;
  });
  return found;
}

async function countLines(args: readonly string[]): Promise<number> {
  return (await ask("squeue", args)).split("\n").filter((line) => line.trim() !== "").length;
}

/**
 * How many array tasks each stage has, so that arrays and the job after them fit: a task of an array does
 * several tasks where it must. Where not even one for each stage fits, only the first stages have any.
 */
export function cutStages(tasks: readonly number[], { arraySize, room }: SlurmLimits): number[] {
  const wanted = tasks.map((count) => Math.min(count, arraySize));
  const left = wanted.filter((count) => count > 0).length;
  if (room === null) return wanted;
  if (room < left + 1) {
    // In turn: the whole room is the first stage's.
    const first = wanted.findIndex((count) => count > 0);
    return wanted.map((count, stage) => stage === first ? Math.min(count, room) : 0);
  }
  let spare = room - 1 - left;
  const given = wanted.map((count) => Math.min(count, 1));
  let rest = wanted.map((count, stage) => count - given[stage]);
  const total = rest.reduce((sum, count) => sum + count, 0);
  if (total > spare) {
    const share = spare / total;
    rest = rest.map((count) => Math.floor(count * share));
  }
  for (const [stage, count] of rest.entries()) {
    given[stage] += count;
    spare -= count;
  }
  for (let stage = 0; stage < given.length && spare > 0; stage++) {
    const more = Math.min(spare, wanted[stage] - given[stage]);
    given[stage] += more;
    spare -= more;
  }
  return given;
}
