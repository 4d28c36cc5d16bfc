/** The programs of Slurm, run and read. */
import { spawn } from "node:child_process";
import { GranaryError, inputError, systemCode } from "../../core/errors.ts";

/** No answer of Slurm's that is read here is longer. */
const MOST_OUTPUT_BYTES = 64 * 1024 * 1024;

interface Answer {
  code: number;
  out: string;
  err: string;
}

/** What sbatch says before it tries again by itself, for two minutes. */
const PATIENT = /sleeping and retrying/;

/** What sbatch says of too many jobs, or of an array that is too large. */
const TOO_MANY =
  /submit ?(job )?limit|SubmitJob|job array specification|queue full|temporarily unable|Resource temporarily/i;

/** Runs a program of Slurm's; undefined where there is none of that name. `impatient` ends it when it waits. */
function runSlurm(
  program: string,
  args: readonly string[],
  { input = "", impatient = false }: { input?: string; impatient?: boolean } = {},
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
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err = (err + text).slice(-10_000);
      // It has just begun to sleep: nothing is submitted.
      if (impatient && PATIENT.test(err)) child.kill("SIGKILL");
    });
    child.on("close", (code) => resolve({ code: code ?? 1, out, err: err.trim() }));
    child.stdin.on("error", () => {}); // it may end without reading
    child.stdin.end(input);
  });
}

/** A submission that the cluster has no room for. */
export class NoRoomError extends GranaryError {
  constructor(message: string) {
    super("input", message);
  }
}

/**
 * Submits a script; returns the job's id. Throws an input error with sbatch's own words, a
 * {@linkcode NoRoomError} where fewer jobs might be taken.
 */
export async function submit(args: readonly string[], script: string): Promise<string> {
  const answer = await runSlurm("sbatch", ["--parsable", ...args], { input: script, impatient: true });
  if (answer === undefined) {
    throw inputError("sbatch is not on the PATH: --backend slurm runs where jobs can be submitted");
  }
  const id = /^(\d+)(;|$)/m.exec(answer.out.trim())?.[1];
  if (id !== undefined && answer.code === 0) return id;
  const words = answer.err || answer.out || `exit code ${answer.code}`;
  const message = `sbatch ${args.join(" ")}: ${words}`;
  throw TOO_MANY.test(words) ? new NoRoomError(message) : inputError(message);
}

/** The output of a question to Slurm; empty where it is not answered. */
export async function ask(program: string, args: readonly string[]): Promise<string> {
  const answer = await runSlurm(program, args);
  return answer?.code === 0 ? answer.out : "";
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
