/** Nothing of the user's is replaced unasked, by any command that writes a file. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { granary, ROOT, temporaryFolder } from "../support/binary.ts";
import { ok } from "../support/run_world.ts";

/** An answer of collections, from the shared inputs. */
const COLLECTIONS = path.join(ROOT, "..", "shared", "faults", "truth_cmr_collections.json");

const folder = temporaryFolder("granary-output-");
let made: Promise<void> | undefined;

/** A catalog, a store and a STAC export in the folder. */
function world(): Promise<void> {
  return made ??= (async () => {
    await ok(["simulate", "granules", "--granules", "2", "--rows", "300"], { cwd: folder });
    await ok(["catalog", "build", "--from", "local", "granules", "-o", "c.parquet"], { cwd: folder });
    await ok(["catalog", "export", "c.parquet", "--stac-geoparquet", "-o", "items.parquet"], { cwd: folder });
    await ok(["aggregate", "-c", "atl06", "--catalog", "c.parquet", "-o", "s.zarr"], { cwd: folder });
    fs.writeFileSync(
      path.join(folder, "feed.yaml"),
      "feed: s2\nsource: {from: cdse, collection: X}\nfollow: {start: 2026-02-01, poll: false}\n",
    );
  })();
}

const WRITERS: readonly (readonly [string, string[], string])[] = [
  ["catalog build", ["catalog", "build", "--from", "local", "granules", "-o"], "parquet"],
  ["catalog merge", ["catalog", "merge", "c.parquet", "-o"], "parquet"],
  ["catalog import", ["catalog", "import", "items.parquet", "-o"], "parquet"],
  ["catalog export", ["catalog", "export", "c.parquet", "--stac-geoparquet", "-o"], "parquet"],
  ["catalog rebase", ["catalog", "rebase", "c.parquet", "--mirror", "granules", "-o"], "parquet"],
  ["feed publish", ["feed", "publish", "feed.yaml", "-o"], "parquet"],
  ["export", ["export", "s.zarr", "-o"], "parquet"],
  ["plot", ["plot", "s.zarr", "--variable", "h_mean", "-o"], "png"],
];

for (const [what, args, ending] of WRITERS) {
  Deno.test(`${what} replaces a file only when it is asked to, and one of another kind never`, async () => {
    await world();
    const output = path.join(folder, `${what.replace(" ", "-")}.${ending}`);
    const own = ending === "png"
      ? Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 1, 2, 3)
      : new Uint8Array(fs.readFileSync(path.join(folder, "c.parquet")));
    fs.writeFileSync(output, own);
    const refused = await granary([...args, output], { cwd: folder });
    assert.equal(refused.code, 2, refused.stderr);
    assert.match(refused.stderr, /exists already; nothing was changed/);
    assert.deepEqual(new Uint8Array(fs.readFileSync(output)), own);

    const replaced = await granary([...args, output, "--overwrite"], { cwd: folder });
    assert.equal(replaced.code, 0, replaced.stderr);

    for (const text of ["not of its kind", "\x89HDF\r\n\x1a\n and a granule"]) {
      fs.writeFileSync(output, text);
      for (const more of [[], ["--overwrite"]]) {
        const kept = await granary([...args, output, ...more], { cwd: folder });
        assert.equal(kept.code, 2, kept.stderr);
        assert.match(kept.stderr, /is no (Parquet|PNG) file; nothing was changed/);
        assert.equal(fs.readFileSync(output, "utf8"), text);
      }
    }
  });
}

Deno.test("no file takes the place of a pipe or a device, --overwrite or not", async () => {
  await world();
  const pipe = path.join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  for (const more of [[], ["--overwrite"]]) {
    const { code, stderr } = await granary(["catalog", "merge", "c.parquet", "-o", pipe, ...more], {
      cwd: folder,
    });
    assert.equal(code, 2, stderr);
    assert.match(stderr, /is a device, a pipe or a socket/);
    assert.ok(fs.statSync(pipe).isFIFO());
  }
});

Deno.test("what a command's meaning is to change, it changes: the input of merge and of rebase", async () => {
  await world();
  fs.copyFileSync(path.join(folder, "c.parquet"), path.join(folder, "own.parquet"));
  await ok(["catalog", "merge", "own.parquet", "c.parquet", "-o", "own.parquet"], { cwd: folder });
  await ok(["catalog", "rebase", "own.parquet", "--mirror", "granules", "-o", "./own.parquet"], {
    cwd: folder,
  });
});

Deno.test("--update of a source that tells no changes is refused, and the catalog is as it was", async () => {
  await world();
  const before = fs.readFileSync(path.join(folder, "c.parquet"));
  for (
    const [source, input] of [["stac", "items.json"], ["local", "granules"], ["cmr-json", "answer.json"]]
  ) {
    const { code, stderr } = await granary(
      ["catalog", "build", "--from", source, input, "-o", "c.parquet", "--update"],
      { cwd: folder },
    );
    assert.equal(code, 2, stderr);
    assert.match(stderr, new RegExp(`--update has no meaning for --from ${source} .*catalog merge`));
    assert.deepEqual(fs.readFileSync(path.join(folder, "c.parquet")), before);
  }
});

Deno.test("a scheme that granary does not write to makes no folder of that name; file:// is a path", async () => {
  await world();
  for (const place of ["abfs://b/s.zarr", "s3:b/s.zarr", "hdfs://x/s.zarr"]) {
    const { code, stderr } = await granary([
      "aggregate",
      "-c",
      "atl06",
      "--catalog",
      "c.parquet",
      "-o",
      place,
    ], {
      cwd: folder,
    });
    assert.equal(code, 2, stderr);
    assert.match(stderr, /granary does not write to/);
    assert.ok(!fs.existsSync(path.join(folder, place.split(/[:/]/)[0] + ":")), place);
  }
  const url = `file://${path.join(folder, "url.zarr")}`;
  await ok(["aggregate", "-c", "atl06", "--catalog", "c.parquet", "-o", url], { cwd: folder });
  assert.ok(fs.existsSync(path.join(folder, "url.zarr", "zarr.json")));
});

Deno.test("an answer without granules replaces no catalog; an empty catalog is told", async () => {
  await world();
  fs.writeFileSync(path.join(folder, "none.json"), '{"hits":0,"took":1,"items":[]}');
  const build = ["catalog", "build", "--from", "cmr-json", "none.json", "-o"];
  fs.copyFileSync(path.join(folder, "c.parquet"), path.join(folder, "stays.parquet"));
  const kept = await granary([...build, "stays.parquet", "--overwrite"], { cwd: folder });
  assert.equal(kept.code, 2, kept.stderr);
  assert.match(kept.stderr, /stays\.parquet: nothing was found to replace it with; it was left as it was/);
  assert.deepEqual(
    fs.readFileSync(path.join(folder, "stays.parquet")),
    fs.readFileSync(path.join(folder, "c.parquet")),
  );
  const empty = await granary([...build, "empty.parquet"], { cwd: folder });
  assert.equal(empty.code, 0, empty.stderr);
  assert.match(empty.stderr, /no granule was found: the catalog is empty/);
});

Deno.test("an import or a build of which no granule gives a row writes nothing, and says why", async () => {
  await world();
  // Links of an older export are relative: nobody can tell where the files lie.
  const item = {
    ...{ type: "Feature", stac_version: "1.0.0", id: "a", collection: "c", links: [], geometry: null },
    properties: { datetime: "2024-01-01T00:00:00Z" },
    assets: { data: { href: "granules/a.h5" } },
  };
  fs.writeFileSync(
    path.join(folder, "relative.json"),
    JSON.stringify({ type: "FeatureCollection", features: [item] }),
  );
  for (
    const [source, file, message] of [
      ["stac", "relative.json", /none of 1 granules? gave a row; no catalog was written/],
      ["cmr-json", COLLECTIONS, /collections and no granules/],
    ] as const
  ) {
    const { code, stderr } = await granary(
      ["catalog", "build", "--from", source, file, "-o", "none.parquet"],
      {
        cwd: folder,
      },
    );
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
    assert.ok(!fs.existsSync(path.join(folder, "none.parquet")));
  }
});
