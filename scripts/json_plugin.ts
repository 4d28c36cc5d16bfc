/**
 * A Bun build plugin: big JSON packages become one string, parsed when first used. As object literals
 * they would be compiled to bytecode ten times their size.
 */
import fs from "node:fs";

interface PluginBuilder {
  onLoad(
    options: { filter: RegExp },
    callback: (args: { path: string }) => { contents: string; loader: "js" },
  ): unknown;
}

/** @param filter which files, by their paths */
export function jsonTextPlugin(filter: RegExp) {
  return {
    name: "json-text",
    setup(build: PluginBuilder) {
      build.onLoad({ filter }, ({ path }) => {
        const compact = JSON.stringify(JSON.parse(fs.readFileSync(path, "utf8")));
        return { contents: `export default JSON.parse(${JSON.stringify(compact)});`, loader: "js" };
      });
    },
  };
}
