/**
 * The one place that loads parquet-wasm. Its esm build is started from bytes, which works in Deno, in
 * Bun and inside the compiled binary: Bun's bundler sees the import with `type: "file"` and embeds the
 * wasm file; Deno, which has no such import, reads it from where the package lies.
 */
import fs from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

export type ParquetWasm = typeof import("parquet-wasm/esm");

let loaded: Promise<ParquetWasm> | undefined;

/** parquet-wasm, started once and only when something is written. */
export function loadParquetWasm(): Promise<ParquetWasm> {
  loaded ??= start();
  return loaded;
}

async function start(): Promise<ParquetWasm> {
  const library = await import("parquet-wasm/esm");
  library.initSync({ module: fs.readFileSync(await wasmFile()) });
  return library;
}

async function wasmFile(): Promise<string> {
  if (process.versions.bun === undefined) {
    return fileURLToPath(import.meta.resolve("parquet-wasm/esm/parquet_wasm_bg.wasm"));
  }
  const module: unknown = await import("parquet-wasm/esm/parquet_wasm_bg.wasm", { with: { type: "file" } });
  return (module as { default: string }).default;
}
