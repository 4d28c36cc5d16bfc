import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { importFaults } from "../../../scripts/check_imports.ts";

/** The faults of a tree made of these files. */
function faultsOf(files: Record<string, string>): string[] {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "granary-tree-"));
  try {
    for (const room of ["core", "catalog", "aggregate", "cli"]) fs.mkdirSync(path.join(root, room));
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
      "core/a.ts": "",
      "core/access/b.ts": 'import { a } from "../a.ts";',
      "aggregate/engine/c.ts": 'import {\n  b,\n} from "../../core/access/b.ts";',
      "cli/d.ts": 'export * from "../aggregate/engine/c.ts";\nconst x = await import("../core/a.ts");',
    }),
    [],
  );
});

Deno.test("an import upward or sideways is a fault, by whatever form", () => {
  assert.match(
    faultsOf({ "core/a.ts": 'import "../cli/b.ts";', "cli/b.ts": "" })[0],
    /core may use nothing/,
  );
  assert.equal(
    faultsOf({
      "core/cells/a.ts": 'import { x } from "../../catalog/b.ts";\nawait import("../access/c.ts");',
      "catalog/b.ts": "",
      "core/access/c.ts": "",
    }).length,
    2,
  );
  assert.equal(
    faultsOf({ "serve/a.ts": 'export { x } from "../aggregate/b.ts";', "aggregate/b.ts": "" }).length,
    1,
  );
});

Deno.test("modules that import each other in a ring are a fault, types too", () => {
  const ring = (last: string) => ({
    "core/a.ts": 'import "./b.ts";',
    "core/b.ts": 'import "./c.ts";',
    "core/c.ts": last,
  });
  assert.match(
    faultsOf(ring('import { x } from "./a.ts";'))[0],
    /a\.ts -> core\/b\.ts -> core\/c\.ts -> core\/a\.ts/,
  );
  assert.equal(faultsOf(ring('import type { X } from "./a.ts";')).length, 1);
});

Deno.test("folders that import each other are a fault, by the files that do it", () => {
  const faults = faultsOf({
    "aggregate/run/a.ts": 'import type { B } from "../engine/b.ts";',
    "aggregate/engine/b.ts": "",
    "aggregate/engine/c.ts": 'import "../run/d.ts";',
    "aggregate/run/d.ts": "",
  });
  assert.equal(faults.length, 2);
  assert.match(faults[0], /engine\/c\.ts: imports aggregate\/run\/d\.ts; aggregate\/engine may use/);
  assert.match(faults[1], /folders in a circle: .*c\.ts -> aggregate\/run\/d\.ts/);
});

Deno.test("a folder without a rule is a fault", () => {
  assert.match(faultsOf({ "core/newcomer/a.ts": "" })[0], /folder has no rule/);
});

Deno.test("the tree itself is in order", () => {
  assert.deepEqual(importFaults(path.resolve(import.meta.dirname!, "../../..")), []);
});

Deno.test("the calls of one runtime are a fault, words in comments and strings are not", () => {
  assert.equal(faultsOf({ "core/a.ts": 'const t = Deno.readTextFileSync("x");' }).length, 1);
  assert.equal(faultsOf({ "core/a.ts": "const f = Bun.file;" }).length, 1);
  assert.deepEqual(faultsOf({ "core/a.ts": '// Deno.open\n/* Bun.file */ const s = "see Deno.open";' }), []);
});

Deno.test("a remote import is a fault", () => {
  assert.equal(faultsOf({ "core/a.ts": 'import x from "jsr:@std/path";' }).length, 1);
  assert.equal(faultsOf({ "core/a.ts": 'import x from "https://example.org/x.ts";' }).length, 1);
});
