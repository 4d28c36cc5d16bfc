/**
 * A Bun build plugin: `@duckdb/node-bindings` becomes a module that holds the target's two native
 * files, packed, and unpacks them when DuckDB is first used. The package's own switch names every platform, and
 * a bundler stops at those that are not installed; here only the target's binding is imported.
 * And what the package asks of time zones as it loads, which takes the runtime 10 ms, it asks when it has a use for it.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { packedFile } from "./packed_files.ts";

interface PluginBuilder {
  onResolve(
    options: { filter: RegExp; namespace?: string },
    callback: (args: { path: string }) => { path: string; namespace: string },
  ): unknown;
  onLoad(
    options: { filter: RegExp; namespace?: string },
    callback: (args: { path: string }) => { contents: string; loader: "ts" | "js" },
  ): unknown;
}

const NAMESPACE = "granary-duckdb";
const ADDON = "duckdb.node";

/** @param bindings the folder of the target's `@duckdb/node-bindings-…` package */
export function duckdbPlugin(bindings: string, root: string) {
  return {
    name: "duckdb-bindings",
    setup(build: PluginBuilder) {
      build.onResolve({ filter: /^@duckdb\/node-bindings$/ }, () => ({
        path: "bindings",
        namespace: NAMESPACE,
      }));
      build.onLoad({ filter: /.*/, namespace: NAMESPACE }, () => ({
        contents: bindingsModule(bindings, root),
        loader: "ts",
      }));
      build.onLoad({ filter: /@duckdb[\\/]node-api[\\/].*[\\/]DuckDBTimestampTZValue\.js$/ }, ({ path }) => ({
        contents: withLateOffset(fs.readFileSync(path, "utf8")),
        loader: "js",
      }));
    },
  };
}

/** A module whose class has the offset of the local time worked out as it loads, with the same worked out when it is read. */
export function withLateOffset(module: string): string {
  const late = module.replace(
    /static (timezoneOffsetInMinutes) = ([^;]+);/,
    "static get $1() { return $2; }",
  );
  if (late === module) throw new Error("DuckDBTimestampTZValue.js: timezoneOffsetInMinutes was wanted in it");
  return late;
}

function bindingsModule(bindings: string, root: string): string {
  const names = fs.readdirSync(bindings).filter((name) => /^libduckdb\.(so|dylib)$/.test(name));
  if (names.length !== 1 || !fs.existsSync(path.join(bindings, ADDON))) {
    throw new Error(`${bindings}: wanted libduckdb.so or libduckdb.dylib and ${ADDON} in it`);
  }
  // The library first: by the time the addon is there, what it loads is there too.
  names.push(ADDON);
  const lines = [
    `import { loadNativeAddon } from ${JSON.stringify(path.join(root, "core/files/native.ts"))};`,
  ];
  const files = names.map((name, index) => {
    const file = path.join(bindings, name);
    const bytes = fs.readFileSync(file);
    const packed = packedFile(root, bytes);
    lines.push(`import file${index} from ${JSON.stringify(packed)} with { type: "file" };`);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    return `{ name: ${
      JSON.stringify(name)
    }, source: file${index}, sizeBytes: ${bytes.length}, sha256: "${sha256}" }`;
  });
  lines.push(`export default loadNativeAddon([${files.join(", ")}], ${JSON.stringify(ADDON)});`);
  return lines.join("\n");
}
