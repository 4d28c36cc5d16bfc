import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { SourceOpener } from "../../../../core/access/open.ts";
import { openTarget } from "../../../../core/access/targets.ts";
import type { ObjectTarget } from "../../../../core/access/object_target.ts";

function withTarget(run: (target: ObjectTarget, folder: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-target-"));
    try {
      await run(
        openTarget(path.join(folder, "store.zarr"), new SourceOpener({ env: {} })),
        path.join(folder, "store.zarr"),
      );
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  };
}

Deno.test(
  "objects of a folder are put, replaced, read, listed and deleted",
  withTarget(async (target, folder) => {
    assert.deepEqual(await target.list(""), []);
    assert.equal(await target.get("a/b"), undefined);
    await target.put("a/b", new Uint8Array([1, 2, 3]));
    await target.put("a/b", new Uint8Array([4, 5]));
    await target.put("a-b", new Uint8Array(0));
    await target.put("a/c/d", new Uint8Array([9]));
    fs.writeFileSync(path.join(folder, "a", ".b.left-over.tmp"), "x");
    assert.deepEqual(await target.get("a/b"), new Uint8Array([4, 5]));
    assert.deepEqual(await target.list(""), ["a-b", "a/b", "a/c/d"]);
    assert.deepEqual(await target.list("a/"), ["a/b", "a/c/d"]);
    assert.deepEqual(await target.list("a/c"), ["a/c/d"]);
    const source = await target.open("a/b");
    assert.deepEqual(await source.read(1, 1), new Uint8Array([5]));
    await source.close();
    await target.delete("a/b");
    await target.delete("a/b");
    assert.equal(await target.get("a/b"), undefined);
  }),
);

Deno.test(
  "an object is put only where there is none, and nothing is left over",
  withTarget(async (target, folder) => {
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, i) => target.putNew("lease.1", new Uint8Array([i]))),
    );
    assert.equal(results.filter((won) => won).length, 1);
    assert.deepEqual(await target.get("lease.1"), new Uint8Array([results.indexOf(true)]));
    assert.deepEqual(fs.readdirSync(folder), ["lease.1"]);
  }),
);

Deno.test(
  "keys that leave the target are refused, and web addresses are no targets",
  withTarget(async (target) => {
    for (const key of ["", "/a", "a/", "a//b", "../a", "a/../b", "a/./b", "a\\b", "a\0"]) {
      await assert.rejects(target.put(key, new Uint8Array(1)), /cannot be the name of an object/, key);
    }
    assert.throws(() => openTarget("https://host/x", new SourceOpener({ env: {} })), /cannot be written to/);
  }),
);

async function* chunksOf(...lengths: number[]): AsyncIterable<Uint8Array> {
  const chunk = new Uint8Array(64);
  for (const [i, length] of lengths.entries()) yield chunk.fill(i).subarray(0, length);
}

Deno.test(
  "an object comes in chunks, whole or not at all, and replaces another only where it may",
  withTarget(async (target, folder) => {
    const place = { replace: false };
    assert.equal(await target.putChunks("a/x", 5, chunksOf(3, 2), place), true);
    assert.deepEqual(await target.get("a/x"), new Uint8Array([0, 0, 0, 1, 1]));
    assert.equal(await target.putChunks("a/x", 1, chunksOf(1), place), false);
    assert.deepEqual(await target.get("a/x"), new Uint8Array([0, 0, 0, 1, 1]));
    assert.equal(await target.putChunks("a/x", 1, chunksOf(1), { replace: true }), true);
    assert.deepEqual(await target.get("a/x"), new Uint8Array([0]));
    await assert.rejects(
      target.putChunks("a/y", 9, chunksOf(3, 2), place),
      /hold 5 bytes, and 9 were announced/,
    );
    assert.deepEqual(fs.readdirSync(path.join(folder, "a")), ["x"]);
  }),
);
