import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { StorePlace } from "../../../../aggregate/run/store_place.ts";
import { FolderTarget } from "../../../../core/access/folder_target.ts";
import type { StoreSpec } from "../../../../core/store/contract.ts";
import { scratchFolder } from "../engine/granules.ts";

const STORE = [
  "zarr.json",
  "12/zarr.json",
  "12/count/zarr.json",
  "12/count/c/0",
  "12/count/c/3",
  "12/cell_ids/c/0",
  "6/count/c/3",
  "4/zarr.json",
  "4/count/c/3",
];

/** A folder with files, each holding its own name. */
function folderWith(keys: readonly string[]): string {
  const folder = scratchFolder();
  for (const key of keys) {
    fs.mkdirSync(path.dirname(path.join(folder, key)), { recursive: true });
    fs.writeFileSync(path.join(folder, key), key);
  }
  return folder;
}

const SPEC: StoreSpec = {
  layout: "compact",
  parentOrder: 6,
  parents: [0, 5, 9, 12],
  parentsPerShard: 1,
  levels: [12, 6, 4],
  latitude: "authalic",
  morton: null,
  variables: [],
  provenance: {},
};
const placeOf = (folder: string, spec = SPEC) => StorePlace.at(new FolderTarget(folder), spec);
const filesIn = (folder: string) =>
  fs.readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((key) => fs.statSync(path.join(folder, key)).isFile()).sort();

Deno.test("an empty or absent folder takes a store in any mode", async () => {
  for (const folder of [scratchFolder(), path.join(scratchFolder(), "absent")]) {
    const place = await placeOf(folder);
    for (const mode of ["new", "overwrite", "resume"] as const) place.check(mode, false);
  }
});

Deno.test("what is there is refused unasked, with the flags that would help", async () => {
  const place = await placeOf(folderWith(STORE));
  assert.throws(
    () => place.check("new", true),
    /9 files\); nothing was changed \(say --resume .* or --overwrite/,
  );
  assert.throws(() => place.check("new", false), /choose another place, or say --overwrite/);
  place.check("overwrite", false);
  place.check("resume", true);
});

Deno.test("no flag touches a folder with files that no store has, the user's data by year among them", async () => {
  for (
    const key of [
      "notes.txt",
      "2019/a.h5",
      "12/notes.txt",
      "2019/05/zarr.json",
      "12/count/c/7/1/2/3",
      "data/12/zarr.json",
    ]
  ) {
    const folder = folderWith([...STORE, key]);
    const place = await placeOf(folder);
    for (const mode of ["new", "overwrite", "resume"] as const) {
      assert.throws(() => place.check(mode, true), key);
    }
    assert.deepEqual(filesIn(folder), [...STORE, key].sort());
  }
});

Deno.test("room for a shard takes that shard's objects and the root document, and nothing else", async () => {
  const folder = folderWith(STORE);
  const place = await placeOf(folder);
  await place.makeRoom(3);
  const gone = ["zarr.json", "12/count/c/3", "6/count/c/3"];
  assert.deepEqual(filesIn(folder), STORE.filter((key) => !gone.includes(key)).sort());
  // What was committed since is this run's own.
  fs.writeFileSync(path.join(folder, "12/count/c/3"), "new");
  await place.makeRoom(3);
  assert.equal(fs.readFileSync(path.join(folder, "12/count/c/3"), "utf8"), "new");
});

Deno.test("a shard goes at every level that has the parents' shards, and at no level above", async () => {
  const folder = folderWith(STORE);
  await (await placeOf(folder)).removeShard(3);
  assert.deepEqual(
    filesIn(folder),
    STORE.filter((key) => !["12/count/c/3", "6/count/c/3"].includes(key)).sort(),
  );
});

Deno.test("a shard is whole when its objects are there, as many and as large as its record says", async () => {
  const isWhole = (await placeOf(folderWith(STORE))).wholeShards();
  const bytes = "12/count/c/3".length + "6/count/c/3".length;
  assert.ok(isWhole({ shard: 3, objects: 2, bytes }));
  assert.ok(!isWhole({ shard: 3, objects: 2, bytes: bytes + 1 }));
  assert.ok(!isWhole({ shard: 3, objects: 3, bytes }));
  assert.ok(!isWhole({ shard: 7, objects: 1, bytes: 5 }));
  assert.ok(isWhole({ shard: 7, objects: 0, bytes: 0 }));
});

Deno.test("finishing writes the documents, the root among them, and leaves no stray of an earlier run", async () => {
  const folder = folderWith([...STORE, "12/old/zarr.json", "12/old/c/0", "9/count/c/0", "12/count/c/8"]);
  const place = await placeOf(folder);
  await place.reopen();
  assert.ok(!filesIn(folder).includes("zarr.json"));
  const documents = new Map(
    ["zarr.json", "12/zarr.json", "12/count/zarr.json", "12/cell_ids/zarr.json", "4/zarr.json"].map((
      key,
    ) => [key, `{"${key}":1}`]),
  );
  await place.finish(documents, new Set([0, 3]), new Set(["4/count/c/3"]));
  assert.deepEqual(
    filesIn(folder),
    [...documents.keys(), "12/cell_ids/c/0", "12/count/c/0", "12/count/c/3", "4/count/c/3"].sort(),
  );
  for (const [key, text] of documents) assert.equal(fs.readFileSync(path.join(folder, key), "utf8"), text);
});

Deno.test("finishing leaves what came while the run went on and no store is made of", async () => {
  const own = ["notes.txt", "mine/a.h5", "2019/05/zarr.json", "12/.zattrs", "2019/scans/c/1"];
  const folder = folderWith(STORE.filter((key) => key !== "zarr.json"));
  const place = await placeOf(folder);
  for (const key of own) {
    fs.mkdirSync(path.dirname(path.join(folder, key)), { recursive: true });
    fs.writeFileSync(path.join(folder, key), "mine");
  }
  await place.finish(new Map([["zarr.json", "{}"]]), new Set([3]), new Set());
  for (const key of own) assert.equal(fs.readFileSync(path.join(folder, key), "utf8"), "mine");
});

Deno.test("a store that cannot be finished is told when nothing is written to it any more", async () => {
  const target = new FolderTarget(folderWith(STORE));
  const place = await StorePlace.at(target, SPEC);
  let ended = false;
  target.putAll = async () => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    ended = true;
  };
  target.delete = () => Promise.reject(new Error("no delete"));
  await assert.rejects(place.finish(new Map([["zarr.json", "{}"]]), new Set([3]), new Set()), /no delete/);
  assert.ok(ended);
});

Deno.test("the root document waits until all shards are recorded, and is not written where one could not be", async () => {
  const documents = new Map([["zarr.json", "{}"], ["12/zarr.json", "{}"]]);
  const folder = folderWith(STORE.filter((key) => !key.endsWith("zarr.json")));
  const recorded = Promise.withResolvers<void>();
  const finished = (await placeOf(folder)).finish(documents, new Set([3]), new Set(), recorded.promise);
  for (let wait = 0; wait < 800 && !filesIn(folder).includes("12/zarr.json"); wait++) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.ok(!filesIn(folder).includes("zarr.json"));
  recorded.resolve();
  await finished;
  assert.ok(filesIn(folder).includes("zarr.json"));

  const other = folderWith(STORE.filter((key) => !key.endsWith("zarr.json")));
  const lost = Promise.reject(new Error("no record"));
  const unfinished = (await placeOf(other)).finish(documents, new Set([3]), new Set(), lost);
  await assert.rejects(unfinished, /no record/);
  assert.ok(!filesIn(other).includes("zarr.json"));
});

Deno.test("a window of time has shards of its own, and coordinates are of none", async () => {
  const keys = [
    "zarr.json",
    "12/cell_ids/c/1",
    "12/time/c/0",
    "12/time_bnds/c/0/0",
    "12/count/c/0/1",
    "12/count/c/1/1",
    "6/count/c/1/1",
    "4/count/c/1/0",
  ];
  const folder = folderWith(keys);
  const place = await placeOf(folder, { ...SPEC, time: { starts: [0, 10], ends: [10, 20] } });
  place.check("resume", true);
  const whole = place.wholeShards();
  // The second window's second shard: there are four in each.
  assert.ok(whole({ shard: 5, objects: 2, bytes: "12/count/c/1/1".length + "6/count/c/1/1".length }));
  assert.ok(whole({ shard: 1, objects: 1, bytes: "12/count/c/0/1".length }));
  await place.removeShard(5);
  assert.deepEqual(filesIn(folder), keys.filter((key) => !/^(12|6)\/count\/c\/1/.test(key)).sort());
});
