import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { FolderTarget } from "../../../../core/access/folder_target.ts";
import { openStore } from "../../../../core/store/open.ts";
import { targetReader } from "../../../../core/zarr/reader.ts";
import { fixtureIds, fixtureSpec, writeFixture } from "../../../interop/store_fixture.ts";

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-open-"));
  try {
    await body(folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

for (const layout of ["compact", "sphere"] as const) {
  Deno.test(`an opened ${layout} store gives the cells that have values, at every level`, () =>
    inFolder(async (folder) => {
      const spec = fixtureSpec(layout, "geodetic");
      const target = new FolderTarget(folder);
      await writeFixture(spec, target);
      for (const place of [folder, targetReader(target)]) {
        const store = await openStore(place);
        assert.deepEqual(store.levels.map((level) => level.order), [9, 6, 4, 2]);
        assert.equal(store.level().latitude, "geodetic");
        assert.equal(store.provenance?.note, "fixture");
        for (const order of spec.levels) {
          const ids: number[] = [];
          for await (const part of store.cells("h_best", order)) {
            part.ids.forEach((id, i) => assert.equal(part.values[i], id / 3));
            ids.push(...part.ids);
          }
          assert.deepEqual(ids, fixtureIds(spec, order));
        }
        await store.close();
      }
    }));
}

Deno.test("a whole level is read with its cell ids", () =>
  inFolder(async (folder) => {
    const spec = fixtureSpec("compact");
    await writeFixture(spec, new FolderTarget(folder));
    const { cellIds, values } = await (await openStore(folder)).read("count", 4);
    assert.deepEqual([...cellIds], spec.parents.map(BigInt));
    assert.deepEqual([...values as Int32Array], [1, 6, 18, 0, 1, 10, 22]);
  }));

Deno.test("a store without consolidated metadata is found by its groups", () =>
  inFolder(async (folder) => {
    await writeFixture(fixtureSpec("compact"), new FolderTarget(folder));
    for (const key of ["zarr.json", "9/zarr.json", "6/zarr.json", "4/zarr.json", "2/zarr.json"]) {
      const file = path.join(folder, key);
      const { consolidated_metadata: _, ...document } = JSON.parse(fs.readFileSync(file, "utf8"));
      fs.writeFileSync(file, JSON.stringify(document));
    }
    const store = await openStore(folder);
    assert.deepEqual(store.levels.map((level) => level.order), [9, 6, 4, 2]);
    assert.deepEqual(store.level(6).variables.map((one) => one.name).sort(), [
      "count",
      "h_best",
      "h_mean",
      "morton",
      "total",
    ]);
  }));

Deno.test("what is no store is named, with what to do", () =>
  inFolder(async (folder) => {
    await assert.rejects(openStore(path.join(folder, "none")), /none: does not exist/);
    fs.writeFileSync(path.join(folder, "file"), "x");
    await assert.rejects(openStore(path.join(folder, "file")), /file: is a file; wanted the folder/);
    await assert.rejects(openStore(folder), /is no Zarr v3 store: it has no zarr\.json/);
    fs.writeFileSync(path.join(folder, ".zgroup"), '{"zarr_format":2}');
    await assert.rejects(openStore(folder), /Zarr v2 metadata/);
    fs.writeFileSync(path.join(folder, "zarr.json"), "<html>");
    await assert.rejects(openStore(folder), /zarr\.json: is not JSON/);
    fs.writeFileSync(path.join(folder, "zarr.json"), '{"zarr_format":3,"node_type":"group"}');
    await assert.rejects(openStore(folder), /without HEALPix levels/);
    fs.writeFileSync(path.join(folder, "zarr.json"), '{"zarr_format":3,"node_type":"array"}');
    await assert.rejects(openStore(folder), /is a Zarr array; wanted the group/);
  }));

Deno.test("a level or variable that is not there is answered with what is", () =>
  inFolder(async (folder) => {
    await writeFixture(fixtureSpec("compact"), new FolderTarget(folder));
    const store = await openStore(folder);
    assert.throws(() => store.level(7), /no level of order 7; wanted one of 9, 6, 4, 2/);
    assert.throws(() => store.variable("h_maen"), /no variable "h_maen" \(did you mean "h_mean"\?\)/);
    assert.throws(() => store.variable("x"), /no variable "x" \(wanted one of .*count, h_mean/);
  }));

Deno.test("a truncated or damaged shard is an input error that names it", () =>
  inFolder(async (folder) => {
    await writeFixture(fixtureSpec("compact"), new FolderTarget(folder));
    const shard = path.join(folder, "9/h_mean/c/0");
    const bytes = fs.readFileSync(shard);
    const read = async () => {
      const store = await openStore(folder);
      for await (const part of store.cells("h_mean")) assert.ok(part);
    };
    fs.writeFileSync(shard, bytes.subarray(0, 20));
    await assert.rejects(read(), /h_mean\/c\/0: has 20 bytes/);
    const damaged = Uint8Array.from(bytes);
    damaged[damaged.length - 10] ^= 1; // in the index, which has a checksum
    fs.writeFileSync(shard, damaged);
    await assert.rejects(read(), /h_mean: cannot be read: .*crc32c is/);
    damaged.set(bytes);
    damaged[0] ^= 1; // in a chunk, which then is no zstd frame
    fs.writeFileSync(shard, damaged);
    await assert.rejects(read(), /h_mean: cannot be read: .*zstd/);
  }));
