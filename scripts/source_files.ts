/** The program's own modules, without tests and scripts. */
import fs from "node:fs";
import path from "node:path";

export const ROOMS = [
  "core",
  "products",
  "catalog",
  "results",
  "runs",
  "aggregate",
  "serve",
  "publish",
  "feed",
  "cli",
] as const;

/** Every `.ts` file of the rooms and `mod.ts`, relative to `root`, with forward slashes, sorted. */
export function sourceFiles(root: string): string[] {
  const files: string[] = [];
  for (const room of ROOMS) {
    if (!fs.existsSync(path.join(root, room))) continue;
    for (const entry of fs.readdirSync(path.join(root, room), { withFileTypes: true, recursive: true })) {
      if (!entry.isFile() || !entry.name.endsWith(".ts")) continue;
      files.push(path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"));
    }
  }
  if (fs.existsSync(path.join(root, "mod.ts"))) files.push("mod.ts");
  return files.sort();
}
