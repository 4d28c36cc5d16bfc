/**
 * What whole runs over granules elsewhere cost: requests, bytes against the datasets' stored sizes, and round
 * trips that wait for one another.
 */
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { openHdf5 } from "../../core/observations/open_granule_file.ts";
import { DEFAULT_CACHE } from "../../core/access/block_cache.ts";
import { openFileSyncSource } from "../../core/access/file_source.ts";
import { granary, temporaryFolder } from "../support/binary.ts";
import { changeCatalog, startRemoteWorld, treeDigests } from "../support/remote_world.ts";
import { FaultSchedule } from "../support/faults.ts";
import { Rounds } from "../support/rounds.ts";

interface Report {
  reads: { opens: number; requests: number; bytes: number };
  granules: { read: number };
  observations: { kept: number };
}

async function ok(args: string[], env: Record<string, string> = {}): Promise<string> {
  const { code, stdout, stderr } = await granary(args, { env });
  assert.equal(code, 0, `${args.join(" ")}\n${stderr}`);
  return stdout;
}

/** Simulated granules behind the servers, and catalogs of them here and there. */
async function simulated(granules: number, rows: number) {
  const folder = temporaryFolder("granary-remote-cost-");
  await ok(["simulate", path.join(folder, "h5"), "--granules", String(granules), "--rows", String(rows)]);
  const files = fs.readdirSync(path.join(folder, "h5")).filter((name) => name.endsWith(".h5")).sort()
    .map((name) => path.join(folder, "h5", name));
  const local = path.join(folder, "local.parquet");
  await ok(["catalog", "build", "--from", "local", ...files, "-c", "atl06", "-o", local]);
  const world = await startRemoteWorld(files, ["atl06"]);
  const remote = path.join(folder, "remote.parquet");
  await changeCatalog(local, remote, (row) => ({
    local_base: null,
    path: path.basename(row.path),
    ...world.bases("atl06"),
  }));
  return { folder, files, local, remote, world };
}

const BEAMS = ["gt1l", "gt1r", "gt2l", "gt2r", "gt3l", "gt3r"];

/** Stored bytes of datasets of a granule. */
async function storedBytes(file: string, names: readonly string[]): Promise<number> {
  const hdf5 = await openHdf5(openFileSyncSource(file));
  let stored = 0;
  for (const beam of BEAMS) {
    for (const name of names) stored += hdf5.dataset(`/${beam}/land_ice_segments/${name}`)?.storedBytes ?? 0;
  }
  hdf5.close();
  return stored;
}

Deno.test("a run waits for at most twice the round trips that its requests need side by side, whatever the driver", async () => {
  const { folder, files, local, remote, world } = await simulated(40, 300);
  try {
    await ok(["aggregate", "-c", "atl06", "--catalog", local, "-o", path.join(folder, "local.zarr")]);
    const servers = [world.earthdata.data, world.earthdata.cdn, world.s3.server];
    const seen = () => servers.reduce((sum, server) => sum + server.seen.length, 0);
    for (const driver of ["https", "s3"]) {
      const rounds = new Rounds(250);
      for (const server of servers) server.gate = rounds.gate;
      const before = seen();
      const store = path.join(folder, `${driver}.zarr`);
      await ok(["aggregate", "-c", "atl06", "--catalog", remote, "-o", store, "--driver", driver], world.env);
      assert.deepEqual(treeDigests(store), treeDigests(path.join(folder, "local.zarr")));
      const requests = seen() - before;
      const ideal = requests / rounds.most;
      console.log(
        `${driver}: ${requests} requests for ${files.length} granules, up to ${rounds.most} side by side, ` +
          `in ${rounds.count} rounds (ideal ${ideal.toFixed(1)})`,
      );
      assert.ok(rounds.most >= 8, `only ${rounds.most} requests side by side`);
      assert.ok(rounds.count <= 2 * ideal, `${rounds.count} rounds, ideal ${ideal}`);
    }
  } finally {
    await world.stop();
  }
});

Deno.test("a scatter task opens its granules ahead too, and leaves none open", async () => {
  const { folder, remote, world } = await simulated(12, 300);
  try {
    const store = path.join(folder, "tasks.zarr");
    const planned = ["aggregate", "-c", "atl06", "--catalog", remote, "-o", store, "--driver", "https"];
    await ok([...planned, "--plan-only", "--batches", "1"], world.env);
    const rounds = new Rounds(250);
    for (const server of [world.earthdata.data, world.earthdata.cdn]) server.gate = rounds.gate;
    await ok(["work", `${store}.run`, "--scatter", "0", "--workers", "1"], world.env);
    assert.ok(rounds.most >= 8, `only ${rounds.most} requests side by side, by one worker`);
    assert.equal(world.earthdata.data.seen.length, 12, "each granule is opened once");
  } finally {
    await world.stop();
  }
});

Deno.test("a store in S3 costs a request an object and a shard, and a few", async () => {
  const { folder, local, world } = await simulated(2, 300);
  try {
    const store = "s3://stores/store.zarr";
    world.s3.readers.set("stores", new Set(["*"]));
    const write = async (args: string[]) => {
      world.s3.server.seen.length = 0;
      const run = ["aggregate", "-c", "atl06", "--catalog", local, "-o", store, "--json", ...args];
      const report = JSON.parse(await ok(run, world.env)) as { objects: number; shards: { total: number } };
      const count = (method: string) => world.s3.server.seen.filter((seen) => seen.method === method).length;
      console.log(
        `${report.objects} objects, ${report.shards.total} shards: ${count("PUT")} PUT, ${
          count("DELETE")
        } DELETE, ` +
          `${count("GET")} GET`,
      );
      return { puts: count("PUT"), deletes: count("DELETE"), gets: count("GET"), ...report };
    };
    const first = await write([]);
    const documents = [...world.s3.objects.keys()].filter((key) => key.includes("store.zarr/")).length -
      first.objects;
    assert.ok(first.objects > first.shards.total && first.shards.total > 1);
    // The lease twice, the plan with its settings, the account and the report.
    assert.ok(first.puts <= first.objects + first.shards.total + documents + 6, `${first.puts} PUT`);
    assert.equal(first.deletes, 0);
    // What is in the store's place, in the run's, and in that again once the lease is held.
    assert.equal(first.gets, 3);
    const again = await write(["--overwrite"]);
    assert.ok(again.puts <= first.puts, `${again.puts} PUT`);
    // The plan and the lease of the run before; and again the store's place and the plan: others may have been there.
    assert.ok(again.gets <= first.gets + 4, `${again.gets} GET`);
    assert.ok(again.deletes <= first.objects + first.shards.total + documents + 8, `${again.deletes} DELETE`);
    assert.deepEqual(fs.readdirSync(folder).filter((name) => name.includes("store")), []);
  } finally {
    await world.stop();
  }
});

/** The digest of every object of a store, by its key. */
function storedDigests(objects: ReadonlyMap<string, Uint8Array>): Record<string, string> {
  const prefix = "stores/store.zarr/";
  const own = [...objects].filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(
    own.map(([name, bytes]) => [
      name.slice(prefix.length),
      crypto.createHash("sha256").update(bytes).digest("hex"),
    ]),
  );
}

Deno.test("a run in an S3 waits for one answer before its first granule, and for four after its last chunk", async () => {
  const { folder, local, remote, world } = await simulated(12, 300);
  try {
    const { server, readers, objects } = world.s3;
    for (const bucket of ["stores", "atl06-bucket"]) readers.set(bucket, new Set(["*"]));
    const open = path.join(folder, "open.parquet");
    await changeCatalog(remote, open, () => ({ https_base: null, s3_credentials: null }));
    const here = path.join(folder, "here.zarr");
    await ok(["aggregate", "-c", "atl06", "--catalog", local, "-o", here]);
    const rounds = new Rounds(400);
    const roundOf: number[] = [];
    server.gate = () => {
      roundOf.push(rounds.count);
      return rounds.gate();
    };
    await ok(["aggregate", "-c", "atl06", "--catalog", open, "-o", "s3://stores/store.zarr"], world.env);
    const roundsOf = (isWanted: (method: string, url: string) => boolean) =>
      server.seen.flatMap(({ method, url }, i) => isWanted(method, url) ? [roundOf[i]] : []);
    const putIn = (...ends: RegExp[]) =>
      ends.map((end) => Math.max(...roundsOf((method, url) => method === "PUT" && end.test(url))));
    const [first] = roundsOf((_, url) => url.includes("/granules/"));
    assert.equal(first, 1, "the places are looked at before");
    assert.deepEqual(roundsOf((method) => method === "DELETE"), []);
    const last = putIn(/\/c\//)[0];
    // Nothing tells that a store is whole before it is, and no record that its shard is.
    assert.deepEqual(
      putIn(/shards\/\d+\.json/, /12\/zarr\.json/, /store\.zarr\/zarr\.json/, /account/, /report/, /lease/),
      [last + 1, last + 1, last + 2, last + 2, last + 3, last + 4],
    );
    assert.deepEqual(storedDigests(objects), treeDigests(here));
  } finally {
    await world.stop();
  }
});

Deno.test("a record of a shard that cannot be put ends the run without a finished store, and --resume ends it", async () => {
  const { folder, local, world } = await simulated(2, 300);
  try {
    const { server, readers, objects } = world.s3;
    readers.set("stores", new Set(["*"]));
    const here = path.join(folder, "here.zarr");
    await ok(["aggregate", "-c", "atl06", "--catalog", local, "-o", here]);
    const given = ["aggregate", "-c", "atl06", "--catalog", local, "-o", "s3://stores/store.zarr"];
    const faults = new FaultSchedule();
    let records = 0;
    faults.next = (url) => {
      return /shards\/\d+\.json/.test(url) && ++records > 2 ? { kind: "status", status: 500 } : undefined;
    };
    server.faults = faults;
    const { code, stderr } = await granary(given, { env: { ...world.env, GRANARY_HTTP_ATTEMPTS: "2" } });
    assert.equal(code, 1, stderr);
    assert.match(stderr, /shards\/\d+\.json.*the server answered 500/);
    assert.ok(objects.size > 0);
    for (const key of ["store.zarr/zarr.json", "store.zarr.run/report.json"]) {
      assert.ok(!objects.has(`stores/${key}`), key);
    }
    server.faults = new FaultSchedule();
    await ok([...given, "--resume"], world.env);
    assert.deepEqual(storedDigests(objects), treeDigests(here));
  } finally {
    await world.stop();
  }
});

const ONE_VARIABLE = `
data_source:
  reader: hdf5
  groups: [gt1l, gt1r, gt2l, gt2r, gt3l, gt3r]
  coordinates: {latitude: "/{group}/land_ice_segments/latitude", longitude: "/{group}/land_ice_segments/longitude"}
  variables: {h_li: "/{group}/land_ice_segments/h_li"}
aggregation:
  variables:
    count: {function: count, source: h_li, dtype: int32, fill_value: 0}
output:
  grid: {type: healpix, indexing_scheme: nested, parent_order: 6, child_order: 12}
`;

/** What a run may fetch of a granule beyond stored chunks: metadata by blocks, gaps between chunks that lie close. */
const overheadOf = (sizeBytes: number) => 1024 * 1024 + sizeBytes * DEFAULT_CACHE.widenedShare;

Deno.test("of large granules a run fetches the needed datasets, and with a row index one cell's chunks", async () => {
  const { folder, files, local, remote, world } = await simulated(2, 200_000);
  try {
    const config = path.join(folder, "one.yaml");
    fs.writeFileSync(config, ONE_VARIABLE);
    const size = Math.min(...files.map((file) => fs.statSync(file).size));
    assert.ok(size > 2 * DEFAULT_CACHE.wholeBytes, `${size} bytes are not large`);
    let stored = 0;
    for (const file of files) stored += await storedBytes(file, ["latitude", "longitude", "h_li"]);
    const { cdn } = world.earthdata;
    const run = async (catalog: string, store: string, args: string[]): Promise<Report> => {
      const all = ["aggregate", "-c", config, "--catalog", catalog, "-o", path.join(folder, store), ...args];
      return JSON.parse(await ok([...all, "--json"], world.env));
    };
    const here = await run(local, "local.zarr", ["--write-row-index", "12"]);
    const whole = await run(remote, "whole.zarr", ["--driver", "https"]);
    assert.equal(whole.observations.kept, here.observations.kept);
    assert.equal(whole.reads.bytes, cdn.sentBytes, "every byte is counted");
    console.log(`whole: ${whole.reads.requests} requests, ${whole.reads.bytes} bytes for ${stored} stored`);
    const overhead = files.reduce((sum, file) => sum + overheadOf(fs.statSync(file).size), 0);
    const allowed = stored + overhead;
    assert.ok(whole.reads.bytes <= allowed, `${whole.reads.bytes} bytes, ${allowed} allowed`);
    assert.ok(whole.reads.requests <= 64 * files.length, `${whole.reads.requests} requests`);

    const { cells }: { cells: { cell: string; granules: number }[] } = JSON.parse(
      await ok(["cells", remote, "--order", "6", "--json"]),
    );
    const alone = cells.filter(({ granules }) => granules === 1);
    const { cell } = alone[Math.floor(alone.length / 2)];
    const index = ["--row-index", local.replace(".parquet", ".rows.parquet"), "--cells", cell];
    const hereOne = await run(local, "local-one.zarr", index);
    const sent = cdn.sentBytes;
    const one = await run(remote, "one.zarr", [...index, "--driver", "https"]);
    assert.equal(one.observations.kept, hereOne.observations.kept);
    assert.equal(one.reads.bytes, cdn.sentBytes - sent);
    console.log(
      `${cell}: ${one.reads.requests} requests, ${one.reads.bytes} bytes (${hereOne.reads.bytes} here)`,
    );
    const allowedOne = hereOne.reads.bytes + overheadOf(size);
    assert.ok(one.reads.bytes <= allowedOne, `${one.reads.bytes} bytes, ${allowedOne} allowed`);
    assert.ok(one.reads.bytes <= stored / 2, "a cell is less than the granules");
  } finally {
    await world.stop();
  }
});
