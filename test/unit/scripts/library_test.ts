/** What the npm library is made of: imports as Node takes them, and the packages that are named. */
import assert from "node:assert/strict";
import { forNode, packagesIn } from "../../../scripts/library.ts";

Deno.test("workers are started by the names that they have in the package, and JSON says that it is JSON", () => {
  assert.equal(
    forNode('new Worker(new URL("./scan_worker.ts", import.meta.url))'),
    'new Worker(new URL("./scan_worker.js", import.meta.url))',
  );
  assert.equal(
    forNode('a;\nimport land from "world-atlas/land-110m.json";\n'),
    'a;\nimport land from "world-atlas/land-110m.json" with { type: "json" };\n',
  );
  const kept = 'const file = new URL("./a.ts", base); await import("./x.json", json);';
  assert.equal(forNode(kept), kept);
});

Deno.test("packages are those of statements, of calls and of files that are resolved, not of words", () => {
  const text = [
    'import { a } from "@scope/name/part";',
    'import "effect";',
    "export {",
    "  b,",
    '} from "other";',
    'import fs from "node:fs";',
    'import { c } from "./chunk.js";',
    'const d = await import("later/x.js");',
    'const e = import.meta.resolve("resolved/x.wasm");',
    'const f = wasmFile("wasm/x.wasm");',
    ' * import { g } from "comment";',
    'const text = `read from "nowhere"`;',
  ].join("\n");
  assert.deepEqual(packagesIn(text).sort(), ["@scope/name", "effect", "later", "other", "resolved", "wasm"]);
});
