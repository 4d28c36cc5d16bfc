/** Starts Bun's compiler on a program and its workers. */
import { spawnSync } from "node:child_process";
import path from "node:path";

export interface Bundle {
  target: string;
  /** The folder of the target's DuckDB binding. */
  bindings: string;
  /** Bun's executable for another platform; absent for this one. */
  base?: string | undefined;
  out: string;
  /** The program, then its workers; relative to the project's root or absolute. */
  entries: string[];
}

/** @throws Error when Bun is missing or the build fails; Bun's own messages have gone to stderr */
export function build(root: string, bundle: Bundle): void {
  const bun = path.join(root, "node_modules", ".bin", "bun");
  const args = [path.join(root, "scripts", "build.ts")];
  args.push("--target", bundle.target, "--bindings", bundle.bindings, "--out", bundle.out);
  if (bundle.base !== undefined) args.push("--base", bundle.base);
  const run = spawnSync(bun, [...args, ...bundle.entries], { cwd: root, stdio: "inherit" });
  if (run.error !== undefined) {
    throw new Error(`${bun} did not start (${run.error.message}); run deno install first`);
  }
  if (run.status !== 0) throw new Error(`${bundle.out}: the build failed`);
}
