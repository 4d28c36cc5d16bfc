import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import * as zarr from "zarrita";
import type { StoreSpec } from "../../../../core/store/contract.ts";
import { FolderTarget } from "../../../../core/access/folder_target.ts";
import { levelLayout } from "../../../../core/store/layout.ts";
import { storeMetadata } from "../../../../core/store/metadata.ts";
import { encodeCoarseLevel, ShardWriter } from "../../../../core/store/writer.ts";
import { encodeLevelShard, fixtureIds, fixtureSpec, writeFixture } from "../../../interop/store_fixture.ts";

/** A store in memory, read by zarrita alone, with its own codecs. */
function zarritaStore(objects: Map<string, Uint8Array>): zarr.AsyncReadable {
  return {
    get: (key) => Promise.resolve(objects.get(key.slice(1))),
    getRange: (key, range) => {
      const bytes = objects.get(key.slice(1));
      if ("suffixLength" in range) return Promise.resolve(bytes?.slice(-range.suffixLength));
      return Promise.resolve(bytes?.slice(range.offset, range.offset + range.length));
    },
  };
}

async function written(spec: StoreSpec): Promise<Map<string, Uint8Array>> {
  const objects = new Map<string, Uint8Array>();
  await writeFixture(spec, {
    put: (key, bytes) => Promise.resolve(void objects.set(key, bytes)),
  });
  return objects;
}

async function readAll(objects: Map<string, Uint8Array>, array: string): Promise<(number | bigint)[]> {
  const opened = await zarr.open.v3(zarr.root(zarritaStore(objects)).resolve(array), { kind: "array" });
  return Array.from((await zarr.get(opened)).data as Float64Array);
}

for (const layout of ["compact", "sphere"] as const) {
  Deno.test(`zarrita reads every value of a ${layout} store at its cell, and fill elsewhere`, async () => {
    const spec = fixtureSpec(layout);
    const objects = await written(spec);
    for (const order of spec.levels) {
      const ids = await readAll(objects, `${order}/cell_ids`);
      const best = await readAll(objects, `${order}/h_best`);
      const counts = await readAll(objects, `${order}/count`);
      const totals = await readAll(objects, `${order}/total`);
      const valued = new Set(fixtureIds(spec, order));
      let seen = 0;
      ids.forEach((bigId, i) => {
        const id = Number(bigId);
        const has = valued.has(id);
        if (has) seen += 1;
        assert.equal(best[i], has ? id / 3 : -9999);
        assert.equal(counts[i], has ? 1 + (id % 50) : 0);
        assert.equal(totals[i], has ? bigId : 7n);
        if (layout === "sphere" && id !== 12 * 4 ** order) assert.equal(id, i);
      });
      assert.equal(seen, valued.size);
    }
  });
}

Deno.test("cell ids of a compact store are all the descendants of its parents, ascending", async () => {
  const spec = fixtureSpec("compact");
  const ids = await readAll(await written(spec), "9/cell_ids");
  const expected = spec.parents.flatMap((parent) =>
    Array.from({ length: 1024 }, (_, i) => parent * 1024 + i)
  );
  assert.deepEqual(ids.map(Number), expected);
});

Deno.test("a variable without values in a shard has no object there, its coordinate has", () => {
  const spec = fixtureSpec("compact");
  const objects = encodeLevelShard(spec, 9, 1, () => undefined);
  assert.deepEqual([...objects.keys()], ["9/cell_ids/c/1", "9/morton/c/1"]);
});

Deno.test("a shard of a sphere without parents has no objects", () => {
  assert.equal(encodeLevelShard(fixtureSpec("sphere"), 9, 3, () => undefined).size, 0);
});

Deno.test("a parent of more cells than a chunk holds comes back whole, its empty parts unstored", async () => {
  const spec: StoreSpec = {
    ...fixtureSpec("compact"),
    parents: [7, 9],
    parentsPerShard: 2,
    parentOrder: 4,
    levels: [12],
  };
  const { chunkCells, shardCells } = levelLayout(spec, 12);
  assert.equal(shardCells / chunkCells, 8);
  const cells = Uint32Array.of(0, chunkCells - 1, 2 * chunkCells, 4 ** 8 - 1);
  const values = [1, 2, 3, 4].map((scale) => Float64Array.from(cells, (cell) => (cell + 1) * scale));
  const objects = encodeLevelShard(spec, 12, 0, (rank) => (rank === 1 ? { cells, values } : undefined));
  for (const [key, text] of storeMetadata(spec)) objects.set(key, new TextEncoder().encode(text));
  const means = await readAll(objects, "12/h_mean");
  assert.deepEqual(means.flatMap((value, i) => (value === value ? [i - 4 ** 8] : [])), [...cells]);
  assert.equal(means[4 ** 8 + chunkCells - 1], 2 * chunkCells);
  const ids = await readAll(objects, "12/cell_ids");
  assert.equal(ids[4 ** 8 + 5], 9n * 65536n + 5n);
});

Deno.test("NaN leaves the fill value, also where that is a number", async () => {
  const spec = { ...fixtureSpec("compact"), parents: [5], parentsPerShard: 1, levels: [9] };
  const cells = Uint32Array.of(1, 2);
  const values = Array.from({ length: 4 }, () => Float64Array.of(NaN, 3));
  const objects = encodeLevelShard(spec, 9, 0, () => ({ cells, values }));
  for (const [key, text] of storeMetadata(spec)) objects.set(key, new TextEncoder().encode(text));
  assert.deepEqual((await readAll(objects, "9/h_best")).slice(0, 4), [-9999, -9999, 3, -9999]);
  assert.deepEqual((await readAll(objects, "9/total")).slice(0, 4), [7n, 7n, 3n, 7n]);
});

Deno.test("a value that its integer type cannot hold is refused, never wrapped", () => {
  const spec = fixtureSpec("compact");
  const cells = Uint32Array.of(3);
  const values = (total: number) => [1, 1, 1, total].map((value) => Float64Array.of(value));
  for (const bad of [-1, 2 ** 64, Infinity]) {
    assert.throws(
      () => encodeLevelShard(spec, 9, 0, (rank) => (rank === 0 ? { cells, values: values(bad) } : undefined)),
      /variable total, cell 9\/3: the value .* does not fit uint64/,
    );
  }
});

Deno.test("parents outside the shard, out of order, or cells that are no ancestors are refused", () => {
  const spec = fixtureSpec("compact");
  const values = Array.from({ length: 4 }, () => Float64Array.of(1));
  const writer = new ShardWriter(spec, 9, 0);
  assert.throws(() => writer.add(3, Uint32Array.of(0), values), /parent 3 is not in shard 0/);
  writer.add(1, Uint32Array.of(0), values);
  assert.throws(() => writer.add(0, Uint32Array.of(0), values), /wanted ascending/);
  assert.throws(() => encodeCoarseLevel(spec, 2, [2], values), /cell 2\/2 is no ancestor/);
});

Deno.test("the same cells give the same objects, whichever writer made them", async () => {
  const first = await written(fixtureSpec("compact"));
  const second = await written(fixtureSpec("compact"));
  assert.deepEqual(second, first);
});

Deno.test("a store in a folder holds exactly the objects that were put", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-writer-"));
  try {
    const target = new FolderTarget(folder);
    await writeFixture(fixtureSpec("compact"), target);
    const objects = await written(fixtureSpec("compact"));
    assert.deepEqual(await target.list(""), [...objects.keys()].sort());
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
