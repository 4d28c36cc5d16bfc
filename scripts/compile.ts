/**
 * Compiles `dist/granary`, or one binary for every platform named.
 *
 *   deno task compile [--target linux-x64|linux-arm64|darwin-arm64|all]… [--out FILE]
 */
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { compileTarget } from "./compile_target.ts";
import { hostTarget, TARGETS } from "./targets.ts";

const root = path.resolve(import.meta.dirname!, "..");
const { values } = parseArgs({
  options: { target: { type: "string", multiple: true }, out: { type: "string" } },
});
const host = hostTarget();
const wanted = (values.target ?? [host]).flatMap((name) => name === "all" ? [...TARGETS] : [name]);
if (values.out !== undefined && wanted.length > 1) throw new Error("--out names one file: give one --target");

for (const target of wanted) {
  const name = values.target === undefined ? "granary" : `granary-${target}`;
  const started = Date.now();
  const outfile = compileTarget(root, target, path.resolve(values.out ?? path.join(root, "dist", name)));
  const megabytes = (fs.statSync(outfile).size / 1e6).toFixed(0);
  const shown = path.relative(process.cwd(), outfile);
  console.log(`${shown}: ${target}, ${megabytes} MB, in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}
