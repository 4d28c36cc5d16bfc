/** `granary cog` as a shell sees it: names, lists, refusals, what is never replaced, exit codes. */
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { granary, temporaryFolder } from "../support/binary.ts";
import { hasSharedData, sharedData } from "../shared_data.ts";
import { Loopback } from "../support/loopback.ts";
import { gridFile } from "../support/grid_file.ts";

const GRIDS = await gridFile();

function folderWith(...names: string[]): string {
  const folder = temporaryFolder("granary-cog-");
  for (const name of names) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), GRIDS);
  }
  return folder;
}

function filesBelow(folder: string): string[] {
  return fs.readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name))).sort();
}

const documents = (stdout: string) => stdout.trim().split("\n").map((line) => JSON.parse(line));

Deno.test("every grid of a file becomes COGs of the size and hash that are reported", async () => {
  const cwd = folderWith("g.nc");
  const { code, stdout, stderr } = await granary(["cog", "g.nc", "-o", "out", "--json", "--quiet"], { cwd });
  assert.equal(code, 0, stderr);
  const reported = documents(stdout);
  const names = ["class", "rain_20240101T000000", "rain_20240101T003000", "t"].map((name) => `g/${name}.tif`);
  assert.deepEqual(reported.map(({ key }) => key), names);
  assert.deepEqual(filesBelow(path.join(cwd, "out")), names);
  for (const { path: file, size_bytes, sha256 } of reported) {
    const bytes = fs.readFileSync(path.join(cwd, file));
    assert.equal(bytes.length, size_bytes);
    assert.equal(crypto.createHash("sha256").update(bytes).digest("hex"), sha256);
  }
  const [classes, rain, , levels] = reported;
  assert.deepEqual([classes.overviews, classes.affine], ["none", [9, 0, -180, 0, -9, 90]]);
  assert.deepEqual([rain.time, rain.nodata, rain.bands[0].unit], [
    "2024-01-01T00:00:00.000Z",
    -9999,
    "mm/hr",
  ]);
  assert.deepEqual(levels.bands.map(({ name }: { name: string }) => name), [
    "level=500",
    "level=850",
    "level=1000",
  ]);
  assert.deepEqual([levels.bands[0].scale, levels.bands[0].offset], [0.1, 200]);
});

Deno.test("the bytes are the same for any number of workers", async () => {
  const cwd = folderWith("g.nc");
  const hashes = async (folder: string, workers: string) => {
    const { stdout } = await granary(["cog", "g.nc", "-o", folder, "--workers", workers, "--json"], { cwd });
    return documents(stdout).map(({ sha256 }) => sha256);
  };
  assert.deepEqual(await hashes("one", "1"), await hashes("five", "5"));
});

Deno.test("a dry run says what would be written, and writes nothing", async () => {
  const cwd = folderWith("g.nc");
  const { code, stdout } = await granary(["cog", "g.nc:rain", "-o", "out", "--time", "bands", "--dry-run"], {
    cwd,
  });
  assert.equal(code, 0);
  assert.match(stdout, /out\/g\/rain\.tif +40 x 20 +2 +float32 +EPSG:4326/);
  assert.deepEqual(filesBelow(cwd), ["g.nc"]);
});

Deno.test("what exists stays as it is, and nothing else of its file is written, without --overwrite", async () => {
  const cwd = folderWith("g.nc", "out/g/t.tif");
  const before = fs.readFileSync(path.join(cwd, "out/g/t.tif"));
  const { code, stderr } = await granary(["cog", "g.nc", "-o", "out"], { cwd });
  assert.equal(code, 2);
  assert.match(stderr, /g\/t\.tif: exists already; nothing of this file was written/);
  assert.deepEqual(fs.readFileSync(path.join(cwd, "out/g/t.tif")), before);
  assert.deepEqual(filesBelow(path.join(cwd, "out")), ["g/t.tif"]);
  assert.equal((await granary(["cog", "g.nc", "-o", "out", "--overwrite"], { cwd })).code, 0);
  assert.equal(fs.readFileSync(path.join(cwd, "out/g/t.tif")).toString("latin1", 0, 4), "II*\0");
});

Deno.test("good files are converted beside bad ones, which are listed with exit code 3", async () => {
  const cwd = folderWith("a.nc", "b.nc");
  fs.writeFileSync(path.join(cwd, "login.nc"), "<html>log in</html>");
  fs.writeFileSync(path.join(cwd, "cut.nc"), GRIDS.subarray(0, 3000));
  const input = "a.nc:class\nlogin.nc\nnowhere.nc\ncut.nc\nb.nc:track\nb.nc:class\n";
  const { code, stdout, stderr } = await granary(["cog", "-", "-o", "out", "--json"], { cwd, input });
  assert.equal(code, 3, stderr);
  assert.deepEqual(documents(stdout).map(({ key }) => key), ["a/class.tif"]);
  assert.deepEqual(filesBelow(path.join(cwd, "out")), ["a/class.tif"]);
  for (const name of ["login.nc", "nowhere.nc", "cut.nc", "b.nc"]) assert.match(stderr, new RegExp(name));
  assert.match(stderr, /4 files of 5 could not be converted/);
});

Deno.test("one file that is refused is the command's own failure, by its rule", async () => {
  const cwd = folderWith("g.nc");
  fs.writeFileSync(path.join(cwd, "old.nc"), "CDF\x01 and what follows");
  const asked = async (...args: string[]) => {
    const { code, stderr } = await granary(["cog", ...args, "-o", "out"], { cwd });
    return `${code} ${stderr}`;
  };
  assert.match(await asked("g.nc:track"), /^2 .*\/track: .*of its dimensions \(3, 7\)/);
  assert.match(await asked("g.nc:nothing*"), /^2 .*no variable of two dimensions is called nothing\*/);
  assert.match(await asked("old.nc"), /^2 .*old\.nc: is a classic netCDF-3 file .*nccopy/);
  assert.match(await asked("nowhere.nc"), /^2 .*nowhere\.nc: there is no such file\n$/);
  assert.match(await asked("."), /^2 .*\.: is a folder/);
  assert.match(await asked("g.nc", "--split", "depth"), /^2 .*no variable has an axis depth/);
  assert.match(await asked("g.nc", "--compress", "lzw"), /^2 .*"lzw" is no compression/);
  assert.match(await asked("g.nc", "--memory", "1kB"), /^2 .*--memory 1kB: too little/);
  assert.match(await asked("g.nc", "--crs", "EPSG:1"), /^2 .*EPSG:1/);
  assert.deepEqual(filesBelow(cwd), ["g.nc", "old.nc"]);
});

Deno.test("files of one name in two folders are not put on each other", async () => {
  const cwd = folderWith("x/g.nc", "y/g.nc");
  const { code, stderr } = await granary(["cog", "x/g.nc:class", "y/g.nc:class", "-o", "out"], { cwd });
  assert.equal(code, 3);
  assert.match(stderr, /y\/g\.nc: its g\/class\.tif would take the place of that of x\/g\.nc/);
});

Deno.test("what it writes is valid; one changed byte beside a block, or a file that is no TIFF, is reported", async () => {
  const cwd = folderWith("g.nc");
  assert.equal((await granary(["cog", "g.nc:class", "-o", "out"], { cwd })).code, 0);
  const good = "out/g/class.tif";
  const valid = await granary(["cog", "validate", good, "--strict"], { cwd });
  assert.deepEqual([valid.code, valid.stdout], [0, `OK: ${good}\n`]);
  const bytes = fs.readFileSync(path.join(cwd, good));
  bytes[bytes.length - 1] ^= 1;
  fs.writeFileSync(path.join(cwd, "bad.tif"), bytes);
  const both = await granary(["cog", "validate", good, "bad.tif", "g.nc", "--json"], { cwd });
  assert.equal(both.code, 1, both.stderr);
  const { valid: all, files } = JSON.parse(both.stdout);
  assert.equal(all, false);
  assert.deepEqual(files.map((file: { valid: boolean }) => file.valid), [true, false, false]);
  assert.deepEqual(files[1].layout_errors.map(({ rule }: { rule: string }) => rule), ["block-trailer"]);
  assert.deepEqual(files[2].errors.map(({ rule }: { rule: string }) => rule), ["tiff"]);
  const missing = await granary(["cog", "validate", "nowhere.tif"], { cwd });
  assert.equal(missing.code, 2, missing.stderr);
});

Deno.test("info tells place, blocks and bands of a TIFF", async () => {
  const cwd = folderWith("g.nc");
  await granary(["cog", "g.nc:t", "-o", "out"], { cwd });
  const { code, stdout } = await granary(["cog", "info", "out/g/t.tif", "--json"], { cwd });
  assert.equal(code, 0);
  const [{ grid, images, layout }] = JSON.parse(stdout).files;
  assert.equal(layout.LAYOUT, "IFDS_BEFORE_DATA");
  assert.deepEqual([grid.crs.code, grid.bands.length, grid.bands[0].scale], ["EPSG:4326", 3, 0.1]);
  assert.deepEqual([images[0].role, images[0].compression], ["image", "deflate"]);
  const text = await granary(["cog", "info", "out/g/t.tif"], { cwd });
  assert.match(text.stdout, /system +EPSG:4326/);
});

Deno.test("without -o nothing is converted, and the message says so", async () => {
  const { code, stderr } = await granary(["cog", "g.nc"], { cwd: folderWith("g.nc") });
  assert.equal(code, 2);
  assert.match(stderr, /-o is missing/);
});

Deno.test("a COG passes through byte for byte, unless a flag asks for other cells or for a rewrite", async () => {
  const cwd = folderWith("g.nc");
  const made = await granary(["cog", "g.nc:t", "-o", "out", "--quiet"], { cwd });
  assert.equal(made.code, 0, made.stderr);
  const cog = fs.readFileSync(path.join(cwd, "out/g/t.tif"));
  const again = async (folder: string, ...flags: string[]) => {
    const { code, stdout, stderr } = await granary(
      ["cog", "out/g/t.tif", "-o", folder, "--json", ...flags],
      { cwd },
    );
    assert.equal(code, 0, stderr);
    return { document: documents(stdout)[0], bytes: fs.readFileSync(path.join(cwd, folder, "t.tif")) };
  };
  const kept = await again("kept");
  assert.equal(kept.document.made, "copied");
  assert.ok(kept.bytes.equals(cog));
  assert.equal(kept.document.sha256, crypto.createHash("sha256").update(cog).digest("hex"));
  assert.equal(typeof kept.document.bands[0].statistics.mean, "number");
  for (const [folder, ...flags] of [["a", "--cogs", "rewrite"], ["b", "--compress", "zstd"]]) {
    const encoded = await again(folder, ...flags);
    assert.equal(encoded.document.made, "encoded");
    assert.ok(!encoded.bytes.equals(cog), folder);
  }
  const twice = await granary(["cog", "out/g/t.tif", "-o", "kept"], { cwd });
  assert.equal(twice.code, 2);
  assert.match(twice.stderr, /kept\/t\.tif: exists already/);
});

/** Where the first chunk of UVAerosolIndex lies in the file, by h5py. */
const DAMAGED_AT = 413_671;

Deno.test({
  name: "a damaged variable does not lose the others: it is listed, and the command ends with 3",
  ignore: !hasSharedData,
  fn: async () => {
    const cwd = temporaryFolder("granary-cog-");
    const bytes = fs.readFileSync(sharedData("omi/OMI-Aura_L3-OMTO3d_2016m0331_v003.he5"));
    bytes.fill(0xff, DAMAGED_AT, DAMAGED_AT + 1000);
    fs.writeFileSync(path.join(cwd, "d.he5"), bytes);
    const { code, stderr } = await granary(["cog", "d.he5", "-o", "out"], { cwd });
    assert.equal(code, 3, stderr);
    assert.match(stderr, /d\.he5:\/HDFEOS.*UVAerosolIndex: /);
    assert.match(stderr, /1 variable could not be converted/);
    assert.deepEqual(filesBelow(path.join(cwd, "out/d")), [
      "ColumnAmountO3.tif",
      "RadiativeCloudFraction.tif",
      "SolarZenithAngle.tif",
      "ViewingZenithAngle.tif",
    ]);
    const alone = await granary(["cog", "d.he5:UVAerosolIndex", "-o", "alone"], { cwd });
    assert.notEqual(alone.code, 0);
    assert.deepEqual(fs.existsSync(path.join(cwd, "alone")), false);
  },
});

Deno.test("a signature in an address is asked with, and stands in nothing that is printed", async () => {
  const cwd = folderWith("g.nc");
  assert.equal((await granary(["cog", "g.nc:class", "-o", "out"], { cwd })).code, 0);
  const cog = new Uint8Array(fs.readFileSync(path.join(cwd, "out/g/class.tif")));
  const server = await Loopback.start((request, response) => {
    if (request.url?.startsWith("/c.tif?sig=hidden")) return server.sendFile(request, response, cog);
    response.writeHead(404).end();
  });
  try {
    const [there, gone] = ["c.tif", "gone.tif"].map((name) => `${server.url}/${name}?sig=hidden`);
    const asked = async (...args: string[]) => {
      const { code, stdout, stderr } = await granary(args, { cwd });
      assert.doesNotMatch(stdout + stderr, /hidden/, args.join(" "));
      return code;
    };
    assert.equal(await asked("cog", there, gone, "-o", "far", "--json"), 3);
    assert.deepEqual(new Uint8Array(fs.readFileSync(path.join(cwd, "far/c.tif"))), cog);
    assert.equal(await asked("cog", gone, "-o", "far"), 2);
    assert.equal(await asked("cog", "validate", there, "--json"), 0);
    assert.equal(await asked("cog", "validate", there, gone), 2);
    assert.equal(await asked("cog", "info", there), 0);
    assert.equal(await asked("stac", "item", there, "--datetime", "2024-01-01T00:00:00Z"), 0);
  } finally {
    await server.stop();
  }
});

Deno.test("a bucket that is not there is told once, whatever would go there", async () => {
  const cwd = folderWith("a.nc", "b.nc");
  const s3 = await Loopback.start((_, response) => {
    response.writeHead(404, { "content-type": "application/xml" });
    response.end("<Error><Code>NoSuchBucket</Code></Error>");
  });
  const env = {
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_ACCESS_KEY_ID: "AKID",
    AWS_SECRET_ACCESS_KEY: "example",
    AWS_REGION: "us-west-2",
  };
  try {
    for (const more of [[], ["--overwrite"]]) {
      const { code, stderr } = await granary(["cog", "a.nc", "b.nc", "-o", "s3://gone/cogs", ...more], {
        cwd,
        env,
      });
      assert.equal(code, 2, stderr);
      assert.match(stderr, /^granary: s3:\/\/gone\/cogs: there is no such bucket/m);
      assert.equal(stderr.match(/no such bucket/g)?.length, 1);
    }
  } finally {
    await s3.stop();
  }
});
