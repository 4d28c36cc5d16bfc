import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { makeFileAtomic } from "../../../../core/files/atomic_path.ts";

Deno.test("a disk that fills while a file is made is named with the file, and nothing is left of it", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-atomic-"));
  const file = path.join(folder, "c.parquet");
  const failures: [error: Error, message: RegExp][] = [
    [
      Object.assign(new Error("write"), { code: "ENOSPC" }),
      /c\.parquet: cannot write \(ENOSPC\): no space left .*free some/,
    ],
    // DuckDB's words.
    [
      new Error('IO Error: Could not write file "/x/.c.tmp": No space left on device'),
      /c\.parquet: cannot write \(ENOSPC\)/,
    ],
    [
      new Error("IO Error: Could not write file: Disk quota exceeded"),
      /\(EDQUOT\): the disk quota is used up/,
    ],
    [new Error("no such column"), /^no such column$/],
  ];
  try {
    for (const [error, message] of failures) {
      const making = makeFileAtomic(file, (temporary) => {
        fs.writeFileSync(temporary, "half");
        return Promise.reject(error);
      });
      await assert.rejects(making, { message });
      assert.deepEqual(fs.readdirSync(folder), []);
    }
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
