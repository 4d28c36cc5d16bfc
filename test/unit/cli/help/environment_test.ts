import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { ENVIRONMENT } from "../../../../cli/help/environment.ts";
import { sourceFiles } from "../../../../scripts/source_files.ts";

const ROOT = path.resolve(import.meta.dirname!, "../../../..");

/** Read of every process, or set by a scheduler or a function's host for what runs there. */
const GIVEN = /^(HOME|SLURM_\w+|AWS_LAMBDA_\w+|AWS_CONTAINER_\w+|AWS_EC2_METADATA_SERVICE_ENDPOINT)$/;

Deno.test("every environment variable that the sources read stands in the help page", () => {
  const reported = ENVIRONMENT.flatMap(({ variables }) => Object.entries(variables).flat()).join(" ");
  const read = new Set<string>();
  for (const file of sourceFiles(ROOT)) {
    const text = fs.readFileSync(path.join(ROOT, file), "utf8");
    for (const [, name] of text.matchAll(/\benv\.([A-Z][A-Z0-9_]+)/g)) read.add(name);
    for (const [, list] of text.matchAll(/\{([^{}]*)\} = (?:this\.#options\.|context\.)?env\b/g)) {
      for (const [name] of list.matchAll(/[A-Z][A-Z0-9_]{2,}/g)) read.add(name);
    }
    for (const [, name] of text.matchAll(/"(GRANARY_[A-Z_0-9]+)"/g)) read.add(name);
  }
  assert.ok(read.size > 20, String([...read]));
  for (const name of read) {
    const short = name.replace(/^AWS_ENDPOINT_URL(?=_)/, "");
    assert.ok(
      GIVEN.test(name) || reported.includes(name) || reported.includes(short),
      `${name} is reported nowhere`,
    );
  }
});

Deno.test("the README names each, and the page each once", () => {
  const readme = fs.readFileSync(path.join(ROOT, "README.md"), "utf8");
  const names = ENVIRONMENT.flatMap(({ variables }) => Object.keys(variables));
  assert.deepEqual([...new Set(names)], names);
  for (const name of names) assert.ok(readme.includes(`\`${name}\``), name);
});
