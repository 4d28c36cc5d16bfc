/** The binary as a server, and a catalog of daily grids for it to serve. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { granary, ROOT, startGranary } from "./binary.ts";

interface BinaryServer {
  url: string;
  pid: number;
  stop(): Promise<void>;
}

/** `granary serve` with arguments, on a free port. */
export async function startServer(args: readonly string[]): Promise<BinaryServer> {
  const child = startGranary(["serve", ...args, "--port", "0", "--json"]);
  let complaints = "";
  child.stderr?.on("data", (data: Uint8Array) => complaints += new TextDecoder().decode(data));
  const url = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (data: Uint8Array) => {
      text += new TextDecoder().decode(data);
      const found = /"url":\s*"([^"]+)"/.exec(text);
      if (found !== null) resolve(found[1]);
    });
    child.on("exit", (code) => reject(new Error(`the server ended with ${code}: ${complaints}`)));
  });
  return {
    url,
    pid: child.pid ?? 0,
    async stop() {
      const ended = new Promise((resolve) => child.on("close", resolve));
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** A catalog of global grids of one degree, a file a day from 2024-10-11, below `folder/files`; h5py writes them. */
export async function dailyCatalog(
  folder: string,
  name: string,
  days: number,
  variable: string,
): Promise<string> {
  const script = path.join(ROOT, "test", "support", "daily_grids.py");
  const files = path.join(folder, "files");
  fs.mkdirSync(files, { recursive: true });
  const args = [script, files, String(days), variable];
  const made = spawnSync(process.env.GRANARY_TEST_PYTHON ?? "", args, { encoding: "utf8" });
  assert.equal(made.status, 0, made.stderr);
  const catalog = path.join(folder, name);
  const built = await granary(["catalog", "build", "--from", "local", "-c", "grids", files, "-o", catalog]);
  assert.equal(built.code, 0, built.stderr);
  return catalog;
}
