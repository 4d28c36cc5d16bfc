/**
 * A Bun build plugin: the files that the map page names by `packageText("…")` and `pageText("./…")` are
 * embedded in the binary, packed; TypeScript without its types.
 */
import fs from "node:fs";
import path from "node:path";
import { packedFile } from "./packed_files.ts";

interface PluginBuilder {
  onLoad(
    options: { filter: RegExp },
    callback: (args: { path: string }) => { contents: string; loader: "ts" },
  ): unknown;
}

interface PageTools {
  /** Where a package's file lies. */
  fileOf(name: string): string;
  /** A script of TypeScript as browsers take it. */
  withoutTypes(text: string): string;
}

export function pagePlugin(root: string, { fileOf, withoutTypes }: PageTools) {
  return {
    name: "page-files",
    setup(build: PluginBuilder) {
      build.onLoad({ filter: /[\\/]serve[\\/]page[\\/]page_files\.ts$/ }, ({ path: module }) => ({
        contents: withEmbeddedTexts(fs.readFileSync(module, "utf8"), (call, name) => {
          const file = call === "packageText" ? fileOf(name) : path.resolve(path.dirname(module), name);
          const text = fs.readFileSync(file, "utf8");
          return packedFile(root, new TextEncoder().encode(file.endsWith(".ts") ? withoutTypes(text) : text));
        }),
        loader: "ts",
      }));
    },
  };
}

/** The module's text with an import for every file that it names; `pack` gives the path of the packed one. */
export function withEmbeddedTexts(
  module: string,
  pack: (call: "packageText" | "pageText", name: string) => string,
): string {
  const imports: string[] = [];
  const body = module.replace(
    /\b(packageText|pageText)\("([^"]+)"\)/g,
    (_, call: "packageText" | "pageText", name: string) => {
      const file = JSON.stringify(pack(call, name));
      imports.push(`import packed${imports.length} from ${file} with { type: "file" };`);
      return `unpackedText(packed${imports.length - 1})`;
    },
  );
  return [
    'import { readFileSync } from "node:fs";',
    'import { zstdDecompressSync } from "node:zlib";',
    ...imports,
    'const unpackedText = (file: string) => zstdDecompressSync(readFileSync(file)).toString("utf8");',
    body,
  ].join("\n");
}
