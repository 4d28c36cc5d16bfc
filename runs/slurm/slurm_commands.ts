/** The programs of Slurm, run and read. */
import { spawn } from "node:child_process";
import { inputError, systemCode } from "../../core/errors.ts";

/** No answer of Slurm's that is read here is longer. */
const MOST_OUTPUT_BYTES = 64 * 1024 * 1024;

interface Answer {
  code: number;
  out: string;
  err: string;
}

/** Runs a program of Slurm's; undefined where there is none of that name. */
function runSlurm(
  program: string,
  args: readonly string[],
  input = "",
): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    let out = "", err = "";
    child.on("error", (error) => {
      if (systemCode(error) === "ENOENT") resolve(undefined);
      else reject(error);
    });
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
      if (out.length > MOST_OUTPUT_BYTES) child.kill();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => err = (err + text).slice(-10_000));
    child.on("close", (code) => resolve({ code: code ?? 1, out, err: err.trim() }));
    child.stdin.on("error", () => {}); // it may end without reading
    child.stdin.end(input);
  });
}

/** Submits a script; returns the job's id. Throws an input error with sbatch's own words. */
export async function submit(args: readonly string[], script: string): Promise<string> {
  const answer = await runSlurm("sbatch", ["--parsable", ...args], script);
  if (answer === undefined) {
    throw inputError("sbatch is not on the PATH: --backend slurm runs where jobs can be submitted");
  }
  const id = /^(\d+)(;|$)/m.exec(answer.out.trim())?.[1];
  if (answer.code !== 0 || id === undefined) {
    throw inputError(`sbatch ${args.join(" ")}: ${answer.err || answer.out || `exit code ${answer.code}`}`);
  }
  return id;
}

/** How many array tasks a job may have here. */
export async function maxArraySize(): Promise<number> {
  const answer = await runSlurm("scontrol", ["show", "config"]);
  return Number(/^MaxArraySize\s*=\s*(\d+)/m.exec(answer?.out ?? "")?.[1] ?? 1001);
}

/**
 * States of the tasks of jobs that Slurm still has to do with, one for each task; undefined where it
 * cannot be asked. Jobs that it has forgotten are done.
 */
export async function taskStates(jobs: readonly string[]): Promise<string[] | undefined> {
  const answer = await runSlurm("squeue", ["-h", "-r", "-o", "%T", "-j", jobs.join(",")]);
  if (answer === undefined) return undefined;
  if (answer.code !== 0) return /Invalid job id/i.test(answer.err) ? [] : undefined;
  return answer.out.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}
