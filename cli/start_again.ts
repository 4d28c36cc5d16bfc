/**
 * The program started again, in the same process, with options that its runtime reads when a process starts and never
 * after. Bun's last compiler takes more of the processor in an aggregation than it gives back, for the loops that are
 * long are kernels of WebAssembly, which it does not compile: without it 48 granules took 4 to 6 % less time of the
 * processor, 192 granules 6 %. A catalog is built in 7 % less with it. Where every processor has a worker, threads that
 * help to collect garbage take it from one: without them it is half a percent. What is started twice is started 8 ms later.
 */
import fs from "node:fs";
import process from "node:process";
import { ownCommand } from "../runs/own_command.ts";

/** As the environment has them. */
const OPTIONS: Record<string, string> = { BUN_JSC_useFTLJIT: "0", BUN_JSC_numberOfGCMarkers: "1" };

/** Of a process, what starting it again takes. */
interface Startable {
  readonly versions: { readonly bun?: string | undefined };
  readonly env: Record<string, string | undefined>;
  execve?(file: string, args: readonly string[], env: Record<string, string>): void;
}

/**
 * Starts the program again where `args`, the words after its name, ask for work that is worth it, unless it was started
 * so. Returns where it goes on as it is.
 */
export function startAgain(
  args: readonly string[],
  runtime: Startable = process as Startable,
  command = ownCommand,
  descriptors = "/proc/self/fd",
): void {
  const { env, versions } = runtime;
  const names = Object.keys(OPTIONS);
  if (names.some((name) => env[name] !== undefined)) {
    // Programs that this one starts are not meant.
    for (const name of names) delete env[name];
    return;
  }
  if (versions.bun === undefined || runtime.execve === undefined || !isLongWork(args)) return;
  const own = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  // Bytes that are no text would not come through.
  if ([...args, ...own.flat()].some((text) => text.includes("\ufffd"))) return;
  if (wasGivenFiles(descriptors)) return;
  const words = [...command(), ...args];
  try {
    runtime.execve(words[0], words, { ...Object.fromEntries(own), ...OPTIONS });
  } catch {
    // The binary is no longer where it was: the work is done without the options.
  }
}

/**
 * Whether the process may have been given open files beside its input, output and errors, such as the shell's `<(...)`
 * or one that it holds a lock by: the runtime closes them where it starts another program. `folder` tells which are
 * open; where there is none, as on macOS, they may be.
 */
function wasGivenFiles(folder: string): boolean {
  try {
    return fs.readdirSync(folder).some((name) => Number(name) > 2 && isGiven(`${folder}/${name}`));
  } catch {
    return true;
  }
}

function isGiven(descriptor: string): boolean {
  try {
    const file = fs.readlinkSync(descriptor);
    // The runtime's own have no file.
    return !file.startsWith("anon_inode:") && file !== "/dev/null";
  } catch {
    // It was the one by which the folder was read.
    return false;
  }
}

/** What leaves the granules to others: a plan is the runtime's own work, which its last compiler makes faster. */
const PLANS = /(^| )--(dry-run|plan-only|backend[= ](slurm|lambda))( |$)/;

/** Whether the words begin a command that reads granules for as long as there are any. */
function isLongWork(args: readonly string[]): boolean {
  const [command, part] = args;
  return (command === "aggregate" && !PLANS.test(args.join(" "))) ||
    (command === "run" && part === "work");
}
