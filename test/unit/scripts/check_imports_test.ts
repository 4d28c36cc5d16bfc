import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { importFaults } from "../../../scripts/check_imports.ts";

/** The faults of a tree made of these files. */
function faultsOf(files: Record<string, string>): string[] {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "granary-tree-"));
  try {
    for (const room of ["base", "catalog", "aggregate", "cli"]) fs.mkdirSync(path.join(root, room));
    for (const [file, text] of Object.entries(files)) {
      fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
      fs.writeFileSync(path.join(root, file), text);
    }
    return importFaults(root);
  } finally {
    fs.rmSync(root, { recursive: true });
  }
}

Deno.test("imports that run downward are in order", () => {
  assert.deepEqual(
    faultsOf({
      "base/a.ts": "",
      "catalog/access/b.ts": 'import { a } from "../../base/a.ts";',
      "aggregate/read/c.ts": 'import {\n  b,\n} from "../../catalog/access/b.ts";',
      "cli/d.ts": 'export * from "../aggregate/read/c.ts";\nconst x = await import("../base/a.ts");',
    }),
    [],
  );
});

Deno.test("an import upward or sideways is a fault, by whatever form", () => {
  assert.match(
    faultsOf({ "base/a.ts": 'import "../cli/b.ts";', "cli/b.ts": "" })[0]!,
    /base may use nothing/,
  );
  assert.equal(
    faultsOf({
      "catalog/cells/a.ts": 'import { x } from "../b.ts";\nawait import("../access/c.ts");',
      "catalog/b.ts": "",
      "catalog/access/c.ts": "",
    }).length,
    2,
  );
  assert.equal(
    faultsOf({ "aggregate/read/a.ts": 'export { x } from "../engine/b.ts";', "aggregate/engine/b.ts": "" })
      .length,
    1,
  );
});

Deno.test("the types of a contract may be named from below, its values may not", () => {
  const contract = { "catalog/granule.ts": "export const a = 1;" };
  const named = 'import type { A } from "../granule.ts";', used = 'import { a } from "../granule.ts";';
  assert.deepEqual(faultsOf({ ...contract, "catalog/access/x.ts": named }), []);
  assert.equal(faultsOf({ ...contract, "catalog/access/x.ts": used }).length, 1);
});

Deno.test("modules that import each other in a ring are a fault, types aside", () => {
  const ring = (last: string) => ({
    "base/a.ts": 'import "./b.ts";',
    "base/b.ts": 'import "./c.ts";',
    "base/c.ts": last,
  });
  assert.match(
    faultsOf(ring('import { x } from "./a.ts";'))[0]!,
    /a\.ts -> base\/b\.ts -> base\/c\.ts -> base\/a\.ts/,
  );
  assert.deepEqual(faultsOf(ring('import type { X } from "./a.ts";')), []);
});

Deno.test("the calls of one runtime are a fault, words in comments and strings are not", () => {
  assert.equal(faultsOf({ "base/a.ts": 'const t = Deno.readTextFileSync("x");' }).length, 1);
  assert.equal(faultsOf({ "base/a.ts": "const f = Bun.file;" }).length, 1);
  assert.deepEqual(faultsOf({ "base/a.ts": '// Deno.open\n/* Bun.file */ const s = "see Deno.open";' }), []);
});

Deno.test("a remote import is a fault", () => {
  assert.equal(faultsOf({ "base/a.ts": 'import x from "jsr:@std/path";' }).length, 1);
  assert.equal(faultsOf({ "base/a.ts": 'import x from "https://example.org/x.ts";' }).length, 1);
});
