/** Runs a program to its end while others go on. */
import { spawn } from "node:child_process";
import process from "node:process";

export interface Ended {
  /** The exit code; 1 where a signal ended it or it did not start. */
  code: number;
  stdout: string;
  stderr: string;
  /** Why it did not start. */
  error?: string;
}

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string | undefined>;
  /** After this it is ended. */
  timeoutMs?: number;
  /** What it prints is printed as it comes. */
  shown?: boolean;
}

export function runToEnd(
  program: string,
  args: readonly string[],
  { shown = false, timeoutMs, ...options }: RunOptions = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      ...options,
      stdio: ["ignore", "pipe", "pipe"],
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    });
    const ended: Ended = { code: 1, stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        ended[name] += text;
        if (shown) process[name].write(text);
      });
    }
    child.on("error", ({ message }) => resolve({ ...ended, error: message }));
    child.on("close", (code) => resolve({ ...ended, code: code ?? 1 }));
  });
}
