/**
 * Makes the binary; runs under Bun (`compile.ts` starts it). The first entry is the program, the others
 * are its workers.
 *
 *   bun scripts/build.ts --target T --bindings FOLDER --out FILE [--base EXECUTABLE] ENTRY…
 */
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { duckdbPlugin } from "./duckdb_plugin.ts";
import { packedFilesPlugin } from "./packed_files.ts";
import { packedTextPlugin } from "./packed_text_plugin.ts";
import { pagePlugin } from "./page_plugin.ts";
import { presetPlugin } from "./preset_plugin.ts";
import { wasmFilePlugin } from "./wasm_plugin.ts";

interface BuildResult {
  success: boolean;
  logs: unknown[];
}
declare const Bun: {
  build(options: Record<string, unknown>): Promise<BuildResult>;
  resolveSync(name: string, from: string): string;
  Transpiler: new (options: { loader: "ts" }) => { transformSync(text: string): string };
};

const { values, positionals } = parseArgs({
  options: {
    target: { type: "string" },
    bindings: { type: "string" },
    out: { type: "string" },
    base: { type: "string" },
  },
  allowPositionals: true,
});
const { target, bindings, out, base } = values;
if (target === undefined || bindings === undefined || out === undefined || positionals.length === 0) {
  throw new Error("build.ts: --target, --bindings, --out and an entry are needed");
}
const root = path.resolve(import.meta.dirname!, "..");
const result = await Bun.build({
  entrypoints: positionals.map((file) => path.resolve(root, file)),
  root,
  target: "bun",
  format: "esm",
  // What the program and its workers share stands in the binary once.
  splitting: true,
  // Workers under their own file names: see entry_points.ts.
  naming: { entry: "[name].[ext]" },
  minify: { whitespace: true, syntax: true, identifiers: false },
  // For stacks that name our files and lines.
  sourcemap: "inline",
  bytecode: base === undefined,
  plugins: [
    packedFilesPlugin(),
    duckdbPlugin(bindings, root),
    packedTextPlugin(root),
    presetPlugin(),
    wasmFilePlugin(),
    pagePlugin(root, {
      fileOf: (name) => Bun.resolveSync(name, root),
      withoutTypes: (text) => new Bun.Transpiler({ loader: "ts" }).transformSync(text),
    }),
  ],
  compile: {
    target: `bun-${target}`,
    outfile: out,
    ...(base === undefined ? {} : { executablePath: base }),
    // The binary reads no configuration of the folder that it is started in.
    autoloadDotenv: false,
    autoloadBunfig: false,
  },
});
if (!result.success) {
  for (const log of result.logs) console.error(log);
  process.exit(1);
}
