import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

const root = path.resolve(import.meta.dirname!, "../../..");
const text = (file: string) => fs.readFileSync(path.join(root, file), "utf8");

Deno.test("every place that names the version names that of deno.json", () => {
  const { version } = JSON.parse(text("deno.json"));
  assert.equal(/^version = "(.*)"$/m.exec(text("python/pyproject.toml"))?.[1], version);
  assert.equal(/^version: "?([^"\n]*)"?$/m.exec(text("CITATION.cff"))?.[1], version);
});
