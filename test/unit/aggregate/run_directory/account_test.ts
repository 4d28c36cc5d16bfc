import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { ACCOUNT_KEY, readingSoFar } from "../../../../aggregate/run_directory/account.ts";
import { RunDirectory } from "../../../../aggregate/run_directory/run_directory.ts";

Deno.test("an account that was damaged is named, with what to do", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-account-"));
  try {
    const directory = RunDirectory.in(folder, folder);
    const none = { scatter: [], lost: [] };
    assert.equal((await readingSoFar(directory, none)).granules, 0);
    for (const text of ["", "{", '{"crc32":"00000000","granules":1}']) {
      fs.writeFileSync(path.join(folder, ACCOUNT_KEY), text);
      await assert.rejects(readingSoFar(directory, none), (error: Error & { tag?: string }) => {
        assert.equal(error.tag, "io");
        assert.match(error.message, /account\.json: not a whole record: .*delete it and resume/);
        return true;
      });
    }
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
