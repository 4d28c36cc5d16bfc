/** What a selection leaves out without having been asked to is said. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { granary, temporaryFolder } from "../support/binary.ts";
import { ok } from "../support/run_world.ts";

const folder = temporaryFolder("granary-notes-");
let made: Promise<void> | undefined;

function item(id: string, collection: string, properties: Record<string, unknown>): unknown {
  const ring = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]];
  return {
    type: "Feature",
    stac_version: "1.0.0",
    id,
    collection,
    geometry: { type: "Polygon", coordinates: [ring] },
    bbox: [0, 0, 1, 1],
    properties,
    links: [],
    assets: { data: { href: `https://example.org/${id}` } },
  };
}

function world(): Promise<void> {
  return made ??= (async () => {
    const features = [
      item("a.h5", "ATL06_006", { datetime: "2020-01-01T00:00:00Z" }),
      item("b.h5", "ATL08", { datetime: "2020-01-01T00:00:00Z" }),
      item("c.h5", "ATL06_006", { datetime: "2020-01-02T00:00:00Z" }),
    ];
    const write = (name: string, value: unknown) =>
      fs.writeFileSync(path.join(folder, name), JSON.stringify(value));
    write("items.json", { type: "FeatureCollection", features });
    await ok(["catalog", "build", "--from", "stac", "items.json", "-o", "c.parquet"], { cwd: folder });
    const none = "if(id = 'c.h5', null, start_datetime) as start_datetime, " +
      "if(id = 'c.h5', null, end_datetime) as end_datetime, if(id = 'c.h5', null, datetime) as datetime";
    const { stdoutBytes, code, stderr } = await granary(
      ["catalog", "sql", "c.parquet", `select * replace (${none}) from granules`, "--format", "parquet"],
      { cwd: folder },
    );
    assert.equal(code, 0, stderr);
    fs.writeFileSync(path.join(folder, "untimed.parquet"), stdoutBytes);
  })();
}

Deno.test("collections have one name, whichever a service writes, and presets take them", async () => {
  await world();
  const query = "select id, collection from granules order by id";
  assert.equal(
    await ok(["catalog", "sql", "c.parquet", query, "--format", "csv"], { cwd: folder }),
    "id,collection\na.h5,ATL06.006\nb.h5,ATL08\nc.h5,ATL06.006\n",
  );
  for (const named of ["ATL06_006", "ATL06.006", "ATL06.*"]) {
    const urls = await ok(["catalog", "urls", "c.parquet", "--collection", named], { cwd: folder });
    assert.equal(urls, "https://example.org/a.h5\nhttps://example.org/c.h5\n", named);
  }
  for (const [preset, granules] of [["atl06", 2], ["atl08", 1]] as const) {
    const plan = await ok(
      ["aggregate", "-c", preset, "--catalog", "c.parquet", "-o", "n.zarr", "--dry-run", "--json"],
      { cwd: folder },
    );
    assert.equal(JSON.parse(plan).granules.length, granules, preset);
  }
});

Deno.test("a --collection that fits nothing is reported, with what the catalog has", async () => {
  await world();
  const wanted =
    /--collection atl06\.\* fits none of the catalog's collections, ATL06\.006, ATL08 \(did you mean "ATL06\.006"\?\)/;
  const commands = [
    ["catalog", "urls", "c.parquet"],
    ["cells", "c.parquet"],
    ["fetch", "c.parquet", "--to", "mirror"],
    ["aggregate", "-c", "atl06", "--catalog", "c.parquet", "-o", "n.zarr"],
  ];
  for (const command of commands) {
    const { code, stdout, stderr } = await granary([...command, "--collection", "atl06.*"], { cwd: folder });
    assert.deepEqual([code, stdout], [2, ""], command.join(" "));
    assert.match(stderr, wanted);
  }
  assert.ok(!fs.existsSync(path.join(folder, "mirror")));
  // One of several that fits nothing is told, and the others are taken.
  const some = await granary(
    ["catalog", "urls", "c.parquet", "--collection", "ATL08,ATL09", "--provider", "example.org"],
    { cwd: folder },
  );
  assert.deepEqual([some.code, some.stdout], [0, "https://example.org/b.h5\n"]);
  assert.match(some.stderr, /--collection ATL09 fits none of the catalog's collections/);
  const provider = await granary(["cells", "c.parquet", "--provider", "NSIDC"], { cwd: folder });
  assert.equal(provider.code, 2);
  assert.match(provider.stderr, /--provider NSIDC is none of the catalog's providers, example.org/);
});

Deno.test("a --collection of a build has no effect on files that say theirs, and that is reported", async () => {
  await ok(["simulate", "granules", "--granules", "1", "--rows", "60"], { cwd: folder });
  const { code, stderr } = await granary(
    ["catalog", "build", "--from", "local", "granules", "--collection", "ATL08", "-o", "l.parquet"],
    { cwd: folder },
  );
  assert.equal(code, 0, stderr);
  assert.match(stderr, /--collection ATL08 has no effect: the files say that they are ATL06\.006/);
});

Deno.test("granules of no known time are left out of a window of time, and named", async () => {
  await world();
  const named = /granules whose time the catalog does not know, c\.h5 \(1 granules?\)/;
  const window = ["--start", "2019-01-01", "--end", "2021-01-01"];
  for (
    const args of [
      ["catalog", "urls", "untimed.parquet", ...window],
      ["cells", "untimed.parquet", "--order", "3", ...window],
      ["fetch", "untimed.parquet", "--to", "m", "--driver", "s3", ...window],
      ["aggregate", "-c", "atl06", "--catalog", "untimed.parquet", "-o", "n.zarr", "--dry-run", ...window],
    ]
  ) {
    const { code, stderr } = await granary(args, { cwd: folder });
    // No file of these is there to be fetched.
    assert.equal(code, args[0] === "fetch" ? 2 : 0, stderr);
    assert.match(stderr, named, args[0]);
  }
  const only = await granary(
    [
      ...[
        "aggregate",
        "-c",
        "atl06",
        "--catalog",
        "untimed.parquet",
        "--where",
        "id = 'c.h5'",
        "-o",
        "n.zarr",
      ],
      ...window,
    ],
    { cwd: folder },
  );
  assert.equal(only.code, 2);
  assert.match(
    only.stderr,
    /nothing to aggregate: left out are granules whose time the catalog does not know, c\.h5/,
  );
});

Deno.test("a condition may ask the catalog itself, whichever command selects", async () => {
  await world();
  const last = ["--where", "id = (select max(id) from granules)"];
  for (
    const args of [
      ["catalog", "urls", "untimed.parquet", ...last],
      ["cells", "untimed.parquet", "--order", "3", ...last],
      ["aggregate", "-c", "atl06", "--catalog", "untimed.parquet", "-o", "n.zarr", "--dry-run", ...last],
    ]
  ) {
    const { code, stderr } = await granary(args, { cwd: folder });
    assert.equal(code, 0, stderr);
  }
});
