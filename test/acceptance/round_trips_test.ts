/** What granary writes and reads again gives the same again: catalogs, and runs out of their stores' own configs. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { shell, temporaryFolder } from "../support/binary.ts";
import { ok } from "../support/run_world.ts";

const folder = temporaryFolder("granary-trips-");
const options = { cwd: folder };
const BUILD = ["catalog", "build", "--from", "local"];
const RUN = ["aggregate", "-c", "atl06", "--max-cells", "12", "--workers", "1"];
let made: Promise<void> | undefined;

function world(): Promise<void> {
  return made ??= (async () => {
    await ok(["simulate", "granules", "--granules", "3", "--rows", "300"], options);
    await ok([...BUILD, "granules", "-o", "c.parquet"], options);
    await ok([...RUN, "--catalog", "c.parquet", "-o", "c.zarr"], options);
  })();
}

/** Every object of a store; without documents where what a run was asked in other words is to be left out. */
function objects(store: string, documents = true): Map<string, string> {
  const keys = fs.readdirSync(path.join(folder, store), { recursive: true, encoding: "utf8" })
    .filter((key) => fs.statSync(path.join(folder, store, key)).isFile())
    .filter((key) => documents || !key.endsWith("zarr.json")).sort();
  assert.ok(keys.length > 5);
  return new Map(keys.map((key) => [key, fs.readFileSync(path.join(folder, store, key)).toString("base64")]));
}

/** A catalog's rows as text, in one order. */
async function rows(catalog: string): Promise<string> {
  return await ok(
    [
      "catalog",
      "sql",
      catalog,
      "select * exclude (properties) from granules order by collection, id",
      "--format",
      "json",
    ],
    options,
  );
}

Deno.test("a catalog that went out as items and came back gives the same store", async () => {
  await world();
  await ok(["catalog", "export", "c.parquet", "--stac-geoparquet", "-o", "items.parquet"], options);
  await ok(["catalog", "import", "items.parquet", "-o", "back.parquet"], options);
  assert.equal(await rows("back.parquet"), await rows("c.parquet"));
  await ok([...RUN, "--catalog", "back.parquet", "-o", "back.zarr"], options);
  assert.deepEqual(objects("back.zarr"), objects("c.zarr"));
});

Deno.test("what SQL chooses is a catalog, and its run reads what the same condition lets through", async () => {
  await world();
  const condition = "id <> (select min(id) from granules)";
  const { code, stderr } = await shell(
    `granary catalog sql c.parquet "select * from granules where ${condition}" --format parquet |` +
      ` granary ${RUN.join(" ")} --catalog - -o piped.zarr --quiet`,
    options,
  );
  assert.equal(code, 0, stderr);
  const first = JSON.parse(
    await ok(
      ["catalog", "sql", "c.parquet", "select min(id) i from granules", "--format", "json"],
      options,
    ),
  )[0].i;
  await ok([...RUN, "--catalog", "c.parquet", "--where", `id <> '${first}'`, "-o", "where.zarr"], options);
  assert.deepEqual(objects("piped.zarr", false), objects("where.zarr", false));
  const { provenance } = JSON.parse(await ok(["inspect", "piped.zarr", "--json"], options));
  assert.ok(provenance.granule_list.length > 0);
  assert.ok(!provenance.granule_list.some((name: string) => name.includes(first)));
});

/** What a run may be asked: each comes back out of its store's config. */
const ASKED = {
  "levels, a box and the rule of clipping": [
    "--levels",
    "5,8,12",
    "--bbox=-180,-84,180,84",
    "--clip",
    "cells",
  ],
  "a condition, shards and geodetic latitudes": [
    "--where",
    "size_bytes > 0",
    "--shard",
    "2",
    "--latitude",
    "geodetic",
  ],
  "months of a span of time": ["--every", "month", "--start", "2018-01-01", "--end", "2030-01-01"],
  "duplicates and whole cells": ["--bbox=-180,-80,180,85", "--clip", "none", "--duplicates", "keep"],
} satisfies Record<string, string[]>;

for (const [what, flags] of Object.entries(ASKED)) {
  Deno.test(`a store's own config makes the store again: ${what}`, async () => {
    await world();
    const name = what.replaceAll(/\W+/g, "-");
    await ok([...RUN, "--catalog", "c.parquet", ...flags, "-o", `${name}.zarr`], options);
    fs.writeFileSync(
      path.join(folder, `${name}.yaml`),
      await ok(["config", "show", `${name}.zarr`], options),
    );
    await ok(
      ["aggregate", "-c", `${name}.yaml`, "--catalog", "c.parquet", "--workers", "1", "-o", `${name}-2.zarr`],
      options,
    );
    assert.deepEqual(objects(`${name}-2.zarr`), objects(`${name}.zarr`));
    assert.equal(
      await ok(["config", "show", `${name}-2.zarr`], options),
      fs.readFileSync(path.join(folder, `${name}.yaml`), "utf8"),
    );
  });
}

Deno.test("catalogs of parts that are merged, in any order and twice, are the catalog of the whole", async () => {
  await world();
  const files = fs.readdirSync(path.join(folder, "granules")).map((name) => path.join("granules", name));
  for (const [i, file] of files.entries()) await ok([...BUILD, file, "-o", `part${i}.parquet`], options);
  const parts = files.map((_, i) => `part${i}.parquet`);
  await ok(["catalog", "merge", ...parts.toReversed(), parts[0], "-o", "merged.parquet"], options);
  assert.equal(await rows("merged.parquet"), await rows("c.parquet"));
  await ok(["catalog", "merge", "merged.parquet", ...parts, "-o", "merged.parquet"], options);
  assert.equal(await rows("merged.parquet"), await rows("c.parquet"));
});
