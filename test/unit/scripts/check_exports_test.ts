import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { exportFaults } from "../../../scripts/check_exports.ts";

function faultsOf(files: Record<string, string>): string[] {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "granary-tree-"));
  try {
    for (const [file, text] of Object.entries({ "cli/main.ts": "", ...files })) {
      fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
      fs.writeFileSync(path.join(root, file), text);
    }
    return exportFaults(root);
  } finally {
    fs.rmSync(root, { recursive: true });
  }
}

Deno.test("what is imported somewhere is in order, by name, by type, dynamically and through a re-export", () => {
  assert.deepEqual(
    faultsOf({
      "cli/main.ts": [
        'import { a, type B } from "../core/a.ts";',
        'const { c: d } = await import("../core/c.ts");',
        'export * from "../core/e.ts";',
        'let x: import("../core/g.ts").G;',
      ].join("\n"),
      "core/a.ts": "export const a = 1;\nexport interface B {}",
      "core/c.ts": "export async function c() {}",
      "core/e.ts": "export const f = 1;",
      "core/g.ts": "export type G = 1;",
    }),
    [],
  );
});

Deno.test("an export that nobody imports is a fault, and so is one that only tests take", () => {
  const user = 'import { used } from "../core/a.ts";';
  assert.deepEqual(
    faultsOf({
      "cli/main.ts": user,
      "core/a.ts": "export const used = 1;\nexport const unused = 2;\nexport function tested() {}",
      "test/unit/core/a_test.ts": 'import { tested } from "../../../core/a.ts";',
    }),
    ["core/a.ts: nothing imports unused", "core/a.ts: only tests use tested"],
  );
});

Deno.test("a file that only tests import is a fault, and so is one that nobody does", () => {
  assert.deepEqual(
    faultsOf({
      "core/a.ts": "export const a = 1;",
      "core/b.ts": "export const b = 1;",
      "test/unit/core/a_test.ts": 'import { a } from "../../../core/a.ts";',
    }),
    ["core/a.ts: only tests import it", "core/b.ts: nothing imports it"],
  );
});

Deno.test("the tree itself has no export without a user", () => {
  assert.deepEqual(exportFaults(path.resolve(import.meta.dirname!, "../../..")), []);
});
