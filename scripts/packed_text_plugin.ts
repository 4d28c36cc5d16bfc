/**
 * A Bun build plugin: the megabytes of text that packages hold, JSON and WebAssembly written as a string,
 * and the list of what the binary carries, become packed files that are read when first used. As literals they would stand in the binary three times:
 * as source, as bytecode and in the source map.
 */
import fs from "node:fs";
import { packedFile } from "./packed_files.ts";
import { thirdParty } from "./third_party.ts";

interface PluginBuilder {
  onLoad(
    options: { filter: RegExp },
    callback: (args: { path: string }) => { contents: string; loader: "js" },
  ): unknown;
}

/** What makes a literal worth a file of its own. */
const LONG = 500_000;

export function packedTextPlugin(root: string) {
  const pack = (text: string) => packedFile(root, new TextEncoder().encode(text));
  return {
    name: "packed-text",
    setup(build: PluginBuilder) {
      build.onLoad({ filter: /world-atlas\/[^/]+\.json$/ }, ({ path }) => {
        const compact = JSON.stringify(JSON.parse(fs.readFileSync(path, "utf8")));
        return {
          contents: withPackedTexts("export default JSON.parse(", [compact], [");"], pack),
          loader: "js",
        };
      });
      build.onLoad({ filter: /[\\/]cli[\\/]help[\\/]third_party\.ts$/ }, () => ({
        contents: withPackedTexts(
          "export const THIRD_PARTY = JSON.parse(",
          [JSON.stringify(thirdParty(root))],
          [");"],
          pack,
        ),
        loader: "js",
      }));
      build.onLoad({ filter: /h5wasm\/dist\/esm\/hdf5_util\.js$/ }, ({ path }) => {
        const { code, texts } = longLiterals(fs.readFileSync(path, "utf8"));
        if (texts.length === 0) throw new Error(`${path}: a string of ${LONG} characters was wanted in it`);
        return { contents: withPackedTexts(code[0], texts, code.slice(1), pack), loader: "js" };
      });
    },
  };
}

/** The long string literals of a module, as the texts that they mean, and the code around them. */
export function longLiterals(module: string): { code: string[]; texts: string[] } {
  const code: string[] = [];
  const texts: string[] = [];
  let from = 0;
  for (const [literal, start, end] of literals(module)) {
    if (end - start < LONG) continue;
    code.push(module.slice(from, start));
    // A literal of the package's own code, which the program would evaluate all the same.
    texts.push(new Function(`"use strict"; return ${literal()};`)() as string);
    from = end;
  }
  code.push(module.slice(from));
  return { code, texts };
}

/** Where strings in quotes begin and end that are long enough to look at; a scan of quotes, not a parser. */
function* literals(module: string): Generator<[() => string, number, number]> {
  const pattern = /(?<=[(=,:\s])(["'])(?=.{1000})/g;
  for (let match = pattern.exec(module); match !== null; match = pattern.exec(module)) {
    const start = match.index;
    let end = start + 1;
    while (end < module.length && module[end] !== match[1] && module[end] !== "\n") {
      end += module[end] === "\\" ? 2 : 1;
    }
    if (module[end] !== match[1] || end - start < LONG) continue;
    const stop = end + 1;
    yield [() => module.slice(start, stop), start, stop];
    pattern.lastIndex = stop;
  }
}

/** A module in which `texts` stand as packed files between pieces of code. */
function withPackedTexts(
  head: string,
  texts: readonly string[],
  tails: readonly string[],
  pack: (text: string) => string,
): string {
  const imports = texts.map((text, index) =>
    `import packed${index} from ${JSON.stringify(pack(text))} with { type: "file" };`
  );
  const body = texts.map((_, index) => `unpackedText(packed${index})${tails[index]}`);
  return [
    'import { readFileSync } from "node:fs";',
    'import { zstdDecompressSync } from "node:zlib";',
    ...imports,
    'const unpackedText = (file) => zstdDecompressSync(readFileSync(file)).toString("utf8");',
    `${head}${body.join("")}`,
  ].join("\n");
}
