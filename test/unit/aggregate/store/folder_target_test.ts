import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { folderTarget } from "../../../../aggregate/store/folder_target.ts";

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-target-"));
  try {
    await body(folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("a folder gives back what was put, lists it in order and forgets what was deleted", () =>
  inFolder(async (folder) => {
    const target = folderTarget(path.join(folder, "new.zarr"));
    assert.deepEqual(await target.list(""), []);
    await target.put("12/h/c/10", bytes("ten"));
    await target.put("12/h/c/2", bytes("two"));
    await target.put("zarr.json", bytes("{}"));
    assert.deepEqual(await target.get("12/h/c/2"), bytes("two"));
    assert.deepEqual(await target.list(""), ["12/h/c/10", "12/h/c/2", "zarr.json"]);
    assert.deepEqual(await target.list("12/h/c/1"), ["12/h/c/10"]);
    assert.deepEqual(await target.list("13/"), []);
    await target.delete("12/h/c/2");
    await target.delete("12/h/c/2");
    assert.equal(await target.get("12/h/c/2"), undefined);
    assert.equal(await target.get("zarr.json/under"), undefined);
  }));

Deno.test("a temporary file that a killed run left is no object", () =>
  inFolder(async (folder) => {
    fs.writeFileSync(path.join(folder, ".3.abc-1-1.tmp"), "half");
    assert.deepEqual(await folderTarget(folder).list(""), []);
  }));

Deno.test("a key cannot leave the folder", () =>
  inFolder(async (folder) => {
    const target = folderTarget(path.join(folder, "store"));
    for (const key of ["../out", "a/../../out", "/out", "", "a//b"]) {
      await assert.rejects(async () => await target.put(key, bytes("x")), /is not a key/);
    }
    assert.deepEqual(fs.readdirSync(folder), []);
  }));

Deno.test("a store where a file is in the way is refused with the path", () =>
  inFolder(async (folder) => {
    fs.writeFileSync(path.join(folder, "file"), "");
    const target = folderTarget(path.join(folder, "file"));
    await assert.rejects(async () => await target.put("a/b", bytes("x")), /file.*cannot write/);
  }));
