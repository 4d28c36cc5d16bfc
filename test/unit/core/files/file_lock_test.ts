import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { withFileLock } from "../../../../core/files/file_lock.ts";
import { withFolder } from "../../catalog/sample.ts";

const lockOf = (file: string) => path.join(path.dirname(file), `.${path.basename(file)}.lock`);

Deno.test("work on one file goes one after the other, and leaves no lock", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "f");
    fs.writeFileSync(file, "0");
    let waited = 0;
    const add = () =>
      withFileLock(file, async () => {
        const before = Number(fs.readFileSync(file, "utf8"));
        await new Promise((done) => setTimeout(done, 5));
        fs.writeFileSync(file, String(before + 1));
      }, { pollMs: 2, onWait: () => waited += 1 });
    await Promise.all(Array.from({ length: 12 }, add));
    assert.equal(fs.readFileSync(file, "utf8"), "12");
    assert.ok(waited > 0);
    assert.deepEqual(fs.readdirSync(folder), ["f"]);
  });
});

Deno.test("a failure of the work frees the file", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "f");
    await assert.rejects(withFileLock(file, () => Promise.reject(new Error("no"))), /^Error: no$/);
    assert.equal(await withFileLock(file, () => Promise.resolve(1)), 1);
  });
});

Deno.test("the lock of a process that is gone, or of one elsewhere that stays still, is taken over", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "f");
    const dead = new Deno.Command(Deno.execPath(), { args: ["eval", ""] });
    const child = dead.spawn();
    await child.status;
    for (const holder of [{ host: os.hostname(), pid: child.pid }, { host: "elsewhere", pid: 1 }]) {
      fs.writeFileSync(lockOf(file), JSON.stringify(holder));
      assert.equal(await withFileLock(file, () => Promise.resolve(1), { pollMs: 5, deadAfterMs: 60 }), 1);
      assert.deepEqual(fs.readdirSync(folder), []);
    }
  });
});

Deno.test("the lock of one that goes on touching it is waited for, until a signal ends that", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "f");
    const lock = lockOf(file);
    fs.writeFileSync(lock, JSON.stringify({ host: "elsewhere", pid: 1 }));
    let touches = 0;
    const beat = setInterval(() => fs.utimesSync(lock, touches++, touches), 10);
    try {
      const signal = AbortSignal.timeout(300);
      const taking = withFileLock(file, () => Promise.resolve(1), { pollMs: 5, deadAfterMs: 60, signal });
      await assert.rejects(taking);
      assert.ok(fs.existsSync(lock));
    } finally {
      clearInterval(beat);
    }
  });
});
