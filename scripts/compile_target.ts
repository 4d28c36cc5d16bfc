/** One platform's binary. */
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { build } from "./bundle.ts";
import { PROGRAM, workerFiles } from "./entry_points.ts";
import { prepareTarget } from "./targets.ts";

/** Compiles the program and its workers for `target` to `outfile`. @returns `outfile` */
export function compileTarget(root: string, target: string, outfile: string): string {
  const { bindings, base } = prepareTarget(root, target);
  fs.mkdirSync(path.dirname(outfile), { recursive: true });
  // Bun leaves source maps beside what it builds; the binary has them inside too.
  const work = path.join(path.dirname(outfile), `.build-${process.pid}`);
  const built = path.join(work, path.basename(outfile));
  try {
    fs.mkdirSync(work);
    build(root, { target, bindings, base, out: built, entries: [PROGRAM, ...workerFiles(root)] });
    fs.renameSync(built, outfile);
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
  return outfile;
}
