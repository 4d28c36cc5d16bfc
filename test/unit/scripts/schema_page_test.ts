import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { schemaPage } from "../../../scripts/schema_page.ts";

Deno.test("the page of columns is the schema's own words", () => {
  const page = path.resolve(import.meta.dirname!, "../../../docs/catalog-schema.md");
  assert.equal(fs.readFileSync(page, "utf8"), schemaPage(), "run deno run -A scripts/schema_page.ts");
});
