/** Runs of the binary: the store's bytes, the exit codes, what is never overwritten. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { granary, shell, temporaryFolder } from "../support/binary.ts";

let made: Promise<string> | undefined;

/** A folder with four granules and their catalog, made once. */
function world(): Promise<string> {
  made ??= (async () => {
    const folder = temporaryFolder();
    await ok(folder, "simulate", "granules", "--granules", "4", "--rows", "1500");
    await ok(
      folder,
      "catalog",
      "build",
      "--from",
      "local",
      "granules",
      "-c",
      "atl06",
      "-o",
      "catalog.parquet",
    );
    return folder;
  })();
  return made;
}

async function ok(cwd: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await granary([...args, "--quiet"], { cwd });
  assert.equal(code, 0, stderr);
  return stdout;
}

/** A digest of every file of a folder and its name. */
function treeDigest(folder: string): string {
  const hash = createHash("sha256");
  const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name)).sort();
  for (const file of files) {
    hash.update(`${path.relative(folder, file)}\n`).update(fs.readFileSync(file));
  }
  return `${files.length} files, ${hash.digest("hex")}`;
}

const AGGREGATE = ["aggregate", "-c", "atl06", "--catalog", "catalog.parquet"];

Deno.test("the store has the same bytes with 1, 2 and 5 workers", async () => {
  const folder = await world();
  const digests = [];
  for (const workers of [1, 2, 5]) {
    const store = `store-${workers}.zarr`;
    await ok(folder, ...AGGREGATE, "-o", store, "--workers", String(workers));
    digests.push(treeDigest(path.join(folder, store)));
  }
  assert.equal(digests[1], digests[0]);
  assert.equal(digests[2], digests[0]);
});

Deno.test("the store has the same bytes with the granules named in any order", async () => {
  const folder = await world();
  const files = fs.readdirSync(path.join(folder, "granules")).map((name) => path.join("granules", name));
  const digests = [];
  for (const [name, order] of [["up", files], ["down", [...files].reverse()]] as const) {
    await ok(folder, "catalog", "build", "--from", "local", ...order, "-c", "atl06", "-o", `${name}.parquet`);
    await ok(folder, "aggregate", "-c", "atl06", "--catalog", `${name}.parquet`, "-o", `${name}.zarr`);
    digests.push(treeDigest(path.join(folder, `${name}.zarr`)));
  }
  assert.equal(digests[0], digests[1]);
});

Deno.test("a dry run prints the plan and writes nothing", async () => {
  const folder = await world();
  const before = fs.readdirSync(folder).sort();
  const plan = JSON.parse(await ok(folder, ...AGGREGATE, "-o", "dry.zarr", "--dry-run", "--json"));
  assert.equal(typeof plan, "object");
  assert.deepEqual(fs.readdirSync(folder).sort(), before);
});

Deno.test("a store that exists is never overwritten unasked", async () => {
  const folder = await world();
  await ok(folder, ...AGGREGATE, "-o", "kept.zarr", "--max-cells", "3");
  const before = treeDigest(path.join(folder, "kept.zarr"));
  const { code, stderr } = await granary([...AGGREGATE, "-o", "kept.zarr"], { cwd: folder });
  assert.equal(code, 2);
  assert.match(stderr, /kept\.zarr: .*--overwrite/);
  assert.equal(treeDigest(path.join(folder, "kept.zarr")), before);
  // Asked to, it is replaced only by what can be read.
  const granules = path.join(folder, "granules");
  fs.renameSync(granules, `${granules}.away`);
  try {
    const gone = await granary([...AGGREGATE, "-o", "kept.zarr", "--overwrite"], { cwd: folder });
    assert.equal(gone.code, 1, gone.stderr);
    assert.match(gone.stderr, /could be reached; the store that is there was left as it is/);
    assert.equal(treeDigest(path.join(folder, "kept.zarr")), before);
  } finally {
    fs.renameSync(`${granules}.away`, granules);
  }
  await ok(folder, ...AGGREGATE, "-o", "kept.zarr", "--overwrite");
  assert.notEqual(treeDigest(path.join(folder, "kept.zarr")), before);
});

Deno.test("a store that is to be replaced stands until the first shard that takes its place is ready", async () => {
  const folder = await world();
  const args = [...AGGREGATE, "--batches", "1", "--shard", "1", "--workers", "1"];
  await ok(folder, ...args, "-o", "stands.zarr", "--levels", "6,12", "--max-cells", "4");
  const digest = (store: string) => treeDigest(path.join(folder, store));
  const before = digest("stands.zarr");
  const work = (stage: string, task: string) =>
    ok(folder, "run", "work", "stands.zarr.run", "--workers", "1", "--stage", stage, "--task", task);
  const again = [...args, "--max-cells", "2"];
  await ok(folder, ...again, "-o", "fresh.zarr");
  const plan = [...again, "-o", "stands.zarr", "--overwrite", "--plan-only"];
  const planned = await granary(plan, { cwd: folder });
  assert.equal(planned.code, 0, planned.stderr);
  assert.match(planned.stderr, /stands\.zarr: the store that is there stays until/);
  assert.equal(digest("stands.zarr"), before);
  await work("scatter", "0");
  assert.equal(digest("stands.zarr"), before);
  await work("reduce", "0");
  assert.ok(!fs.existsSync(path.join(folder, "stands.zarr/zarr.json")));
  // The rest in one go: a resumed run leaves nothing of the other store either.
  await ok(folder, ...again, "-o", "stands.zarr", "--resume");
  assert.equal(digest("stands.zarr"), digest("fresh.zarr"));
  // And task by task, over a store whose run is forgotten.
  await ok(folder, ...plan);
  await work("scatter", "0");
  assert.equal(digest("stands.zarr"), digest("fresh.zarr"));
  for (const task of ["0", "1"]) await work("reduce", task);
  await ok(folder, "run", "finish", "stands.zarr.run");
  assert.equal(digest("stands.zarr"), digest("fresh.zarr"));
});

Deno.test("what the catalog says parses as the format that is asked for", async () => {
  const folder = await world();
  const query = "select id, size_bytes from granules order by id";
  const csv = (await ok(folder, "catalog", "sql", "catalog.parquet", query, "--format", "csv")).trim().split(
    "\n",
  );
  assert.equal(csv[0], "id,size_bytes");
  assert.equal(csv.length, 5);
  const json = JSON.parse(await ok(folder, "catalog", "sql", "catalog.parquet", query, "--format", "json"));
  assert.deepEqual(json.map((row: { id: string }) => row.id), csv.slice(1).map((line) => line.split(",")[0]));
  const { cells } = JSON.parse(await ok(folder, "cells", "catalog.parquet", "--order", "6", "--json"));
  assert.ok(JSON.stringify(cells).length > 100);
});

Deno.test("megabytes of a query arrive whole through a pipe", async () => {
  const folder = await world();
  const { code, stdout, stderr } = await shell(
    `granary catalog sql catalog.parquet "select range as n, 'granary' as word from range(400000)" --format csv |
      (sleep 1; tail -n 1; ) ; exit \${PIPESTATUS[0]}`,
    { cwd: folder },
  );
  assert.equal(stderr, "");
  assert.equal(stdout, "399999,granary\n");
  assert.equal(code, 0);
});

Deno.test("a query whose reader leaves ends quietly, long before it is done", async () => {
  const folder = await world();
  const { stdout, stderr } = await shell(
    `granary catalog sql catalog.parquet "select range from range(20000000)" --format csv | head -c 1`,
    { cwd: folder, timeoutMs: 10_000 },
  );
  assert.equal(stdout, "r");
  assert.equal(stderr, "");
});

Deno.test("a granule that is gone is identified by id, its cells are marked, and the exit code is 3", async () => {
  const folder = temporaryFolder();
  await ok(folder, "simulate", "granules", "--granules", "3", "--rows", "300");
  await ok(folder, "catalog", "build", "--from", "local", "granules", "-c", "atl06", "-o", "catalog.parquet");
  const [gone] = fs.readdirSync(path.join(folder, "granules")).sort();
  fs.rmSync(path.join(folder, "granules", gone));
  const { code, stdout, stderr } = await granary([...AGGREGATE, "-o", "s.zarr", "--json"], { cwd: folder });
  assert.equal(code, 3, stderr);
  const report = JSON.parse(stdout);
  assert.equal(report.granules.read, 2);
  assert.equal(report.granules.failed.length, 1);
  assert.match(JSON.stringify(report.granules.failed[0]), new RegExp(gone.replace(".h5", "")));
  assert.ok(report.incomplete_parents.length > 0);
});

for (const [signal, exit] of [["INT", 130], ["TERM", 143]] as const) {
  Deno.test(`an aggregation stopped by SIG${signal} ends with ${exit} and goes on with --resume`, async () => {
    const folder = await world();
    const store = `stopped-${signal}.zarr`;
    // Stopped as soon as the run directory appears, so before it can be done.
    const { stdout, stderr } = await shell(
      `granary ${AGGREGATE.join(" ")} -o ${store} --levels 6-12 --quiet > /dev/null &
      until [ -e ${store}.run ]; do sleep 0.01; done
      kill -${signal} $!; wait $!; echo $?`,
      { cwd: folder },
    );
    assert.equal(stdout, `${exit}\n`, stderr);
    await ok(folder, ...AGGREGATE, "-o", store, "--levels", "6-12", "--resume");
    await ok(folder, ...AGGREGATE, "-o", `whole-${signal}.zarr`, "--levels", "6-12");
    assert.equal(
      treeDigest(path.join(folder, store)),
      treeDigest(path.join(folder, `whole-${signal}.zarr`)),
    );
  });
}

Deno.test("a broken granule that is alone in its batch is a failure of its own once another batch was read", async () => {
  const folder = temporaryFolder();
  fs.cpSync(path.join(await world(), "granules"), path.join(folder, "granules"), { recursive: true });
  await ok(folder, "catalog", "build", "--from", "local", "granules", "-c", "atl06", "-o", "catalog.parquet");
  const files = fs.readdirSync(path.join(folder, "granules")).sort();
  await ok(folder, ...AGGREGATE, "-o", "store.zarr", "--plan-only", "--batches", "4");
  const plan = JSON.parse(fs.readFileSync(path.join(folder, "store.zarr.run", "plan.json"), "utf8"));
  const [broken] = plan.batches[2].granules;
  const { id } = plan.granules[broken];
  const file = path.join(folder, "granules", files.find((name) => name.startsWith(id))!);
  fs.writeFileSync(file, fs.readFileSync(file).fill(0, 0, 8));

  const work = (stage: string, task: number) =>
    granary(["run", "work", "store.zarr.run", "--stage", stage, "--task", String(task)], { cwd: folder });
  const early = await work("scatter", 2);
  assert.equal(early.code, 2, early.stderr);
  assert.match(early.stderr, /the only granule fails; nothing was written/);
  assert.equal((await work("scatter", 0)).code, 0);
  const late = await work("scatter", 2);
  assert.equal(late.code, 3, late.stderr);
  for (const task of [1, 3]) assert.equal((await work("scatter", task)).code, 0);
  for (const task of plan.shards.keys()) assert.notEqual((await work("reduce", task)).code, 1);
  const { code, stderr } = await granary(["run", "finish", "store.zarr.run"], { cwd: folder });
  assert.equal(code, 3, stderr);
  const { attributes } = JSON.parse(fs.readFileSync(path.join(folder, "store.zarr", "zarr.json"), "utf8"));
  assert.match(JSON.stringify(attributes), /"incomplete_parents":\[\d/);
});
