/** Catalogs behind a login and in a bucket, by every command that reads one. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { granary } from "../support/binary.ts";
import { remote } from "../support/remote_scene.ts";
import { treeDigests } from "../support/remote_world.ts";

const KEYS = { AWS_ACCESS_KEY_ID: "AKIAOFTHISTEST", AWS_SECRET_ACCESS_KEY: "secret-of-this-test" };

remote("catalogs of HTTPS and S3 are read by every command as those of a disk are", async (scene) => {
  const { world, folder, home } = scene;
  const near = await scene.catalog(() => ({ ...world.bases("atl06"), provider: "NSIDC_CPRD" }));
  const bytes = new Uint8Array(fs.readFileSync(near));
  world.earthdata.files.set("/data/shelf/far.parquet", bytes);
  world.s3.objects.set("shelf/catalogs/far.parquet", bytes);
  world.s3.readers.set("shelf", new Set([KEYS.AWS_ACCESS_KEY_ID]));
  world.earthdata.secrets.add(KEYS.AWS_SECRET_ACCESS_KEY);
  const https = world.earthdata.fileUrl("/data/shelf/far.parquet");
  const s3 = "s3://shelf/catalogs/far.parquet";
  const env = { ...world.env, ...KEYS, HOME: home, GRANARY_HTTP_ATTEMPTS: "2" };
  const run = async (args: string[]) => {
    const result = await granary(args, { env });
    world.assertClean("the terminal", result.stdout + result.stderr);
    return result;
  };
  const said = async (args: string[]) => {
    const { code, stdout, stderr } = await run(args);
    assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  const questions: ((catalog: string) => string[])[] = [
    (catalog) => ["catalog", "sql", catalog, "select id, path, bbox from granules order by id", "--json"],
    (catalog) => ["catalog", "urls", catalog],
    (catalog) => ["cells", catalog, "--order", "6", "--json"],
    (catalog) => ["catalog", "validate", catalog],
    (catalog) => ["aggregate", "-c", "atl06", "--catalog", catalog, "-o", "none.zarr", "--dry-run", "--json"],
  ];
  const named = (text: string, catalog: string) => text.replaceAll(catalog, "CATALOG");
  for (const [index, question] of questions.entries()) {
    const place = [https, s3][index % 2];
    const [expected, found] = await Promise.all([said(question(near)), said(question(place))]);
    assert.equal(named(found, place), named(expected, near), question(place).join(" "));
  }
  const info = JSON.parse(await said(["inspect", s3, "--json"]));
  assert.deepEqual([info.file, info.file_bytes, info.schema], [s3, bytes.length, "granary.catalog.info/1"]);

  const merged = path.join(folder, "merged.parquet");
  await said(["catalog", "merge", https, near, "-o", merged, "--quiet"]);
  assert.equal(await said(["catalog", "urls", merged]), await said(["catalog", "urls", near]));

  const store = path.join(folder, "near.zarr");
  await said(["aggregate", "-c", "atl06", "--catalog", near, "-o", store, "--max-cells", "1"]);
  const far = path.join(folder, "far.zarr");
  await said(["aggregate", "-c", "atl06", "--catalog", s3, "-o", far, "--max-cells", "1"]);
  assert.deepEqual(treeDigests(far), treeDigests(store));

  for (
    const [args, message] of [
      [["catalog", "merge", near, "-o", s3], /does not write to s3: here \(wanted a path/],
      [["catalog", "merge", near, "-o", https], /does not write to https?: here/],
      [["catalog", "rebase", s3, "--mirror", folder, "-o", s3], /does not write to s3: here/],
      [["catalog", "info", "s3://shelf/catalogs/"], /holds no manifest of a live catalog/],
      [["catalog", "info", world.earthdata.fileUrl("/data/shelf/none.parquet")], /none\.parquet.*404/s],
      [
        ["aggregate", "-c", "atl06", "--catalog", s3, "-o", `${store}2`, "--write-row-index", "8"],
        /a row index is not written beside a catalog that lies elsewhere/,
      ],
    ] as const
  ) {
    const { code, stderr } = await run([...args]);
    assert.notEqual(code, 0, args.join(" "));
    assert.match(stderr, message);
  }
  const refused = await granary(["catalog", "info", s3], {
    env: { ...env, AWS_ACCESS_KEY_ID: "AKIAOFSOMEONE" },
  });
  assert.equal(refused.code, 4, refused.stderr);
  world.assertClean("the terminal", refused.stderr);
});
