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
  const files = ROOMS.flatMap((room) => filesBelow(root, room));
  if (fs.existsSync(path.join(root, "mod.ts"))) files.push("mod.ts");
  return files.sort();
}

/** Every `.ts` file below a folder of `root`, named as {@linkcode sourceFiles} does; none where it is not there. */
export function filesBelow(root: string, folder: string): string[] {
  if (!fs.existsSync(path.join(root, folder))) return [];
  return fs.readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"));
}
