/** What a resumed run keeps, what it makes anew, and what it says of that. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { aggregate } from "../../aggregate/aggregate.ts";
import { DEFAULT_CHECKPOINT } from "../../aggregate/schedule/checkpoint.ts";
import { granary, temporaryFolder } from "../support/binary.ts";
import { buildCatalog, ok, type RunWorld, simulatedWorld, treeDigest } from "../support/run_world.ts";

let made: Promise<RunWorld> | undefined;
const world = () => made ??= simulatedWorld(8, 600);

let serial = 0;

/** A store of its own that is done, in the world or in a copy of it. */
async function doneStore(folder: string, args: readonly string[]): Promise<string> {
  const store = path.join(folder, `store-${serial++}.zarr`);
  await ok([...args, "-o", store], { cwd: folder });
  return store;
}

/** A copy of the world, for tests that change it. */
async function ownWorld(): Promise<RunWorld> {
  const shared = await world();
  const folder = temporaryFolder("granary-resume-");
  fs.cpSync(path.join(shared.folder, "granules"), path.join(folder, "granules"), { recursive: true });
  await buildCatalog(folder);
  const granules = shared.granules.map((file) => path.join(folder, "granules", path.basename(file)));
  return { folder, args: shared.args, granules };
}

interface Resumed {
  code: number;
  notes: string;
  report: {
    granules: { read: number; total: number; failed: { id: string }[] };
    shards: { made: number; kept: number };
    incomplete_parents: number[];
  };
}

async function resume(folder: string, args: readonly string[], store: string): Promise<Resumed> {
  const { code, stdout, stderr } = await granary([...args, "-o", store, "--resume", "--json"], {
    cwd: folder,
  });
  assert.ok(stdout.startsWith("{"), stderr);
  return { code, notes: stderr, report: JSON.parse(stdout) };
}

/** The arguments with another value for a flag. */
function instead(args: readonly string[], flag: string, value: string): string[] {
  const at = args.indexOf(flag);
  return at === -1 ? [...args, flag, value] : [...args.slice(0, at), flag, value, ...args.slice(at + 2)];
}

const shardFiles = (store: string) =>
  Object.keys(treeDigest(store)).filter((file) => /^12\/[^/]+\/c\/\d+$/.test(file));

Deno.test("a run that is done is kept whole by --resume: no granule is opened", async () => {
  const { folder, args } = await world();
  const store = await doneStore(folder, args);
  const clean = treeDigest(store);
  const { report, notes } = await resume(folder, args, store);
  assert.equal(report.granules.read, 0);
  assert.equal(report.shards.made, 0);
  assert.match(notes, /(\d+) of \1 shards are done/);
  assert.deepEqual(treeDigest(store), clean);
});

for (const damage of ["cut", "gone", "longer"] as const) {
  Deno.test(`a shard with an object that is ${damage} is made again, and it is said`, async () => {
    const { folder, args } = await world();
    const store = await doneStore(folder, args);
    const clean = treeDigest(store);
    const file = path.join(store, shardFiles(store)[3]);
    if (damage === "cut") fs.truncateSync(file, fs.statSync(file).size - 5);
    else if (damage === "gone") fs.rmSync(file);
    else fs.appendFileSync(file, "more");
    const { report, notes } = await resume(folder, args, store);
    assert.equal(report.shards.made, 1);
    assert.ok(report.granules.read < report.granules.total);
    assert.match(notes, /made again: 1 because their objects are gone or damaged/);
    assert.deepEqual(treeDigest(store), clean);
  });
}

Deno.test("without its run directory a store is made again as a whole", async () => {
  const { folder, args } = await world();
  const store = await doneStore(folder, args);
  const clean = treeDigest(store);
  fs.rmSync(`${store}.run`, { recursive: true });
  const { report } = await resume(folder, args, store);
  assert.equal(report.granules.read, report.granules.total);
  assert.deepEqual(treeDigest(store), clean);
});

Deno.test("a changed granule redoes the shards that it touches, and no others", async () => {
  const { folder, args, granules } = await ownWorld();
  const store = await doneStore(folder, args);
  const bytes = fs.readFileSync(granules[2]);
  fs.writeFileSync(granules[2], fs.readFileSync(granules[5]));
  await buildCatalog(folder);
  const { report, notes } = await resume(folder, args, store);
  assert.match(notes, /made again: \d+ because config, catalog or granules changed/);
  assert.deepEqual(treeDigest(store), treeDigest(await doneStore(folder, args)));
  assert.ok(report.shards.made > 0);

  fs.writeFileSync(granules[2], bytes);
  await buildCatalog(folder);
  await resume(folder, args, store);
  assert.deepEqual(treeDigest(store), treeDigest(await doneStore(folder, args)));
});

for (
  const [what, other] of [
    ["config", ["--levels", "9,12"]],
    ["list of parents", ["--max-cells", "30"]],
    ["shard size", ["--shard", "5"]],
  ] as const
) {
  Deno.test(`after a changed ${what} --resume gives the bytes of a new run, and back again`, async () => {
    const { folder, args } = await world();
    const store = await doneStore(folder, args);
    const before = treeDigest(store);
    const changed = instead(args, other[0], other[1]);
    const { notes } = await resume(folder, changed, store);
    assert.match(notes, /because config, catalog or granules changed/);
    assert.deepEqual(treeDigest(store), treeDigest(await doneStore(folder, changed)));
    await resume(folder, args, store);
    assert.deepEqual(treeDigest(store), before);
  });
}

Deno.test("runs files that are cut or gone are told, and their granules read again", async () => {
  const { folder, args } = await world();
  const clean = treeDigest(await doneStore(folder, args));
  const store = path.join(folder, `store-${serial++}.zarr`);
  await ok([...args, "-o", store, "--plan-only", "--batches", "4"], { cwd: folder });
  for (const batch of ["0", "1", "2"]) {
    await ok(["work", `${store}.run`, "--scatter", batch], { cwd: folder });
  }
  const runs = path.join(`${store}.run`, "runs");
  const [cut, gone] = fs.readdirSync(runs).sort().map((name) => path.join(runs, name));
  fs.truncateSync(cut, fs.statSync(cut).size - 100);
  fs.rmSync(gone);
  const { report, notes } = await resume(folder, args, store);
  assert.match(notes, /2 runs files are gone or damaged/);
  assert.ok(report.granules.read >= 4 && report.granules.read < report.granules.total);
  assert.deepEqual(treeDigest(store), clean);
});

Deno.test("a run that ends at nine tenths opens at most 15 % of its granules again", async () => {
  const { folder } = await simulatedWorld(100, 30);
  const request = {
    config: "atl06",
    catalog: path.join(folder, "catalog.parquet"),
    shard: 16,
    workers: 2,
    memoryBytes: 1e9,
    // The default's share; its seconds are for runs longer than a test.
    checkpoint: { ...DEFAULT_CHECKPOINT, seconds: 0 },
  };
  const clean = path.join(folder, "clean.zarr"), store = path.join(folder, "ended.zarr");
  const whole = await aggregate({ ...request, store: clean });
  const end = new AbortController();
  await assert.rejects(
    aggregate({
      ...request,
      store,
      signal: end.signal,
      onProgress: ({ granules, granulesTotal }) => {
        if (granules >= 0.9 * granulesTotal) end.abort(new Error("ended at nine tenths"));
      },
    }),
    /nine tenths/,
  );
  const resumed = await aggregate({ ...request, store, mode: "resume" });
  const { read, total } = resumed.report!.granules;
  assert.equal(whole.report!.granules.read, total);
  assert.ok(read > 0 && read <= 0.15 * total, `${read} of ${total} granules were opened again`);
  assert.deepEqual(treeDigest(store), treeDigest(clean));
});

Deno.test("a broken granule marks its cells; repaired, --resume heals them to the clean bytes", async () => {
  const { folder, args, granules } = await ownWorld();
  const clean = treeDigest(await doneStore(folder, args));
  const bytes = fs.readFileSync(granules[4]);
  fs.writeFileSync(granules[4], Uint8Array.from(bytes, (byte, at) => at < 8 ? 0 : byte));
  const id = path.basename(granules[4], ".h5");

  const store = path.join(folder, "failed.zarr");
  const run = await granary([...args, "-o", store, "--json"], { cwd: folder });
  assert.equal(run.code, 3, run.stderr);
  const report = JSON.parse(run.stdout);
  assert.equal(report.granules.failed.length, 1);
  assert.match(report.granules.failed[0].id, new RegExp(id));
  assert.match(run.stderr, new RegExp(id));
  const attributes = JSON.parse(fs.readFileSync(path.join(store, "zarr.json"), "utf8")).attributes;
  const text = JSON.stringify(attributes);
  assert.deepEqual(JSON.parse(/"incomplete_parents":(\[[^\]]*\])/.exec(text)![1]), report.incomplete_parents);
  assert.match(text, new RegExp(id));
  // A record that says done says what it lacks.
  const shards = path.join(`${store}.run`, "shards");
  const lacks = fs.readdirSync(shards).flatMap((name) =>
    JSON.parse(fs.readFileSync(path.join(shards, name), "utf8")).missing
  );
  assert.ok(lacks.length > 0 && lacks.every((lacking: string) => lacking.includes(id)));

  const again = await resume(folder, args, store);
  assert.equal(again.code, 3);
  assert.equal(again.report.granules.failed.length, 1);
  assert.match(again.notes, /because they are without granules that could not be read/);

  fs.writeFileSync(granules[4], bytes);
  const healed = await resume(folder, args, store);
  assert.equal(healed.code, 0);
  assert.deepEqual(healed.report.incomplete_parents, []);
  assert.deepEqual(treeDigest(store), clean);
});

Deno.test("pieces tell a broken granule by exit code 3, and heal its shards when it is repaired", async () => {
  const { folder, args, granules } = await ownWorld();
  const clean = treeDigest(await doneStore(folder, args));
  const bytes = fs.readFileSync(granules[1]);
  fs.writeFileSync(granules[1], bytes.subarray(0, 1000));
  const store = path.join(folder, "pieces.zarr");
  const run = `${store}.run`;
  await ok([...args, "-o", store, "--plan-only", "--batches", "1"], { cwd: folder });
  const state = async () => JSON.parse(await ok(["runs", run, "--json"], { cwd: folder }));
  assert.equal((await granary(["work", run, "--scatter", "0"], { cwd: folder })).code, 3);
  for (const shard of (await state()).shards.left) {
    await ok(["work", run, "--reduce", String(shard)], { cwd: folder });
  }
  const told = await granary(["finish", run], { cwd: folder });
  assert.equal(told.code, 3, told.stderr);
  const { batches, shards } = await state();
  assert.deepEqual(batches.failed, [0]);
  assert.ok(shards.incomplete.length > 0);

  fs.writeFileSync(granules[1], bytes);
  await ok(["work", run, "--scatter", "0"], { cwd: folder });
  // What lacks a granule that has been read since is not done any more.
  const left = await state();
  assert.deepEqual(left.shards.left, shards.incomplete);
  const unhealed = await granary(["finish", run], { cwd: folder });
  assert.equal(unhealed.code, 2);
  assert.match(unhealed.stderr, /shards are not done/);
  for (const shard of left.shards.left) {
    await ok(["work", run, "--reduce", String(shard)], { cwd: folder });
  }
  await ok(["finish", run], { cwd: folder });
  assert.deepEqual(treeDigest(store), clean);
});

Deno.test("--on-error fail stops at the first granule that cannot be read", async () => {
  const { folder, args, granules } = await ownWorld();
  for (const file of granules) fs.writeFileSync(file, "no HDF5");
  const store = path.join(folder, "stopped.zarr");
  const { code, stderr } = await granary([...args, "-o", store, "--on-error", "fail", "--workers", "1"], {
    cwd: folder,
  });
  assert.equal(code, 3);
  assert.equal(granules.filter((file) => stderr.includes(path.basename(file))).length, 1, stderr);
  assert.ok(!fs.existsSync(path.join(store, "zarr.json")));
});
