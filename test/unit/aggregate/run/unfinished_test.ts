import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { RunDirectory } from "../../../../aggregate/run/run_directory.ts";
import { GranaryError } from "../../../../core/errors.ts";

Deno.test("saved work of an unfinished run is never thrown away unasked", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-unfinished-"));
  try {
    const directory = RunDirectory.in(folder);
    await directory.refuseUnfinished(); // nothing is there
    await directory.target.put("scatter/0001.json", new TextEncoder().encode("{}"));
    await assert.rejects(
      directory.refuseUnfinished(),
      (error) => error instanceof GranaryError && error.tag === "input" && /--resume/.test(error.message),
    );
    await directory.target.put("report.json", new TextEncoder().encode("{}"));
    await directory.refuseUnfinished(); // a run that ended keeps runs files for healing only
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
