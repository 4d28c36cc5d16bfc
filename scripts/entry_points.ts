/**
 * What the binary is made from: the program, and every worker that it starts.
 *
 * A worker is started by `new Worker(new URL("./NAME.ts", import.meta.url))` from node:worker_threads,
 * with the file beside the one that starts it. Deno and Bun then find it on disk; in the binary every
 * module's `import.meta.url` lies in one flat folder, where the build puts each worker under its own
 * file name. So the names of worker files are unique in the tree, and the path begins with "./".
 */
import fs from "node:fs";
import path from "node:path";
import { sourceFiles } from "./source_files.ts";

export const PROGRAM = "cli/main.ts";

/** The files, relative to `root`, that `new URL("./….ts", import.meta.url)` names in the sources. */
export function workerFiles(root: string): string[] {
  const found = new Map<string, string>();
  for (const file of sourceFiles(root)) {
    const text = fs.readFileSync(path.join(root, file), "utf8");
    for (const [, target] of text.matchAll(/new URL\(\s*"([^"]+\.ts)",\s*import\.meta\.url\s*\)/g)) {
      if (!/^\.\/[^/]+$/.test(target)) {
        throw new Error(
          `${file}: a worker lies beside the file that starts it; "${target}" does not begin "./"`,
        );
      }
      const worker = path.posix.join(path.posix.dirname(file), target);
      if (!fs.existsSync(path.join(root, worker))) throw new Error(`${file}: ${worker} does not exist`);
      const name = path.posix.basename(worker);
      const other = found.get(name) ?? worker;
      if (other !== worker) {
        throw new Error(
          `${worker} and ${other}: two workers of one file name meet in the binary; rename one`,
        );
      }
      found.set(name, worker);
    }
  }
  return [...found.values()].sort();
}
