/**
 * A Bun build plugin: WebAssembly files that modules name by `wasmFile("package/file.wasm")` are embedded in
 * the binary. (An import with `type: "file"` in the source itself would make Deno's type checker read the
 * file as text.)
 */
import fs from "node:fs";

interface PluginBuilder {
  onLoad(
    options: { filter: RegExp },
    callback: (args: { path: string }) => { contents: string; loader: "ts" },
  ): unknown;
}

export function wasmFilePlugin() {
  return {
    name: "wasm-file",
    setup(build: PluginBuilder) {
      build.onLoad({ filter: /[\\/]core[\\/].*[\\/]wasm_(?!file)\w+\.ts$/ }, ({ path }) => ({
        contents: withEmbeddedFiles(fs.readFileSync(path, "utf8")),
        loader: "ts",
      }));
    },
  };
}

/** The module's text with an import for every file that it names. */
export function withEmbeddedFiles(text: string): string {
  const imports: string[] = [];
  const body = text.replace(/\bwasmFile\((\s*)("[^"]+\.wasm")\s*,?\s*\)/g, (_call, _space, name) => {
    imports.push(`import embedded${imports.length} from ${name} with { type: "file" };`);
    return `embedded${imports.length - 1}`;
  });
  return [...imports, body].join("\n");
}
