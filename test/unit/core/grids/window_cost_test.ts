/** What windows cost: bytes of the chunks that they touch, each decoded once. Costs are counted, not timed. */
import assert from "node:assert/strict";
import { openGrids } from "../../../../core/grids/open_grids.ts";
import { planReads, type StoredLayout } from "../../../../core/grids/stored_window.ts";
import { writeHdf5 } from "../hdf5/write_hdf5.ts";
import { axis, countedSource, steps } from "./grid_files.ts";

const NORTH = { flipX: false, flipY: false, roll: 0 };

/** Numbers that do not compress: the multiplicative hash of their place. */
function noise(count: number, from: number): Int16Array {
  return Int16Array.from({ length: count }, (_, i) => Math.imul(i + from, 2654435761) >>> 15);
}

Deno.test("a window of 9000 by 18000 cells costs the chunks it touches and the way to them", async () => {
  const chunk = 1000;
  const bytes = await writeHdf5((file) => {
    axis(file, "lat", steps(-89.99, 0.02, 9000), { units: "degrees_north" }, Float32Array);
    axis(file, "lon", steps(-179.99, 0.02, 18000), { units: "degrees_east" }, Float32Array);
    const made = file.create_dataset({
      name: "sst",
      data: noise(chunk * chunk, 0),
      shape: [chunk, chunk],
      maxshape: [null, null],
      chunks: [chunk, chunk],
      compression: 1,
    });
    made.resize([9000, 18000]);
    for (let i = 1; i < 6; i++) {
      made.write_slice([[i * chunk, (i + 1) * chunk], [0, chunk]], noise(chunk * chunk, i * 1e6));
    }
  });
  const source = countedSource(bytes);
  const { grids: [grid] } = await openGrids(source, "made.nc");
  assert.deepEqual([grid.width, grid.height], [18000, 9000]);
  assert.deepEqual(grid.levels, [{ width: 18000, height: 9000, blockWidth: chunk, blockHeight: chunk }]);
  assert.ok(source.bytesRead < 400_000, `${source.bytesRead} bytes to open`);
  const before = source.bytesRead;
  const { bands: [window] } = await grid.readWindow({
    level: 0,
    x: 300,
    y: 8000 + 300,
    width: 512,
    height: 512,
  });
  const [stored] = [noise(chunk * chunk, 0)];
  // Latitudes rise: the oriented row 8300 is the stored row 9000 - 1 - 8300.
  assert.equal(window[0], stored[(9000 - 1 - 8300) * chunk + 300]);
  assert.equal(window[512 * 512 - 1], stored[(9000 - 1 - 8811) * chunk + 811]);
  const cost = source.bytesRead - before;
  const index = 2 * 65536; // the nodes of the B-tree of chunks
  assert.ok(cost <= 2 * chunk * chunk * 1.001 + index, `${cost} bytes for a chunk of ${2 * chunk * chunk}`);
  assert.ok(bytes.length > 5 * cost);
  const empty = await grid.readWindow({ level: 0, x: 9000, y: 0, width: 256, height: 256 });
  assert.ok(empty.bands[0].every((value) => value === 0));
  assert.equal(source.bytesRead - before, cost, "places that were never written cost nothing");
});

/** The chunks that a read decodes. */
function chunksOf(chunks: readonly number[], start: readonly number[], count: readonly number[]): string[] {
  let found = [""];
  chunks.forEach((size, axis) => {
    const first = Math.floor(start[axis] / size);
    const last = Math.floor((start[axis] + count[axis] - 1) / size);
    found = found.flatMap((key) => Array.from({ length: last - first + 1 }, (_, i) => `${key}/${first + i}`));
  });
  return found;
}

Deno.test("no chunk is in two reads of a window, whatever its bands and the seam of its longitudes", () => {
  const layouts: [Partial<StoredLayout>, number[]][] = [
    [{ shape: [10, 90, 360], chunks: [4, 30, 70], xAxis: 2, yAxis: 1, bandAxes: [0] }, [0, 1, 2, 9]],
    [{ shape: [3, 360, 90, 4], chunks: [1, 50, 45, 4], xAxis: 1, yAxis: 2, bandAxes: [0, 3] }, [0, 5, 11]],
    [{ shape: [90, 360], chunks: [90, 360], xAxis: 1, yAxis: 0, bandAxes: [] }, [0]],
  ];
  for (const [layout, bands] of layouts) {
    for (const roll of [0, 180, 200]) {
      for (const flip of [false, true]) {
        for (const [x, width] of [[0, 360], [150, 60], [170, 20], [0, 10]]) {
          const orientation = { flipX: flip, flipY: flip, roll };
          const whole = { elementBytes: 4, ...layout, orientation } as StoredLayout;
          const reads = planReads(whole, { x, y: 10, width, height: 70, bands });
          const decoded = reads.flatMap(({ start, count }) => chunksOf(whole.chunks ?? [], start, count));
          assert.equal(
            new Set(decoded).size,
            decoded.length,
            JSON.stringify({ layout, roll, flip, x, width }),
          );
          const cells = reads.flatMap(({ copies }) => copies)
            .reduce((sum, { rows, columns }) => sum + rows * columns, 0);
          assert.equal(cells, width * 70 * bands.length);
        }
      }
    }
  }
});

Deno.test("a long window is read in parts that end where chunks do", () => {
  const layout: StoredLayout = {
    ...{ shape: [9000, 18000], chunks: [450, 18000], elementBytes: 2, xAxis: 1, yAxis: 0, bandAxes: [] },
    orientation: NORTH,
  };
  const reads = planReads(layout, { x: 0, y: 100, width: 18000, height: 8000, bands: [0] });
  assert.equal(reads[0].start[0], 100);
  for (const { start } of reads.slice(1)) assert.equal(start[0] % 450, 0);
  for (const { count } of reads) assert.ok(count[0] * count[1] * 2 <= 32 << 20);
  assert.equal(reads.reduce((sum, { count }) => sum + count[0], 0), 8000);
});

Deno.test("a window of a contiguous variable costs its rows", async () => {
  const bytes = await writeHdf5((file) => {
    axis(file, "y", steps(1000, -1, 1000), { units: "m" });
    axis(file, "x", steps(0, 1, 2000), { units: "m" });
    const made = file.create_dataset({ name: "v", data: noise(2e6, 0), shape: [1000, 2000] });
    made.create_attribute("DimensionNames", "y,x");
  });
  const source = countedSource(bytes);
  const { grids: [grid] } = await openGrids(source, "made.nc", { crs: "EPSG:32615" });
  const before = source.bytesRead;
  const { bands: [window] } = await grid.readWindow({ level: 0, x: 500, y: 20, width: 10, height: 3 });
  assert.deepEqual(window.slice(0, 10), noise(10, 20 * 2000 + 500));
  assert.deepEqual(window.slice(20), noise(10, 22 * 2000 + 500));
  assert.ok(source.bytesRead - before <= 3 * 4000, `${source.bytesRead - before} bytes`);
});

Deno.test("steps in chunks of their own are fetched all at once", async () => {
  const shape = [40, 100, 200];
  const bytes = await writeHdf5((file) => {
    axis(file, "lat", steps(0, 0.1, 100), { units: "degrees_north" });
    axis(file, "lon", steps(0, 0.1, 200), { units: "degrees_east" });
    for (const name of ["a", "b", "c"]) {
      const made = file.create_dataset({
        name,
        data: noise(40 * 20_000, 0),
        shape,
        chunks: [1, 100, 200],
        compression: 1,
      });
      made.create_attribute("DimensionNames", "time,lat,lon");
    }
  });
  const source = countedSource(bytes);
  const file = await openGrids(source, "made.nc");
  const before = source.requests;
  const { bands } = await file.grids[0].readWindow({ level: 0, x: 10, y: 10, width: 50, height: 50 });
  assert.equal(bands.length, 40);
  assert.ok(source.requests - before <= 4, `${source.requests - before} requests for 40 chunks`);
  await file.close();
});

Deno.test("bands that share chunks are decoded once when they are read one by one", async () => {
  const bytes = await writeHdf5((file) => {
    axis(file, "lat", steps(0, 0.1, 400), { units: "degrees_north" });
    axis(file, "lon", steps(0, 0.1, 500), { units: "degrees_east" });
    file.create_dataset({
      name: "v",
      data: noise(12 * 200_000, 0),
      shape: [12, 400, 500],
      chunks: [4, 200, 500],
      compression: 1,
    })
      .create_attribute("DimensionNames", "time,lat,lon");
  });
  const source = countedSource(bytes);
  const file = await openGrids(source, "made.nc");
  const [grid] = file.grids;
  const whole = { level: 0, x: 0, y: 0, width: 500, height: 400 };
  const all = await grid.readWindow(whole);
  const costs: number[] = [];
  for (const band of [0, 1, 2, 3, 4, 8, 9, 0]) {
    const before = source.requests;
    const { bands: [plane] } = await grid.readWindow({ ...whole, bands: [band] });
    assert.deepEqual(plane, all.bands[band], `band ${band}`);
    costs.push(source.requests - before > 0 ? 1 : 0);
  }
  assert.deepEqual(costs, [1, 0, 0, 0, 1, 1, 0, 1]);
  const part = await grid.readWindow({ level: 0, x: 5, y: 3, width: 7, height: 2, bands: [1] });
  assert.deepEqual([...part.bands[0].slice(0, 7)], [...all.bands[1].slice(3 * 500 + 5, 3 * 500 + 12)]);
  await file.close();
});
