/**
 * Files as the binary carries them: packed by zstd, made once for each content and kept in the build's cache
 * folder. Level 9 is where a libduckdb takes three seconds; the levels above win a percent for a minute.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import zlib from "node:zlib";

const LEVEL = 9;

interface PluginBuilder {
  onResolve(options: { filter: RegExp }, callback: (args: { path: string }) => { path: string }): unknown;
}

/** A Bun build plugin: Bun's own resolver does not see files that appeared after it looked at a folder. */
export function packedFilesPlugin() {
  return {
    name: "packed-files",
    setup(build: PluginBuilder) {
      build.onResolve({ filter: /\/granary-build\/[^/]+\.zst$/ }, ({ path }) => ({ path }));
    },
  };
}

/** The path of a file that holds `bytes`, packed. */
export function packedFile(root: string, bytes: Uint8Array): string {
  const folder = path.join(root, "node_modules", ".cache", "granary-build");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const file = path.join(folder, `${sha256}-${LEVEL}.zst`);
  if (fs.existsSync(file)) return file;
  fs.mkdirSync(folder, { recursive: true });
  const temporary = `${file}.${process.pid}`;
  const params = { [zlib.constants.ZSTD_c_compressionLevel]: LEVEL };
  fs.writeFileSync(temporary, zlib.zstdCompressSync(bytes, { params }));
  fs.renameSync(temporary, file);
  return file;
}
