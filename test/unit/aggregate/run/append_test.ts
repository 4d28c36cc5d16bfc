import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { aggregate, type AggregateRequest } from "../../../../aggregate/aggregate.ts";
import { loadConfig } from "../../../../aggregate/config/load.ts";
import { localGranules } from "../../../../aggregate/local_granules.ts";
import { executePlan } from "../../../../aggregate/run/execute.ts";
import { RunDirectory } from "../../../../aggregate/run_directory/run_directory.ts";
import { buildCatalog } from "../../../../catalog/write/build.ts";
import { FolderTarget } from "../../../../core/access/folder_target.ts";
import { simulate } from "../../../../products/simulate/simulate.ts";
import { temporaryFolder } from "../../../support/binary.ts";

interface World {
  folder: string;
  files: string[];
  /** A catalog of some of the files, by their numbers. */
  catalogOf(numbers: readonly number[]): Promise<string>;
}

let made: Promise<World> | undefined;

/** Granules of December, January (three), February and April, in the order of their times. */
function world(): Promise<World> {
  made ??= (async () => {
    const folder = temporaryFolder("granary-append-");
    const granules = path.join(folder, "granules");
    const months: [count: number, start: string, seed: number][] = [
      [1, "2023-12-20", 5],
      [3, "2024-01-20", 3],
      [1, "2024-02-26", 4],
      [1, "2024-04-02", 6],
    ];
    for (const [count, start, seed] of months) {
      await simulate(granules, { granules: count, rows: 500, seed, sheet: "antarctica", start });
    }
    const files = fs.readdirSync(granules).sort().map((name) => path.join(granules, name));
    const { pipeline } = loadConfig("atl06");
    const catalogs = new Map<string, Promise<string>>();
    const catalogOf = (numbers: readonly number[]) => {
      const name = numbers.join("-");
      const catalog = catalogs.get(name) ?? (async () => {
        const output = path.join(folder, `${name}.parquet`);
        const own = numbers.map((n) => files[n]);
        const found = localGranules(own, { config: pipeline, cellOrder: 8, workers: 0 });
        await buildCatalog({ rows: found.rows, output, cellOrder: 8, queries: [] });
        await found.close();
        return output;
      })();
      catalogs.set(name, catalog);
      return catalog;
    };
    return { folder, files, catalogOf };
  })();
  return made;
}

async function run(store: string, numbers: readonly number[], request: Partial<AggregateRequest>) {
  const { folder, catalogOf } = await world();
  const { report } = await aggregate({
    config: "atl06",
    catalog: await catalogOf(numbers),
    store: path.join(folder, store),
    childOrder: 7,
    levels: "7,6,5",
    shard: request.layout === "sphere" ? 1024 : 32,
    workers: 0,
    ...request,
  });
  return report!;
}

/** Every object of a store by key. */
async function bytesOf(store: string): Promise<Map<string, string>> {
  const folder = path.join((await world()).folder, store);
  const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) =>
    one.isFile()
  );
  return new Map(
    files.map((file) => {
      const name = path.join(file.parentPath, file.name);
      return [path.relative(folder, name), fs.readFileSync(name, "base64")];
    }).sort(([a], [b]) => (a < b ? -1 : 1)) as [string, string][],
  );
}

async function same(store: string, whole: string): Promise<void> {
  const [found, wanted] = [await bytesOf(store), await bytesOf(whole)];
  assert.deepEqual([...found.keys()], [...wanted.keys()]);
  for (const [key, bytes] of wanted) assert.equal(found.get(key), bytes, key);
}

const ALL = [0, 1, 2, 3, 4, 5];
const WAYS = [[[1, 2], [4], [0, 1, 2], [3, 5]], [[0, 5], [3, 4], [1], [2]]];
const PLANE: Partial<AggregateRequest> = {
  childOrder: undefined,
  crs: "EPSG:3031",
  resolution: 5000,
  origin: [1000, -700],
  tile: 32,
  levels: "13,12,6",
  shard: 16,
};
const kinds: [name: string, request: Partial<AggregateRequest>][] = [
  ["compact months", { every: "month" }],
  ["sphere months", { every: "month", layout: "sphere" }],
  ["sphere", { layout: "sphere" }],
  ["compact of exact quantiles", { exactQuantiles: true }],
  ["plane", PLANE],
  ["plane months of exact quantiles", { ...PLANE, every: "month", exactQuantiles: true }],
  ["compact months in a box", { every: "month", filter: undefined, config: boxed() }],
];

/** A config that leaves out observations by place and time, so that there is something to count. */
function boxed() {
  const { pipeline } = loadConfig("atl06");
  const bbox: [number, number, number, number] = [-180, -82, 180, -70.5];
  return { ...pipeline, bounds: { ...pipeline.bounds, bbox, startDate: "2023-12-20" } };
}

// New windows at the end, before the others and between them; a late granule; a catalog that has the old ones, too.
for (const [w, [kind, request]] of kinds.entries()) {
  Deno.test(`a ${kind} store that grew has the bytes of one run over all, whatever came first`, async () => {
    const whole = `${kind} whole.zarr`;
    const one = await run(whole, ALL, request);
    const store = `${kind}.zarr`;
    let last = one;
    for (const [s, numbers] of WAYS[w % 2].entries()) {
      last = await run(store, numbers, { ...request, mode: s === 0 ? "new" : "append" });
    }
    await same(store, whole);
    assert.equal(last.storeObservations, one.storeObservations);
    assert.deepEqual(last.cells, one.cells);
    assert.equal(last.granules.total, ALL.length);
  });
}

Deno.test("an append of a new window opens the new granules only, in both layouts and with new parents", async () => {
  for (const layout of ["compact", "sphere"] as const) {
    const store = `new window ${layout}.zarr`;
    await run(store, [1, 2, 3], { every: "month", layout });
    const { granules, reads, shards } = await run(store, [5], { every: "month", layout, mode: "append" });
    assert.deepEqual([granules.read, granules.kept, reads.opens], [1, 3, 1]);
    assert.ok(shards.kept > 0);
    const before = await bytesOf(store);
    // Of a late granule's window those that lie in its shards are read, and none of other windows.
    const late = await run(store, [0], { every: "month", layout, mode: "append" });
    assert.equal(late.granules.read, 1);
    const again = await run(store, [0], { every: "month", layout, mode: "append" });
    assert.deepEqual([again.granules.read, again.shards.made], [0, 0]);
    assert.ok((await bytesOf(store)).size > before.size);
  }
});

Deno.test("shards that a late granule does not touch are not written again in a sphere", async () => {
  const { folder } = await world();
  const store = path.join(folder, "untouched.zarr");
  const request = { every: "month", layout: "sphere" as const };
  await run("untouched.zarr", [1, 2, 5], request);
  const stamp = new Date("2020-01-01");
  const objects = fs.readdirSync(path.join(store, "7/h_mean/c"), { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile()).map((one) => path.join(one.parentPath, one.name));
  for (const file of objects) fs.utimesSync(file, stamp, stamp);
  const report = await run("untouched.zarr", [3], { ...request, mode: "append" });
  const kept = objects.filter((file) => fs.statSync(file).mtimeMs === stamp.getTime());
  assert.equal(kept.length, objects.length - (report.shards.made - countNew(store, objects)));
  assert.ok(kept.some((file) => path.relative(store, file).startsWith("7/h_mean/c/3/")));
});

function countNew(store: string, before: readonly string[]): number {
  const now = fs.readdirSync(path.join(store, "7/h_mean/c"), { recursive: true, withFileTypes: true });
  return now.filter((one) => one.isFile()).length - before.length;
}

/** A folder that fails at its n-th change. */
class FailingFolder extends FolderTarget {
  #left: number;

  constructor(folder: string, changes: number) {
    super(folder);
    this.#left = changes;
  }

  #change(): void {
    if (this.#left-- <= 0) throw new Error("the machine was switched off");
  }

  override put(key: string, bytes: Uint8Array): Promise<void> {
    this.#change();
    return super.put(key, bytes);
  }

  override delete(key: string): Promise<void> {
    this.#change();
    return super.delete(key);
  }
}

Deno.test("an append that is switched off at any change is brought to its end by the next", async () => {
  const { folder, catalogOf } = await world();
  const request = { every: "month" };
  const whole = "switched whole.zarr";
  await run(whole, [0, 1, 4], request);
  const first = "switched first.zarr";
  await run(first, [1, 4], request);
  const { plan } = await aggregate({
    config: "atl06",
    catalog: await catalogOf([0]),
    store: path.join(folder, first),
    childOrder: 7,
    levels: "7,6,5",
    shard: 32,
    workers: 0,
    mode: "append",
    dryRun: true,
    every: "month",
  });
  for (let changes = 1;; changes = Math.ceil(changes * 2.5)) {
    const name = `switched ${changes}.zarr`, store = path.join(folder, name);
    fs.cpSync(path.join(folder, first), store, { recursive: true });
    fs.cpSync(path.join(folder, `${first}.run`), `${store}.run`, { recursive: true });
    const ended = await executePlan(plan, {
      store: new FailingFolder(store, changes),
      runDirectory: RunDirectory.in(`${store}.run`),
      mode: "append",
      workers: 0,
      locate: (granule) =>
        ({ kind: "local", url: plan.granules[granule].local_base! + plan.granules[granule].path }) as never,
    }).then(() => true, (error: Error) => {
      assert.match(error.message, /switched off/);
      return false;
    });
    await run(name, [0], { ...request, mode: "append" });
    await same(name, whole);
    if (ended) {
      assert.ok(changes > 30, "many places to be switched off at");
      break;
    }
  }
});

Deno.test("a run that slept until another took its store writes nothing there any more", async () => {
  const { folder, catalogOf } = await world();
  const { plan } = await aggregate({
    config: "atl06",
    catalog: await catalogOf([0, 1]),
    store: path.join(folder, "asleep.zarr"),
    childOrder: 7,
    levels: "7,6,5",
    shard: 32,
    workers: 0,
    dryRun: true,
  });
  for (const when of ["granule", "shard"]) {
    const store = path.join(folder, `asleep ${when}.zarr`), root = path.join(store, "zarr.json");
    let theirs: string[] = [], hasSlept = false;
    const sleep = () => {
      if (hasSlept) return;
      hasSlept = true;
      fs.mkdirSync(store, { recursive: true });
      fs.writeFileSync(root, "theirs");
      const lease = JSON.parse(fs.readFileSync(`${store}.run/lease.1`, "utf8"));
      const other = { ...lease, host: "elsewhere", claim: "other", run: "/other.run", released: true };
      fs.writeFileSync(`${store}.run/lease.2`, JSON.stringify(other));
      theirs = listed(store);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150);
    };
    const run = executePlan(plan, {
      store,
      runDirectory: RunDirectory.in(`${store}.run`),
      workers: 0,
      lease: { heartbeatSeconds: 0.05 },
      locate: (granule) =>
        ({ kind: "local", url: plan.granules[granule].local_base! + plan.granules[granule].path }) as never,
      onProgress: ({ granules, shards }) => {
        if ((when === "granule" ? granules : shards) > 0) sleep();
      },
    });
    await assert.rejects(
      run,
      /nothing was heard of this run for so long that the run in \/other\.run took the place/,
    );
    assert.equal(fs.readFileSync(root, "utf8"), "theirs");
    assert.deepEqual(listed(store), theirs, when);
    assert.ok(fs.existsSync(`${store}.run/plan.json`));
  }
});

/** The files of a store, but what is not whole yet and read by nobody. */
function listed(folder: string): string[] {
  return fs.readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile() && !one.name.endsWith(".tmp"))
    .map((one) => path.join(one.parentPath, one.name)).sort();
}

Deno.test("what is appended to has to be there, and to be of the same config", async () => {
  const { folder } = await world();
  await run("other.zarr", [1], { every: "month" });
  const before = await bytesOf("other.zarr");
  const asked: [Partial<AggregateRequest>, RegExp][] = [
    [{ every: "10d" }, /output\.time\.every.*nothing was changed.*--append/],
    [{}, /output\.time/],
    [{ every: "month", levels: "7" }, /levels 7 instead of 7, 6, 5/],
    [{ every: "month", layout: "sphere", shard: 8 }, /layout sphere instead of compact/],
    [{ every: "month", parentOrder: 5 }, /parent cells are of order 6, and the config asks order 5/],
    [{ every: "month", shard: 4 }, /--shard 4 instead of 32/],
  ];
  for (const [request, message] of asked) {
    await assert.rejects(run("other.zarr", [4], { ...request, mode: "append" }), message);
  }
  assert.deepEqual(await bytesOf("other.zarr"), before);
  fs.renameSync(path.join(folder, "other.zarr.run"), path.join(folder, "elsewhere.run"));
  await assert.rejects(
    run("other.zarr", [4], { every: "month", mode: "append" }),
    /there is a store, and no run in .*other\.zarr\.run to append to/,
  );
  const begun = await run("begins.zarr", [1], { every: "month", mode: "append" });
  assert.equal(begun.granules.read, 1);
});

Deno.test("a store of listed windows gets more of them", async () => {
  const windows: [string, string][] = [["2024-01-01", "2024-01-25"], ["2024-02-20", "2024-03-01"], [
    "2024-04-01",
    "2024-05-01",
  ]];
  const { pipeline } = loadConfig("atl06");
  const configOf = (listed: [string, string][]) => ({
    ...pipeline,
    output: { ...pipeline.output, time: { every: null, epoch: null, windows: listed } },
  });
  await run("listed whole.zarr", [1, 4, 5], { config: configOf(windows) });
  await run("listed.zarr", [1, 4], { config: configOf(windows.slice(0, 2)) });
  const { granules } = await run("listed.zarr", [5], { config: configOf(windows), mode: "append" });
  assert.equal(granules.read, 1);
  await same("listed.zarr", "listed whole.zarr");
  await assert.rejects(
    run("listed.zarr", [5], { config: configOf(windows.slice(1)), mode: "append" }),
    /config: output\.time\.windows/,
  );
});
