/** Starts an S3 at the end of a line (`slow_s3.ts`) as a process of its own, and asks what it saw. */
import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import type { LineOfS3, SeenOnLine } from "./line_server.ts";

export interface SlowS3 {
  url: string;
  /** What commands need in their environment to ask it. */
  env: Record<string, string>;
  seen(): Promise<SeenOnLine>;
  /** Deletes what was put, and what was seen. */
  forget(): Promise<void>;
  stop(): Promise<void>;
}

/** Serves the files of `folder/bucket`. */
export async function startSlowS3(folder: string, line: LineOfS3): Promise<SlowS3> {
  const script = path.join(import.meta.dirname!, "slow_s3.ts");
  const args = ["run", "-A", "--no-check", script, folder, `${line.latencyMs}`, `${line.bytesASecond}`];
  const child = spawn(Deno.execPath(), args, { stdio: ["pipe", "pipe", "inherit"] });
  const url = await firstLine(child);
  return {
    url,
    env: {
      AWS_ENDPOINT_URL_S3: url,
      AWS_REGION: "us-west-2",
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "example",
      AWS_EC2_METADATA_DISABLED: "true",
    },
    seen: async () => await (await fetch(`${url}/-seen`)).json() as SeenOnLine,
    forget: async () => void await (await fetch(`${url}/-forget`)).text(),
    stop: async () => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.stdin!.end();
      await ended;
    },
  };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout!.on("data", (chunk) => {
      text += String(chunk);
      const end = text.indexOf("\n");
      if (end >= 0) resolve(text.slice(0, end));
    });
    child.once("exit", (code) => reject(new Error(`the S3 ended with ${code} before it listened`)));
  });
}
