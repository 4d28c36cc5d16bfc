/** Processes told from one another, so that the end of one can be known for certain by another. */
import fs from "node:fs";
import process from "node:process";
import { systemCode } from "./errors.ts";

/**
 * The processes that this one can see, since the machine's start: of containers on one machine each sees its own.
 * Empty where the system does not tell.
 */
export function bootId(): string {
  try {
    const boot = fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${fs.readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return ""; // not Linux
  }
}

/** When a process started, in the kernel's ticks since boot; undefined where it is gone or unknown. */
export function processStart(pid: number): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19]; // a zombie has ended
  } catch {
    return undefined; // no such process, or no /proc
  }
}

/** Whether the process of this number that started then still runs; both are of this machine and boot. */
export function isRunning(pid: number, started: string): boolean {
  const found = processStart(pid);
  if (found !== undefined) return found === started;
  if (fs.existsSync("/proc/self/stat")) return false; // a system that would have said so
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === "EPERM";
  }
}
