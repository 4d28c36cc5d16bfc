/** What a resumed run keeps, what it makes again, what it refuses, and what it says of that. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { aggregate } from "../../aggregate/aggregate.ts";
import { DEFAULT_CHECKPOINT } from "../../aggregate/schedule/checkpoint.ts";
import { encodeCheckedJson } from "../../core/files/checked_json.ts";
import { granary, temporaryFolder } from "../support/binary.ts";
import { buildCatalog, ok, type RunWorld, simulatedWorld, treeDigest } from "../support/run_world.ts";

let made: Promise<RunWorld> | undefined;
const world = () => made ??= simulatedWorld(8, 600);

let serial = 0;

/** A store of its own that is done, of a folder's granules as they are. */
async function doneStore(folder: string, args: readonly string[]): Promise<string> {
  const store = path.join(folder, `store-${serial++}.zarr`);
  await ok([...args, "-o", store], { cwd: folder });
  return store;
}

let first: Promise<string> | undefined;

/** A copy of the store of the world that all share, with its run. */
async function sharedStore(): Promise<string> {
  const { folder, args } = await world();
  const done = await (first ??= doneStore(folder, args));
  const store = path.join(folder, `store-${serial++}.zarr`);
  for (const end of ["", ".run"]) fs.cpSync(done + end, store + end, { recursive: true });
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
  const store = await sharedStore();
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
    const store = await sharedStore();
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
  assert.deepEqual(treeDigest(store), treeDigest(await sharedStore()));
});

Deno.test("spill files that are cut or gone are reported, and their granules read again", async () => {
  const { folder, args } = await world();
  const clean = treeDigest(await sharedStore());
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
  assert.match(notes, /2 spill files are gone or damaged/);
  assert.ok(report.granules.read >= 4 && report.granules.read < report.granules.total);
  assert.deepEqual(treeDigest(store), clean);
});

Deno.test("a run that ends at nine tenths opens at most 15 % of its granules again", async () => {
  const { folder } = await simulatedWorld(60, 30);
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
  const clean = treeDigest(await sharedStore());
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
  // A record that says done says what is missing.
  const shards = path.join(`${store}.run`, "shards");
  const missing = fs.readdirSync(shards).flatMap((name) =>
    JSON.parse(fs.readFileSync(path.join(shards, name), "utf8")).missing
  );
  assert.ok(missing.length > 0 && missing.every((one: string) => one.includes(id)));

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

Deno.test("tasks tell a broken granule by exit code 3, and heal its shards when it is repaired", async () => {
  const { folder, args, granules } = await ownWorld();
  const clean = treeDigest(await sharedStore());
  const bytes = fs.readFileSync(granules[1]);
  fs.writeFileSync(granules[1], bytes.subarray(0, 1000));
  const store = path.join(folder, "tasks.zarr");
  const run = `${store}.run`;
  await ok([...args, "-o", store, "--plan-only", "--batches", "1"], { cwd: folder });
  const state = async () => JSON.parse(await ok(["runs", run, "--json"], { cwd: folder }));
  assert.equal((await granary(["work", run, "--scatter", "0"], { cwd: folder })).code, 3);
  for (const shard of (await state()).shards.left) {
    await ok(["work", run, "--reduce", String(shard)], { cwd: folder });
  }
  const reported = await granary(["finish", run], { cwd: folder });
  assert.equal(reported.code, 3, reported.stderr);
  const { batches, shards } = await state();
  assert.deepEqual(batches.failed, [0]);
  assert.ok(shards.incomplete.length > 0);

  fs.writeFileSync(granules[1], bytes);
  await ok(["work", run, "--scatter", "0"], { cwd: folder });
  // What misses a granule that has been read since is not done any more.
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

const OTHER_RUNS: readonly [string, string[], RegExp][] = [
  ["fewer parent cells", ["--max-cells", "2"], /parent cells? of that run are not selected/],
  ["fewer granules", ["--where", "id < (select median(id) from granules)"], /./],
  ["another grid", ["--child-order", "13"], /config: output\.childOrder/],
  ["another convention of latitude", ["--latitude", "geodetic"], /config: output\.latitude/],
  ["other levels", ["--levels", "7,12"], /levels 12, 7 instead of 12, 5/],
  ["another layout", ["--layout", "sphere"], /layout sphere instead of compact/],
  ["other shards", ["--shard", "8"], /--shard 8 instead of 16/],
];

for (const [what, flags, message] of OTHER_RUNS) {
  Deno.test(`--resume with ${what} is refused, and the finished store is as it was`, async () => {
    const { folder, args } = await world();
    const store = await sharedStore();
    const clean = treeDigest(store);
    const [flag, value] = flags;
    const more = flag === "--where"
      ? ["--where", "size_bytes > (select avg(size_bytes) from granules)"]
      : undefined;
    const changed = more === undefined ? instead(args, flag, value) : [...args, ...more];
    const { code, stderr } = await granary([...changed, "-o", store, "--resume"], { cwd: folder });
    assert.equal(code, 2, stderr);
    assert.match(stderr, /this is not the run that was begun there/);
    assert.match(stderr, message);
    assert.deepEqual(treeDigest(store), clean);
    // Asked for in so many words it is done; it does not matter which of them it is.
    if (what !== "fewer parent cells") return;
    assert.equal((await granary([...changed, "-o", store, "--overwrite"], { cwd: folder })).code, 0);
  });
}

Deno.test("--resume of a store whose run is gone is refused, and the store is as it was", async () => {
  const { folder, args } = await world();
  const store = await sharedStore();
  const clean = treeDigest(store);
  fs.rmSync(`${store}.run`, { recursive: true });
  const { code, stderr } = await granary([...args, "-o", store, "--resume"], { cwd: folder });
  assert.equal(code, 2, stderr);
  assert.match(stderr, /no run in .* to resume/);
  assert.deepEqual(treeDigest(store), clean);
});

Deno.test("--resume with more granules adds them, with the bytes of one run over all", async () => {
  const { folder, args, granules } = await ownWorld();
  const clean = treeDigest(await sharedStore());
  const store = path.join(folder, "growing.zarr");
  const some = granules.slice(0, 5);
  await ok(["catalog", "build", "--from", "local", ...some, "-c", "atl06", "-o", "some.parquet"], {
    cwd: folder,
  });
  await ok([...instead(args, "--catalog", "some.parquet"), "-o", store], { cwd: folder });
  const { code } = await resume(folder, args, store);
  assert.equal(code, 0);
  assert.deepEqual(treeDigest(store), clean);
});

Deno.test("status of a run with a broken granule tells it, by tasks and by name", async () => {
  const { folder, args, granules } = await ownWorld();
  fs.writeFileSync(granules[2], "no HDF5");
  const store = path.join(folder, "reported.zarr");
  assert.equal((await granary([...args, "-o", store], { cwd: folder })).code, 3);
  const status = JSON.parse(await ok(["run", "status", `${store}.run`, "--json"], { cwd: folder }));
  assert.equal(status.finished, true);
  assert.deepEqual([status.granules.scattered, status.granules.failed.length], [7, 1]);
  assert.match(status.granules.failed[0].id, new RegExp(path.basename(granules[2], ".h5")));
  assert.deepEqual(status.stages.map(({ left }: { left: number[] }) => left), [[], []]);
  assert.ok(status.stages[1].failed.length > 0);
  const { stdout } = await granary(["run", "status", `${store}.run`], { cwd: folder });
  assert.match(stdout, /7 of 8 scattered, 1 failed/);
});

Deno.test("granules that are all gone end the run with one message, and no store is left", async () => {
  const { folder, args, granules } = await ownWorld();
  for (const file of granules) fs.rmSync(file);
  const store = path.join(folder, "none.zarr");
  const { code, stderr } = await granary([...args, "-o", store], { cwd: folder });
  assert.ok(code === 1 || code === 2, stderr);
  assert.match(stderr, /nothing was written/);
  assert.ok(!fs.existsSync(path.join(store, "zarr.json")));
});

Deno.test("a wrong dataset path ends the run with one message that names it, exit 2, and no store", async () => {
  const { folder, args } = await ownWorld();
  const config = await ok(["config", "show", "atl06"], { cwd: folder });
  for (const [from, to] of [['h_li"', 'h_lie"'], ["land_ice_segments/latitude", "land_ice_segments/lat"]]) {
    fs.writeFileSync(
      path.join(folder, "wrong.yaml"),
      config.replaceAll(from.replace('"', ""), to.replace('"', "")),
    );
    const store = path.join(folder, "wrong.zarr");
    const { code, stderr } = await granary([...instead(args, "-c", "wrong.yaml"), "-o", store], {
      cwd: folder,
    });
    assert.equal(code, 2, stderr);
    assert.match(stderr, /nothing was written/);
    assert.ok(stderr.split("\n").filter((line) => line.includes("granary:")).length <= 2, stderr);
    assert.ok(!fs.existsSync(path.join(store, "zarr.json")));
  }
});

Deno.test("what another engine began is resumed, appended to, worked on and finished by none but its own", async () => {
  const { folder, args } = await world();
  const store = path.join(folder, `store-${serial++}.zarr`);
  const options = { cwd: folder };
  await ok([...args, "-o", store, "--plan-only", "--batches", "1"], options);
  const file = path.join(`${store}.run`, "plan.json");
  const { crc32: _, ...plan } = JSON.parse(fs.readFileSync(file, "utf8"));
  fs.writeFileSync(file, encodeCheckedJson(JSON.stringify({ ...plan, engineVersion: 3 })));
  const before = treeDigest(`${store}.run`);
  for (
    const command of [
      [...args, "-o", store, "--resume"],
      [...args, "-o", store, "--append"],
      ["run", "work", `${store}.run`, "--stage", "scatter", "--task", "0"],
      ["run", "finish", `${store}.run`],
    ]
  ) {
    const { code, stderr } = await granary(command, options);
    assert.equal(code, 2, stderr);
    assert.match(
      stderr,
      /begun by a granary of engine 3, and this is one of engine \d+, .*nothing was changed.*--overwrite/,
    );
    assert.deepEqual(treeDigest(`${store}.run`), before);
  }
  await ok(["run", "status", `${store}.run`], options);
  await ok([...args, "-o", store, "--overwrite"], options);
  assert.deepEqual(treeDigest(store), treeDigest(await sharedStore()));
});

Deno.test("a run directory without checksums, as the first granary made them, is refused with what to do, and kept", async () => {
  const { folder, args } = await world();
  const store = await sharedStore();
  for (const name of ["plan.json", "run.json"]) {
    const file = path.join(`${store}.run`, name);
    const { crc32: _, ...document } = JSON.parse(fs.readFileSync(file, "utf8"));
    fs.writeFileSync(file, JSON.stringify(document));
  }
  const before = treeDigest(`${store}.run`);
  for (const command of [[...args, "-o", store, "--resume"], [...args, "-o", store, "--append"]]) {
    const { code, stderr } = await granary(command, { cwd: folder });
    assert.equal(code, 2, stderr);
    assert.match(
      stderr,
      /of a granary of long ago: its checksum is missing \(plan the run again: .*--overwrite\)/,
    );
    assert.deepEqual(treeDigest(`${store}.run`), before);
  }
  await ok([...args, "-o", store, "--overwrite"], { cwd: folder });
});
