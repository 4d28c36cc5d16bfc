import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createIceSheet } from "../../../../products/simulate/ice_sheet.ts";
import { EPOCH_MS, orbitAt, TRACKS_PER_CYCLE } from "../../../../products/simulate/orbit.ts";
import { choosePasses, granuleName, simulate } from "../../../../products/simulate/simulate.ts";
import {
  beamOffset,
  BEAMS,
  FLOAT_FILL,
  iceShare,
  simulateBeam,
  stretchOf,
} from "../../../../products/simulate/track.ts";

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-simulate-"));
  try {
    await run(folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

const digest = (file: string) => createHash("sha256").update(fs.readFileSync(file)).digest("hex");

/** The calls of h5wasm by which a written file is read back. */
interface Reader {
  ready: Promise<{ FS: { writeFile(path: string, bytes: Uint8Array): void } }>;
  File: new (path: string, mode: "r") => {
    get(path: string): {
      value: ArrayLike<number>;
      attrs: Record<string, { value: unknown }>;
      metadata: { chunks: number[] };
      filters: { id: number; cd_values: number[] }[];
    } | null;
    attrs: Record<string, { value: unknown }>;
    keys(): string[];
    close(): void;
  };
}

Deno.test("a region's granule starts within a minute of the real one of that name", () => {
  // Names of real granules: start time, track, cycle, region.
  const names = [
    "ATL06_20190416093911_02770303_002_01.h5",
    "ATL06_20190424220725_04070305_002_01.h5",
    "ATL06_20190613193602_11690305_002_01.h5",
    "ATL06_20181015100401_02560110_003_01.h5",
  ];
  for (const name of names) {
    const [, time, place] = name.split("_") as [string, string, string];
    const track = Number(place.slice(0, 4)),
      cycle = Number(place.slice(4, 6)),
      region = Number(place.slice(6));
    const orbit = orbitAt((cycle - 1) * TRACKS_PER_CYCLE + track - 1);
    const simulated = granuleName(stretchOf(orbit, region)).split("_");
    assert.equal(simulated[2], place);
    const ms = (text: string) => Date.parse(text.replace(/(....)(..)(..)(..)(..)(..)/, "$1-$2-$3T$4:$5:$6Z"));
    assert.ok(Math.abs(ms(simulated[1]) - ms(time)) < 60_000, `${simulated[1]} for ${time}`);
  }
});

Deno.test("the ice sheets stand where the real ones do, highest inland", () => {
  const antarctica = createIceSheet("antarctica", 0), greenland = createIceSheet("greenland", 0);
  // Dome Argus, Summit; the real heights are 4,090 m and 3,210 m.
  assert.ok(Math.abs(antarctica.height(-80.4, 77.4) - 4090) < 500);
  assert.ok(Math.abs(greenland.height(72.6, -38.5) - 3210) < 500);
  assert.ok(antarctica.height(-80.4, 77.4) > antarctica.height(-70.5, 77.4));
  assert.ok(Number.isFinite(antarctica.height(-89.99, 0)) && Number.isFinite(antarctica.height(-85, 180)));
  for (const [latitude, longitude] of [[-60, 0], [-72, -160], [0, 0], [70, -40]]) {
    assert.ok(Number.isNaN(antarctica.height(latitude, longitude)), `${latitude} ${longitude}`);
  }
  assert.ok(Number.isNaN(greenland.height(65, -20)) && Number.isNaN(greenland.height(60, 10)));
});

Deno.test("heights do not jump across the antimeridian's seam", () => {
  const sheet = createIceSheet("antarctica", 0);
  for (const latitude of [-85.5, -86.5, -88]) {
    const west = sheet.height(latitude, 179.999), east = sheet.height(latitude, -179.999);
    assert.ok(Math.abs(west - east) < 5, `${latitude}: ${west} ${east}`);
  }
});

Deno.test("beams keep their order and distances: pairs 3.3 km apart, 90 m within", () => {
  assert.deepEqual(BEAMS.map(beamOffset), [3345, 3255, 45, -45, -3255, -3345]);
});

Deno.test("a beam's columns are sane: on the ice, in order, fill only where the flag warns", () => {
  const sheet = createIceSheet("antarctica", 3);
  const [stretch] = choosePasses(sheet, 1, 0);
  const beam = simulateBeam(stretch, "gt1r", sheet, { every: 20, seed: 3 });
  const rows = beam.latitude.length;
  assert.ok(rows > 500);
  let fills = 0, bad = 0;
  for (let i = 0; i < rows; i++) {
    assert.ok(!Number.isNaN(sheet.height(beam.latitude[i], beam.longitude[i])));
    if (i > 0) {
      assert.ok(beam.deltaTime[i] > beam.deltaTime[i - 1]);
      assert.ok(beam.segmentId[i] > beam.segmentId[i - 1]);
    }
    if (beam.quality[i] === 1) bad += 1;
    if (beam.height[i] === Math.fround(FLOAT_FILL)) {
      fills += 1;
      assert.equal(beam.quality[i], 1);
      assert.equal(beam.heightSigma[i], Math.fround(FLOAT_FILL));
    } else assert.ok(beam.height[i] > -100 && beam.height[i] < 5000 && beam.heightSigma[i] > 0);
  }
  assert.ok(fills > 0 && fills < bad && bad < rows / 2);
});

Deno.test("passes are flown in order, each over ice", () => {
  const sheet = createIceSheet("greenland", 0);
  const passes = choosePasses(sheet, 12, 189_302_400);
  assert.equal(passes.length, 12);
  assert.equal(new Set(passes.map(granuleName)).size, 12);
  for (const pass of passes) assert.ok(iceShare(pass, sheet) >= 0.02);
  const names = passes.map(granuleName);
  assert.deepEqual([...names].sort(), names);
});

Deno.test("the same seed gives the same bytes at any time, another seed others", () =>
  inFolder(async (folder) => {
    const options = { granules: 2, rows: 300 };
    const first = await simulate(path.join(folder, "a"), options);
    // HDF5 notes the time at which objects are made, to the second.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const again = await simulate(path.join(folder, "b"), options);
    const other = await simulate(path.join(folder, "c"), { ...options, seed: 1 });
    assert.deepEqual(first.map((file) => digest(file.path)), again.map((file) => digest(file.path)));
    assert.notEqual(digest(first[0].path), digest(other[0].path));
    assert.equal(path.basename(first[0].path), path.basename(other[0].path));
  }));

Deno.test("a file has the product's layout: chunks of 10,000, deflate 6, no shuffle, units and fill", () =>
  inFolder(async (folder) => {
    const [file] = await simulate(folder, { granules: 1, rows: 500 });
    const h5wasm = await import("h5wasm") as unknown as Reader;
    const { FS } = await h5wasm.ready;
    FS.writeFile("/read.h5", fs.readFileSync(file.path));
    const opened = new h5wasm.File("/read.h5", "r");
    try {
      assert.deepEqual(opened.keys().filter((name) => name.startsWith("gt")), [...BEAMS]);
      assert.equal(opened.attrs.short_name.value, "ATL06");
      const height = opened.get("gt2l/land_ice_segments/h_li")!;
      assert.deepEqual(height.metadata.chunks, [10_000]);
      assert.deepEqual(height.filters.map(({ id, cd_values }) => [id, [...cd_values]]), [[1, [6]]]);
      assert.equal(height.attrs.units.value, "meters");
      assert.equal(height.attrs._FillValue.value, Math.fround(FLOAT_FILL));
      const seconds = opened.get("gt2l/land_ice_segments/delta_time")!.value;
      const start = Date.parse(String(opened.attrs.time_coverage_start.value));
      const end = Date.parse(String(opened.attrs.time_coverage_end.value));
      assert.ok(EPOCH_MS + seconds[0] * 1000 >= start - 1);
      assert.ok(EPOCH_MS + seconds[seconds.length - 1] * 1000 <= end + 1);
    } finally {
      opened.close();
    }
  }));

Deno.test("what cannot be simulated is refused before anything is written", () =>
  inFolder(async (folder) => {
    const target = path.join(folder, "new");
    const refused = (options: Parameters<typeof simulate>[1], message: RegExp) =>
      assert.rejects(simulate(target, options), message);
    await refused({ granules: 0 }, /granules 0 is out of range/);
    await refused({ rows: 1.5 }, /rows 1.5 is out of range/);
    await refused({ start: "yesterday" }, /start "yesterday" is not a day/);
    await refused({ sheet: "iceland" as never }, /"iceland" is no ice sheet/);
    assert.equal(fs.existsSync(target), false);
    await simulate(target, { granules: 1, rows: 50 });
    await refused({ granules: 2, rows: 50 }, /exists already/);
    assert.equal(fs.readdirSync(target).length, 1);
  }));

Deno.test("an abort ends the simulation between two files", () =>
  inFolder(async (folder) => {
    const controller = new AbortController();
    const onGranule = () => controller.abort(new Error("enough"));
    await assert.rejects(
      simulate(folder, { granules: 5, rows: 50, signal: controller.signal, onGranule }),
      /enough/,
    );
    assert.equal(fs.readdirSync(folder).length, 1);
  }));

Deno.test("an abort ends the simulation of one granule between its beams, and leaves nothing", () =>
  inFolder(async (folder) => {
    const controller = new AbortController();
    const made = simulate(folder, { granules: 1, rows: 50, signal: controller.signal });
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    controller.abort(new Error("enough"));
    await assert.rejects(made, /enough/);
    assert.deepEqual(fs.readdirSync(folder), []);
  }));
