/** Places of schemes that granary does not know are refused, and file: URLs are paths, wherever one is named. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { granary, temporaryFolder } from "../support/binary.ts";
import { ok } from "../support/run_world.ts";

const folder = temporaryFolder("granary-places-");
let made: Promise<void> | undefined;

function world(): Promise<void> {
  return made ??= (async () => {
    await ok(["simulate", "granules", "--granules", "1", "--rows", "200"], { cwd: folder });
    await ok(["catalog", "build", "--from", "local", "granules", "-o", "c.parquet"], { cwd: folder });
    const write = (name: string, text: string) => fs.writeFileSync(path.join(folder, name), text);
    write("feed.yaml", "feed: f\nsource: {from: local, path: hdfs://b/x}\nfollow: {start: 2026-02-01}\n");
    write(
      "feed_catalog.yaml",
      "feed: f\nsource: {from: local, path: granules}\nfollow: {start: 2026-02-01}\ncatalog: {to: hdfs://b/x}\n",
    );
    write("dataset.yaml", "dataset: d\ndiscover: [{from: local, path: hdfs://b/x}]\npublish: [{to: out}]\n");
    write(
      "target.yaml",
      "dataset: d\ndiscover: [{from: local, path: granules}]\npublish: [{to: hdfs://b/x}]\n",
    );
    const config = await ok(["config", "show", "atl06"], { cwd: folder });
    write("store.yaml", config.replace("output:\n", "output:\n  store: hdfs://b/x\n"));
    write("catalog.yaml", `${config}\ncatalog: hdfs://b/x\n`);
    write("list.txt", "hdfs://b/x\n");
  })();
}

const REFUSED: readonly string[][] = [
  ["catalog", "build", "--from", "local", "hdfs://b/x", "-o", "n.parquet"],
  ["catalog", "build", "--from", "local", "granules", "-c", "hdfs://b/x", "-o", "n.parquet"],
  ["catalog", "build", "--from", "stac", "hdfs://b/x", "-o", "n.parquet"],
  ["catalog", "build", "--from", "stac", "s3://b/x", "-o", "n.parquet"],
  ["catalog", "urls", "c.parquet", "--polygon", "hdfs://b/x"],
  ["catalog", "rebase", "c.parquet", "--mirror", "hdfs://b/x", "-o", "n.parquet"],
  ["fetch", "c.parquet", "--to", "hdfs://b/x"],
  ["aggregate", "-c", "atl06", "--catalog", "c.parquet", "-o", "hdfs://b/x"],
  ["aggregate", "-c", "atl06", "--catalog", "c.parquet", "-o", "n.zarr", "--run-dir", "hdfs://b/x"],
  ["aggregate", "-c", "store.yaml", "--catalog", "c.parquet"],
  ["aggregate", "-c", "catalog.yaml", "-o", "n.zarr"],
  ["run", "status", "hdfs://b/x"],
  ["inspect", "hdfs://b/x"],
  ["plot", "hdfs://b/x", "--variable", "h_mean", "-o", "n.png"],
  ["cog", "@list.txt", "-o", "cogs"],
  ["simulate", "hdfs://b/x"],
  ["serve", "--catalog", "hdfs://b/x", "--port", "0"],
  ["serve", "--store", "hdfs://b/x", "--port", "0"],
  ["feed", "run", "feed.yaml"],
  ["feed", "run", "feed_catalog.yaml"],
  ["publish", "plan", "dataset.yaml"],
  ["publish", "plan", "target.yaml"],
];

Deno.test("a place of an unknown scheme ends a command with what it takes, and makes nothing", async () => {
  await world();
  const before = fs.readdirSync(folder).sort();
  for (const args of REFUSED) {
    const { code, stderr } = await granary(args, { cwd: folder, timeoutMs: 20_000 });
    assert.equal(code, 2, `${args.join(" ")}: ${stderr}`);
    assert.match(stderr, /(hdfs|s3): here \(wanted .*file:\/\/\/path/, args.join(" "));
  }
  assert.deepEqual(fs.readdirSync(folder).sort(), before);
});

Deno.test("file: URLs are taken for paths from the build to the map", async () => {
  await world();
  const url = (name: string) => `file://${folder}/${name}`;
  await ok(["catalog", "build", "--from", "local", url("granules"), "-o", url("u.parquet")], { cwd: "/" });
  fs.writeFileSync(
    path.join(folder, "box.json"),
    JSON.stringify({
      type: "Polygon",
      coordinates: [[[-180, -89], [180, -89], [180, 89], [-180, 89], [-180, -89]]],
    }),
  );
  await ok([
    ...["aggregate", "-c", "atl06", "--catalog", url("u.parquet"), "-o", url("u.zarr")],
    ...["--run-dir", url("u.run"), "--polygon", url("box.json"), "--scratch", url(".")],
  ], { cwd: "/" });
  await ok(["run", "status", url("u.run")], { cwd: "/" });
  await ok(["inspect", url("u.zarr")], { cwd: "/" });
  await ok(["plot", url("u.zarr"), "--variable", "h_mean", "-o", url("u.png")], { cwd: "/" });
  for (const name of ["u.parquet", "u.zarr", "u.run", "u.png"]) {
    assert.ok(fs.existsSync(path.join(folder, name)), name);
  }
});
