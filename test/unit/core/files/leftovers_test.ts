import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { writeFileAtomic } from "../../../../core/files/atomic.ts";
import { makeScratchFolder, sweepLeftovers } from "../../../../core/files/leftovers.ts";

const LEAVER = `
import fs from "node:fs";
import { temporaryName } from "${new URL("../../../../core/files/atomic.ts", import.meta.url)}";
import { makeScratchFolder } from "${new URL("../../../../core/files/leftovers.ts", import.meta.url)}";
for (const folder of Deno.args) {
  fs.writeFileSync(temporaryName(folder + "/c.parquet"), "half");
  fs.writeFileSync(makeScratchFolder("duckdb", folder) + "/spill", "much");
}
console.log("made");
setInterval(() => {}, 1000);
`;

async function inFolders(use: (living: string, dead: string) => Promise<void>): Promise<void> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "leftovers-"));
  const folders = ["living", "dead"].map((name) => path.join(root, name));
  try {
    for (const folder of folders) fs.mkdirSync(folder);
    await use(folders[0], folders[1]);
  } finally {
    fs.rmSync(root, { recursive: true });
  }
}

Deno.test("what a killed process left is removed, and nothing of one that lives", () =>
  inFolders(async (living, dead) => {
    const script = path.join(living, "..", "leave.ts");
    fs.writeFileSync(script, LEAVER);
    const child = spawn(Deno.execPath(), ["run", "-A", "--no-check", script, living, dead]);
    const ended = once(child, "exit");
    try {
      await once(child.stdout, "data");
      assert.equal(fs.readdirSync(living).length, 2);
      sweepLeftovers(living);
      assert.equal(fs.readdirSync(living).length, 2);
    } finally {
      child.kill("SIGKILL");
      await ended;
    }
    fs.writeFileSync(path.join(dead, ".mine.tmp"), "a user's");
    fs.mkdirSync(path.join(dead, "granary-duckdb-mine"));
    writeFileAtomic(path.join(dead, "c.parquet"), "whole");
    assert.deepEqual(fs.readdirSync(dead).sort(), [".mine.tmp", "c.parquet", "granary-duckdb-mine"]);
  }));

Deno.test("of machines that cannot be asked, files go that nobody wrote to for a week, and no folders", () =>
  inFolders((folder) => {
    const eightDaysAgo = Date.now() / 1000 - 8 * 24 * 3600;
    const names = [".a.parquet.0123abcd-9-9-0-1.tmp", ".b.parquet.0123abcd-9-9-0-2.tmp"];
    for (const name of names) fs.writeFileSync(path.join(folder, name), "");
    const old = path.join(folder, "granary-duckdb-0123abcd-9-9-AbCdEf");
    fs.mkdirSync(old);
    for (const place of [path.join(folder, names[0]), old]) fs.utimesSync(place, eightDaysAgo, eightDaysAgo);
    const own = makeScratchFolder("duckdb", folder);
    assert.deepEqual(
      fs.readdirSync(folder).sort(),
      [names[1], path.basename(old), path.basename(own)].sort(),
    );
    return Promise.resolve();
  }));
