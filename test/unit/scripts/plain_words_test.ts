import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { wordFaults } from "../../../scripts/plain_words.ts";

function faultsOf(file: string, text: string): string[] {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "granary-words-"));
  try {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.writeFileSync(path.join(root, file), text);
    return wordFaults(root, [file]);
  } finally {
    fs.rmSync(root, { recursive: true });
  }
}

Deno.test("a word that has a plainer one is found in names of every spelling, in texts and in names of files", () => {
  const plain = "const missing = 1; // what a row lacks, told in a comment\n";
  assert.deepEqual(faultsOf("core/a.ts", plain), []);
  assert.deepEqual(faultsOf("core/a.ts", `${plain}const putPieces = 1;\n`), [
    'core/a.ts:2: says "pieces" (wanted tasks, chunks or parts)',
  ]);
  for (const line of ["const LANE_COUNT = 1;", "function untold() {}", 'throw new Error("it was told");']) {
    assert.equal(faultsOf("core/a.ts", line).length, 1, line);
  }
  assert.deepEqual(faultsOf("core/store_shelf.ts", ""), [
    'core/store_shelf.ts: its name says "shelf" (wanted a name for what it holds)',
  ]);
  for (const line of ["const plane = areas;", "const merged = amended;"]) {
    assert.deepEqual(faultsOf("core/a.ts", line), [], line);
  }
});
