import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { withEmbeddedFiles } from "../../../scripts/wasm_plugin.ts";

Deno.test("a WebAssembly file that a module names is imported as a file in its place", () => {
  assert.equal(
    withEmbeddedFiles('const file = wasmFile(\n  "a/b.wasm",\n);\nuse(file, wasmFile("c.wasm"));\n'),
    'import embedded0 from "a/b.wasm" with { type: "file" };\n' +
      'import embedded1 from "c.wasm" with { type: "file" };\n' +
      "const file = embedded0;\nuse(file, embedded1);\n",
  );
});

Deno.test("modules that name WebAssembly files have names that the build looks for", () => {
  const core = path.resolve(import.meta.dirname!, "../../../core");
  const users = fs.readdirSync(core, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .filter((file) => /\bwasmFile\(\s*"/.test(fs.readFileSync(path.join(core, file), "utf8")));
  assert.ok(users.length > 0);
  for (const file of users) assert.match(path.basename(file), /^wasm_(?!file)/);
});
