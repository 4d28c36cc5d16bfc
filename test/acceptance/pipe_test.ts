/** Catalogs go from program to program through pipes. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { shell, temporaryFolder } from "../support/binary.ts";
import { ok, treeDigest } from "../support/run_world.ts";

const folder = temporaryFolder("granary-pipe-");
let made: Promise<void> | undefined;

function world(): Promise<void> {
  return made ??= (async () => {
    await ok(["simulate", "granules", "--granules", "3", "--rows", "200"], { cwd: folder });
    await ok(["catalog", "build", "--from", "local", "granules", "-o", "c.parquet"], { cwd: folder });
  })();
}

async function say(line: string, code = 0): Promise<{ stdout: string; stderr: string }> {
  await world();
  const result = await shell(`set -o pipefail; ${line}`, { cwd: folder });
  assert.equal(result.code, code, `${line}: ${result.stderr}`);
  return result;
}

const CHOSEN =
  `granary catalog sql c.parquet "select * from granules where id = (select min(id) from granules)" \
  --format parquet`;

Deno.test("granules that a query chose go through a pipe into a run, as those that a condition chose", async () => {
  await say(`${CHOSEN} | granary aggregate -c atl06 --catalog - -o piped.zarr`);
  await say(
    `granary aggregate -c atl06 --catalog c.parquet --where "id = (select min(id) from granules)" -o named.zarr`,
  );
  const shards = (store: string) =>
    Object.fromEntries(
      Object.entries(treeDigest(path.join(folder, store))).filter(([name]) => !name.endsWith("zarr.json")),
    );
  assert.ok(Object.keys(shards("named.zarr")).length > 5);
  assert.deepEqual(shards("piped.zarr"), shards("named.zarr"));
  const { stdout } = await say("granary run status piped.zarr.run");
  assert.match(stdout, /granules +1 of 1 scattered/);
});

Deno.test("every command that reads a catalog reads one from a pipe", async () => {
  const readers = [
    ["catalog info -", /granules +1\b/],
    ["catalog validate -", /OK: stdin: 1 granules?/],
    [`catalog sql - "select count(*) as n from granules" --format csv`, /^n\n1\n$/],
    ["catalog urls - --driver local", /ATL06_\w+\.h5\n$/],
    ["cells - --order 4 --json", /"granules": 1/],
    ["catalog export - --stac-geoparquet -o items.parquet", /^$/],
    ["catalog rebase - --mirror granules --existing -o rebased.parquet", /^$/],
    ["catalog merge - c.parquet -o merged.parquet", /^$/],
    ["aggregate -c atl06 --catalog - -o dry.zarr --dry-run", /granules +1\b/],
  ] as const;
  for (const [reader, wanted] of readers) {
    const { stdout } = await say(`${CHOSEN} | granary ${reader}`);
    assert.match(stdout, wanted, reader);
  }
  assert.match((await say("granary catalog info merged.parquet")).stdout, /granules +3\b/);
  assert.match(
    (await say("cat items.parquet | granary catalog import - -o again.parquet")).stderr,
    /1 granule/,
  );
  const ids = (catalog: string) =>
    say(`granary catalog sql ${catalog} "select id, checksum from granules" --format csv`);
  assert.equal(
    (await ids("again.parquet")).stdout,
    (await say(`${CHOSEN} | granary catalog sql - \
    "select id, checksum from granules" --format csv`)).stdout,
  );
});

Deno.test("what is no catalog is refused in a pipe by what is missing, and nothing is written", async () => {
  const query = `granary catalog sql c.parquet "select id, geometry from granules" --format parquet`;
  const { stderr } = await say(`${query} | granary aggregate -c atl06 --catalog - -o none.zarr`, 2);
  assert.match(stderr, /stdin: column "collection" is missing/);
  const twice = await say(`${CHOSEN} | granary catalog merge - - -o none.parquet`, 2);
  assert.match(twice.stderr, /- is given twice, and stdin is read once/);
  const empty = await say("granary catalog merge - c.parquet -o none.parquet < /dev/null", 2);
  assert.match(empty.stderr, /stdin/);
  assert.ok(
    !fs.existsSync(path.join(folder, "none.zarr")) && !fs.existsSync(path.join(folder, "none.parquet")),
  );
});
