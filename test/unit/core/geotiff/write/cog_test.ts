import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { openFileSource } from "../../../../../core/access/file_source.ts";
import { openTarget } from "../../../../../core/access/targets.ts";
import { openGrids } from "../../../../../core/grids/open_grids.ts";
import { SourceOpener } from "../../../../../core/access/open.ts";
import { writeCog } from "../../../../../core/geotiff/write/cog.ts";
import type { CogOptions } from "../../../../../core/geotiff/write/plan.ts";
import type { Grid, GridValues } from "../../../../../core/raster/grid.ts";
import { memoryGrid } from "../../../../support/memory_grid.ts";

function inFolder(run: (folder: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-cog-"));
    try {
      await run(folder);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  };
}

function write(grid: Grid, folder: string, key: string, options: CogOptions = {}) {
  return writeCog(grid, openTarget(folder, new SourceOpener({ env: {} })), key, options);
}

const sha256 = (file: string) => crypto.createHash("sha256").update(fs.readFileSync(file)).digest("hex");

/** Hills with a rough face, the same at every call. */
function hills(width: number, height: number): Float32Array {
  return Float32Array.from({ length: width * height }, (_, i) => {
    const x = i % width, y = (i - x) / width;
    return Math.fround(100 * Math.sin(x / 50) * Math.cos(y / 70) + (x * 31 + y * 17) % 11);
  });
}

function hillsGrid(width: number, height: number) {
  return memoryGrid({ width, height, dtype: "float32", planes: [hills(width, height)], nodata: -9999 });
}

/** What a classic TIFF's directories say, and the bytes around its tiles. */
function parse(file: string) {
  const bytes = fs.readFileSync(file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const directories: { at: number; tags: Map<number, number[]> }[] = [];
  for (let at = view.getUint32(4, true); at !== 0;) {
    const tags = new Map<number, number[]>();
    const count = view.getUint16(at, true);
    for (let i = 0; i < count; i++) {
      const entry = at + 2 + i * 12;
      const type = view.getUint16(entry + 2, true), length = view.getUint32(entry + 4, true);
      const width = ({ 2: 1, 3: 2, 4: 4, 12: 8 } as Record<number, number>)[type];
      const start = width * length <= 4 ? entry + 8 : view.getUint32(entry + 8, true);
      tags.set(
        view.getUint16(entry, true),
        Array.from({ length }, (_, k) => {
          const place = start + k * width;
          if (type === 3) return view.getUint16(place, true);
          if (type === 4) return view.getUint32(place, true);
          return type === 12 ? view.getFloat64(place, true) : bytes[place];
        }),
      );
    }
    directories.push({ at, tags });
    at = view.getUint32(at + 2 + count * 12, true);
  }
  return { bytes, view, directories };
}

Deno.test(
  "headers come first, the smallest overview next, and every tile stands between its length and its end",
  inFolder(async (folder) => {
    const summary = await write(hillsGrid(1300, 1025), folder, "a.tif");
    const { bytes, view, directories } = parse(path.join(folder, "a.tif"));
    assert.equal(bytes.length, summary.sizeBytes);
    assert.equal(sha256(path.join(folder, "a.tif")), summary.sha256);
    assert.match(
      bytes.toString("latin1", 8, 192),
      /^GDAL_STRUCTURAL_METADATA_SIZE=000140 bytes\nLAYOUT=IFDS_BEFORE_DATA\n/,
    );
    assert.equal(directories[0].at, 192);
    const sizes = directories.map(({ tags }) => [tags.get(256)![0], tags.get(257)![0]]);
    assert.deepEqual(sizes, [[1300, 1025], [650, 513], [325, 257]]);
    assert.deepEqual(summary.levels, sizes.map(([width, height]) => ({ width, height })));
    const ends = directories.map(({ at }) => at);
    let at = Infinity;
    for (const { tags } of [...directories].reverse()) {
      const offsets = tags.get(324)!, lengths = tags.get(325)!;
      offsets.forEach((offset, i) => {
        assert.equal(view.getUint32(offset - 4, true), lengths[i]);
        const end = offset + lengths[i];
        assert.deepEqual(bytes.subarray(end, end + 4), bytes.subarray(end - 4, end));
        if (at !== Infinity) assert.equal(offset - 4, at);
        assert.ok(offset > Math.max(...ends));
        at = end + 4;
      });
    }
    assert.equal(at, bytes.length);
  }),
);

Deno.test(
  "the bytes are the same for any number of workers, any memory and any cut of reading",
  inFolder(async (folder) => {
    const grid = hillsGrid(1700, 1600);
    const whole = await write(grid, folder, "whole.tif");
    assert.equal(grid.cellsRead, 1700 * 1600, "a grid that fits is read once");
    const many = await write(hillsGrid(1700, 1600), folder, "many.tif", { workers: 3 });
    const tight = await write(hillsGrid(1700, 1600), folder, "tight.tif", {
      memoryBytes: 1 << 20,
      workers: 2,
      scratch: folder,
    });
    assert.equal(many.sha256, whole.sha256);
    assert.equal(tight.sha256, whole.sha256);
    assert.deepEqual(fs.readdirSync(folder).sort(), ["many.tif", "tight.tif", "whole.tif"]);
  }),
);

Deno.test(
  "tiles of nodata only take no room, unless nodata is NaN",
  inFolder(async (folder) => {
    const values = new Float32Array(1024 * 512).fill(-9999);
    values[1024 * 3] = 5;
    const facts = { width: 1024, height: 512, dtype: "float32" as const };
    await write(memoryGrid({ ...facts, planes: [values], nodata: -9999 }), folder, "sparse.tif");
    const { directories: [full, half] } = parse(path.join(folder, "sparse.tif"));
    assert.deepEqual(full.tags.get(325)!.map((length) => length > 0), [true, false]);
    assert.equal(full.tags.get(324)![1], 0);
    assert.equal(half.tags.get(325)!.length, 1);
    await write(memoryGrid({ ...facts, planes: [values.fill(NaN)], nodata: NaN }), folder, "nan.tif");
    assert.ok(
      parse(path.join(folder, "nan.tif")).directories[0].tags.get(325)!.every((length) => length > 0),
    );
  }),
);

Deno.test(
  "an existing file is left as it is, unless it may be replaced",
  inFolder(async (folder) => {
    fs.writeFileSync(path.join(folder, "a.tif"), "mine");
    await assert.rejects(
      write(hillsGrid(20, 20), folder, "a.tif"),
      /a\.tif: exists already; nothing was changed/,
    );
    assert.equal(fs.readFileSync(path.join(folder, "a.tif"), "utf8"), "mine");
    assert.deepEqual(fs.readdirSync(folder), ["a.tif"]);
    const { sha256: reported } = await write(hillsGrid(20, 20), folder, "a.tif", { replace: true });
    assert.equal(sha256(path.join(folder, "a.tif")), reported);
  }),
);

Deno.test(
  "a grid whose reading fails leaves nothing behind",
  inFolder(async (folder) => {
    const grid = hillsGrid(1700, 1600);
    const read = grid.readWindow.bind(grid);
    grid.readWindow = (request) =>
      request.y > 600 ? Promise.reject(new Error("the disk is gone")) : read(request);
    const options = { memoryBytes: 1 << 20, workers: 2, scratch: folder };
    await assert.rejects(write(grid, folder, "a.tif", options), /the disk is gone/);
    assert.deepEqual(fs.readdirSync(folder), []);
  }),
);

Deno.test(
  "statistics leave out nodata and NaN, and NaN beside nodata is written as nodata and counted",
  inFolder(async (folder) => {
    const planes = [Float32Array.of(1, 2, 3, 4, NaN, -9999)];
    const grid = memoryGrid({ width: 3, height: 2, dtype: "float32", planes, nodata: -9999 });
    const { bands: [band], nodata } = await write(grid, folder, "a.tif");
    assert.equal(nodata, -9999);
    assert.equal(band.nanFilled, 1);
    assert.deepEqual(band.statistics, {
      count: 4,
      validPercent: 100 * 4 / 6,
      minimum: 1,
      maximum: 4,
      mean: 2.5,
      stddev: Math.sqrt(1.25),
    });
    assert.deepEqual(band.histogram, { minimum: 1, maximum: 4, buckets: [1, 0, 0, 1, 0, 0, 1, 0, 0, 1] });
    const small = memoryGrid({
      width: 3,
      height: 2,
      dtype: "int16",
      planes: [Int16Array.of(1, 2, 3, 4, -9999, -9999)],
      nodata: -9999,
    });
    const { bands: [counted] } = await write(small, folder, "b.tif");
    assert.deepEqual(counted.statistics, band.statistics);
    assert.deepEqual(counted.histogram, band.histogram);
  }),
);

Deno.test(
  "physical values are float32 with NaN for nodata, and have no scale left",
  inFolder(async (folder) => {
    const grid = memoryGrid({
      width: 2,
      height: 2,
      dtype: "int16",
      planes: [Int16Array.of(100, 200, -1, 300)],
      nodata: -1,
      bands: [{ scale: 0.5, offset: 10, unit: "K" }],
    });
    const { dtype, nodata, bands: [band] } = await write(grid, folder, "a.tif", { values: "physical" });
    assert.equal(dtype, "float32");
    assert.ok(Number.isNaN(nodata));
    assert.deepEqual([band.scale, band.offset, band.unit], [1, 0, "K"]);
    assert.deepEqual([band.statistics.minimum, band.statistics.maximum, band.statistics.count], [60, 160, 3]);
  }),
);

Deno.test(
  "masked cells get nodata, and are refused where there is none to give",
  inFolder(async (folder) => {
    const facts = {
      width: 2,
      height: 1,
      dtype: "uint8" as const,
      planes: [Uint8Array.of(7, 9)],
      mask: Uint8Array.of(1, 0),
    };
    const { bands: [band] } = await write(memoryGrid({ ...facts, nodata: 255 }), folder, "a.tif");
    assert.equal(band.statistics.maximum, 7);
    await assert.rejects(write(memoryGrid(facts), folder, "b.tif"), /cells are masked.*--nodata/);
    const { nodata } = await write(memoryGrid(facts), folder, "b.tif", { nodata: 0 });
    assert.equal(nodata, 0);
  }),
);

Deno.test("overviews are the mode where names tell of classes, the average elsewhere", async () => {
  const facts = { width: 600, height: 1, dtype: "uint8" as const, planes: [new Uint8Array(600)] };
  await inFolder(async (folder) => {
    const method = async (name: string, more: object = {}) => {
      const grid = memoryGrid({ ...facts, ...more, name });
      return (await write(grid, folder, "a.tif", { replace: true })).overviews;
    };
    assert.equal(await method("/grid/QualityFlags"), "mode");
    assert.equal(await method("/grid/Fmask"), "mode");
    assert.equal(await method("/flags/reflectance"), "average");
    assert.equal(await method("/grid/quality", { bands: [{ scale: 0.1 }] }), "average");
    assert.equal(await method("", { bands: [{ unit: "class" }] }), "mode");
  })();
});

Deno.test(
  "a system without keys in GeoTIFF is refused before anything is written",
  inFolder(async (folder) => {
    const crs = {
      code: null,
      proj4: "+proj=geos +h=35785831 +lon_0=0 +datum=WGS84",
      geographic: false,
      name: "the disk of a satellite",
      wkt: null,
    };
    const grid = memoryGrid({ width: 1, height: 1, dtype: "uint8", planes: [new Uint8Array(1)], crs });
    await assert.rejects(
      write(grid, folder, "a.tif"),
      /the disk of a satellite: no GeoKeys are written of its projection "geos"/,
    );
    assert.equal(grid.cellsRead, 0);
    assert.deepEqual(fs.readdirSync(folder), []);
  }),
);

Deno.test(
  "what is written of bands is read back, signs of XML included",
  inFolder(async (folder) => {
    const band = { scale: 0.1, offset: -3, unit: 'K <&"', description: "sea & <skin>" };
    const planes = [Int16Array.of(1, 2, 3, -1)];
    const grid = memoryGrid({ width: 2, height: 2, dtype: "int16", planes, nodata: -1, bands: [band] });
    await write(grid, folder, "a.tif");
    const file = await openGrids(await openFileSource(path.join(folder, "a.tif")), "a.tif");
    try {
      const [read] = file.grids;
      assert.deepEqual([read.nodata, read.affine, read.crs.code], [-1, grid.affine, "EPSG:4326"]);
      const { scale, offset, unit, description } = read.bands[0];
      assert.deepEqual({ scale, offset, unit, description }, band);
      const { bands } = await read.readWindow({ level: 0, x: 0, y: 0, width: 2, height: 2 });
      assert.deepEqual(bands[0], planes[0]);
    } finally {
      await file.close();
    }
  }),
);

Deno.test(
  "colours of classes are written with every level, which are their modes; unpacked values have none",
  inFolder(async (folder) => {
    const colourTable = Array.from({ length: 48 }, (_, i) => i * 1000);
    const planes = [Uint8Array.from({ length: 600 * 600 }, (_, i) => i % 16)];
    const grid = { ...memoryGrid({ width: 600, height: 600, dtype: "uint8", planes }), colourTable };
    const { overviews } = await write(grid, folder, "a.tif");
    assert.equal(overviews, "mode");
    const read = async (key: string) => {
      const file = await openGrids(await openFileSource(path.join(folder, key)), key);
      await file.close();
      return file.grids[0];
    };
    const wanted = [0, 1, 2].flatMap((colour) => [
      ...colourTable.slice(colour * 16, colour * 16 + 16),
      ...new Array(240).fill(0),
    ]);
    const made = await read("a.tif");
    assert.deepEqual(made.colourTable, wanted);
    assert.equal(made.levels.length, 2);
    await write(grid, folder, "b.tif", { values: "physical" });
    assert.equal((await read("b.tif")).colourTable, null);
  }),
);

Deno.test(
  "a column of cells has no overviews, of which validators know no half; a row has",
  inFolder(async (folder) => {
    const levels = async (width: number, height: number) => {
      const grid = memoryGrid({ width, height, dtype: "uint8", planes: [new Uint8Array(width * height)] });
      return (await write(grid, folder, `${width}.tif`)).levels.map((level) => level.width);
    };
    assert.deepEqual(await levels(1, 600), [1]);
    assert.deepEqual(await levels(3, 2100), [3, 2, 1]);
    assert.deepEqual(await levels(600, 1), [600, 300]);
  }),
);

Deno.test(
  "a read that fails and writes all the same disturbs no other file",
  inFolder(async (folder) => {
    const [width, height] = [700, 600];
    const whole = hillsGrid(width, height);
    await write(whole, folder, "expected.tif");
    let written = 0;
    const readLate = (into: readonly GridValues[] | undefined) =>
      setTimeout(() => into?.forEach((values) => written += values.fill(99).length), 20);
    const failing: Grid = {
      ...whole,
      readWindow(request) {
        readLate(request.into);
        return Promise.reject(new Error("the network went away"));
      },
    };
    const slow: Grid = {
      ...whole,
      async readWindow(request) {
        const window = await whole.readWindow(request);
        window.bands.forEach((values, band) => request.into?.[band].set(values));
        await new Promise((resolve) => setTimeout(resolve, 60));
        return { ...window, bands: request.into ?? window.bands };
      },
    };
    await assert.rejects(write(failing, folder, "none.tif"), /network went away/);
    await write(slow, folder, "slow.tif");
    assert.equal(written, width * height);
    assert.equal(sha256(path.join(folder, "slow.tif")), sha256(path.join(folder, "expected.tif")));
  }),
);
