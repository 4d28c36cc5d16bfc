import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { longLiterals } from "../../../scripts/packed_text_plugin.ts";

Deno.test("long strings are taken out of a module with what they mean, short ones and the code stay", () => {
  const meant = `it's "this"\\\n\u00ff\u0000 `.repeat(60_000);
  const module = `const a = "short"; use(${JSON.stringify(meant)}, 'x');\nconst b = "open`;
  const { code, texts } = longLiterals(module);
  assert.deepEqual(texts, [meant]);
  assert.deepEqual(code, ['const a = "short"; use(', `, 'x');\nconst b = "open`]);
});

Deno.test("the WebAssembly of h5wasm is one long string", () => {
  const file = path.resolve(import.meta.dirname!, "../../../node_modules/h5wasm/dist/esm/hdf5_util.js");
  const module = fs.readFileSync(file, "utf8");
  const { code, texts } = longLiterals(module);
  assert.equal(texts.length, 1);
  assert.ok(texts[0].length > 1e6 && code.join("").length < 500_000, `${code.join("").length}`);
  assert.match(code[0], /binaryDecode\($/);
});
