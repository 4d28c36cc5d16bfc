import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { importFaults } from "../../../scripts/check_imports.ts";

/** The faults of a tree made of these files. */
function faultsOf(files: Record<string, string>): string[] {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "granary-tree-"));
  try {
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
      "aggregate/plan/c.ts": 'import {\n  b,\n} from "../../core/access/b.ts";',
      "cli/d.ts": 'export * from "../aggregate/plan/c.ts";\nconst x = await import("../core/a.ts");',
    }),
    [],
  );
});

Deno.test("an import upward or sideways is a fault, by whatever form", () => {
  assert.match(
    faultsOf({ "core/a.ts": 'import "../cli/b.ts";', "cli/b.ts": "" })[0],
    /core may use core\/kernels/,
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

Deno.test("modules that import each other in a ring are a fault, types included", () => {
  const ring = (last: string) => ({
    "core/a.ts": 'import "./b.ts";',
    "core/b.ts": 'import "./c.ts";',
    "core/c.ts": last,
  });
  const named = /a\.ts -> core\/b\.ts -> core\/c\.ts -> core\/a\.ts/;
  assert.match(faultsOf(ring('import { x } from "./a.ts";'))[0], named);
  assert.match(faultsOf(ring('import type { X } from "./a.ts";'))[0], named);
  assert.deepEqual(faultsOf(ring("")), []);
});

Deno.test("folders that import each other are a fault though no file does", () => {
  const faults = faultsOf({
    "aggregate/plan/a.ts": 'import "../store/b.ts";',
    "aggregate/plan/other.ts": "",
    "aggregate/store/b.ts": "",
    "aggregate/store/c.ts": 'import "../plan/other.ts";',
  });
  assert.ok(faults.includes(
    "aggregate/plan: imports itself: aggregate/plan -> aggregate/store -> aggregate/plan",
  ));
});

Deno.test("a room's contract and its entry may lie beside the sub-rooms that they serve", () => {
  assert.deepEqual(
    faultsOf({
      "aggregate/contract.ts": "",
      "aggregate/entry.ts": 'import "./plan/a.ts";',
      "aggregate/plan/a.ts": 'import "../contract.ts";',
    }),
    [],
  );
});

Deno.test("a folder that no rule names is a fault", () => {
  assert.match(faultsOf({ "core/newroom/a.ts": "" })[0], /the room core\/newroom has no line/);
});

/** A program of one file beside `files`. */
const program = (text: string, files: Record<string, string>) =>
  faultsOf({ "cli/main.ts": text, "mod.ts": "", ...files }).filter((fault) => /export|tests/.test(fault));

Deno.test("an export that no module imports is a fault, by file and line", () => {
  assert.deepEqual(
    program('import { a } from "../core/a.ts";\na();', {
      "core/a.ts": "/** For all. */\nexport function a() {\n  return b;\n}\nexport const b = 1;\n",
    }),
    ["core/a.ts:5: b is exported, and no module imports it"],
  );
});

Deno.test("what a test alone imports is dead unless the program uses it", () => {
  const files = {
    "core/a.ts":
      "export function a() {\n  return b;\n}\nexport const b = 1;\nexport function c() {\n  return d;\n}\nconst d = 2;\n",
    "test/a_test.ts": 'import { a, b, c } from "../core/a.ts";',
  };
  assert.deepEqual(program('import { a } from "../core/a.ts";\na();', files), [
    "core/a.ts:5: c (3 lines) is reached from nothing but tests",
    "core/a.ts:8: d (1 lines) is reached from nothing but tests",
  ]);
});

Deno.test("names are followed through renaming, re-export, types, awaited imports and workers", () => {
  const files = {
    "core/a.ts": "export const a = 1;\nexport interface A {\n  x: B;\n}\nexport type B = number;\n",
    "core/b.ts": 'export { a as renamed } from "./a.ts";\n',
    "core/c.ts": "export function late() {\n  return 1;\n}\n",
    "core/d.ts": "export const whole = 1;\n",
    "core/e.ts": 'export function start() {\n  return new URL("./work.ts", import.meta.url);\n}\n',
    "core/work.ts": 'import { used } from "./f.ts";\nused();\n',
    "core/f.ts": "export const used = () => 1;\n",
    "core/types.ts": 'import type { B } from "./a.ts";\nexport type C = B;\n',
  };
  const main = `
import { renamed } from "../core/b.ts";
import * as d from "../core/d.ts";
import { start } from "../core/e.ts";
import type { A } from "../core/a.ts";
import type { C } from "../core/types.ts";
const { late } = await import("../core/c.ts");
export const all: A | C = [renamed, d, start, late];
`;
  assert.deepEqual(program(main, files), []);
  assert.deepEqual(program(main.replace(", late]", "]").replace(/const \{ late \}.*\n/, ""), files), [
    "core/c.ts:1: late (3 lines) is reached from nothing but tests",
  ]);
});

Deno.test("comment marks in patterns and words in strings mislead no one", () => {
  assert.deepEqual(
    program('import { a } from "../core/a.ts";\na("b");', {
      "core/a.ts":
        'export function a(text: string) {\n  return text.replace(/\\/*$/, "/") + `${c} /*`;\n}\nconst c = 1;\nconst b = "c";\n',
    }),
    ["core/a.ts:5: b (1 lines) is reached from nothing but tests"],
  );
});

Deno.test("this tree is in order", () => {
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
