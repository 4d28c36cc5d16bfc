/**
 * Bundles the library and its workers as ES modules for Node; runs under Bun (`library.ts` starts it). Packages
 * stay imports.
 *
 *   bun scripts/build_library.ts --out FOLDER ENTRY…
 */
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";

declare const Bun: {
  build(options: Record<string, unknown>): Promise<{ success: boolean; logs: unknown[] }>;
};

const { values, positionals } = parseArgs({ options: { out: { type: "string" } }, allowPositionals: true });
if (values.out === undefined || positionals.length === 0) {
  throw new Error("build_library.ts: --out and an entry are needed");
}
const root = path.resolve(import.meta.dirname!, "..");
const result = await Bun.build({
  entrypoints: positionals.map((file) => path.resolve(root, file)),
  root,
  outdir: values.out,
  target: "node",
  format: "esm",
  splitting: true,
  packages: "external",
  // Workers under their own file names, in one folder: see entry_points.ts.
  naming: { entry: "[name].[ext]", chunk: "chunk-[hash].[ext]" },
});
if (!result.success) {
  for (const log of result.logs) console.error(log);
  process.exit(1);
}
