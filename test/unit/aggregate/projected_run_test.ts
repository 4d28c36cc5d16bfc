/**
 * Runs on projected grids: what each cell counts is what formulas of the test's own put there, over windows, areas and
 * tiles; and the bytes depend on nothing else.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { aggregate, type AggregateRequest } from "../../../aggregate/aggregate.ts";
import { parseConfig } from "../../../aggregate/config/parse.ts";
import { localGranules } from "../../../aggregate/local_granules.ts";
import { buildCatalog } from "../../../catalog/write/build.ts";
import { boxArea } from "../../../core/geometry/area.ts";
import { columnAndRow, edgesOf } from "../../../core/projected/grid.ts";
import { openStore } from "../../../core/store/open.ts";
import { writeHdf5 } from "../core/hdf5/write_hdf5.ts";
import { digests, scratchFolder } from "./engine/granules.ts";

const PIPELINE = parseConfig(
  `
data_source:
  groups: ["gt1l", "gt1r"]
  coordinates: {latitude: "/{group}/lat", longitude: "/{group}/lon"}
  variables: {h: "/{group}/h"}
aggregation:
  variables:
    n: {function: count, source: h}
    h_sum: {function: sum, source: h, dtype: float64}
    h_q50: {function: median, source: h, dtype: float64}
output:
  grid: {parent_order: 4, child_order: 11}`,
  "rows.yaml",
).pipeline;

interface Row {
  lon: number;
  lat: number;
  h: number;
  time: number;
}

const DAY = Date.UTC(2020, 5, 1) / 1000;
const EPOCH = Date.UTC(2018, 0, 1) / 1000;

/** Rows on both sides of the antimeridian and of the pole, and some at it; two granules of two beams. */
const ROWS: Row[][] = [0, 1, 2, 3].map((beam) =>
  Array.from({ length: 500 }, (_, i) => ({
    lon: beam < 2
      ? -180 + 360 * ((i * 0.6180339887 + beam * 0.37) % 1)
      : i % 2 === 0
      ? 179.6 + i / 1300
      : -179.8,
    lat: i === 0 ? 90 : 58 + 32 * ((i * 0.7548776662 + beam * 0.11) % 1) ** 0.5,
    h: i % 97 + beam,
    time: DAY + 86400 * (beam + i / 500) * 0.75,
  }))
);

let made: Promise<string> | undefined;

function catalog(): Promise<string> {
  return made ??= (async () => {
    const folder = scratchFolder();
    const files = [];
    for (const granule of [0, 1]) {
      const bytes = await writeHdf5((file) => {
        ["gt1l", "gt1r"].forEach((name, b) => {
          const rows = ROWS[2 * granule + b];
          const beam = file.create_group(name);
          const put = (column: string, of: (row: Row) => number) =>
            beam.create_dataset({ name: column, data: Float64Array.from(rows, of) });
          put("lat", ({ lat }) => lat);
          put("lon", ({ lon }) => lon);
          put("h", ({ h }) => h);
          put("delta_time", ({ time }) => time - EPOCH).create_attribute("units", "seconds since 2018-01-01");
        });
        const text = (seconds: number) => new Date(1000 * seconds).toISOString();
        file.create_attribute("time_coverage_start", text(DAY));
        file.create_attribute("time_coverage_end", text(DAY + 3 * 86400));
      });
      files.push(path.join(folder, `g${granule}.h5`));
      fs.writeFileSync(files[granule], bytes);
    }
    const output = path.join(folder, "catalog.parquet");
    const found = localGranules(files, {
      config: PIPELINE,
      collection: "ROWS.001",
      cellOrder: 8,
      workers: 0,
    });
    await buildCatalog({ rows: found.rows, output, cellOrder: 8, queries: [] });
    await found.close();
    return output;
  })();
}

const GRID = { crs: "EPSG:3413", resolution: 20_000, origin: [3000, -7000], tile: 32 } as const;

async function run(changes: Partial<AggregateRequest> = {}) {
  const store = changes.store ?? path.join(scratchFolder(), "s.zarr");
  const { report, plan } = await aggregate({
    config: PIPELINE,
    catalog: await catalog(),
    workers: 0,
    ...GRID,
    ...changes,
    store,
  });
  return { report: report!, plan, store };
}

/** Polar stereographic of the north on WGS84, true at 70 degrees, from 45 degrees west (Snyder 1987, 21-33 and 21-34). */
function polar(lon: number, lat: number): [x: number, y: number] {
  const a = 6378137, e = Math.sqrt(0.00669437999014), radians = Math.PI / 180;
  const t = (phi: number) =>
    Math.tan(Math.PI / 4 - phi / 2) / ((1 - e * Math.sin(phi)) / (1 + e * Math.sin(phi))) ** (e / 2);
  const parallel = 70 * radians;
  const scale = Math.cos(parallel) / Math.sqrt(1 - (e * Math.sin(parallel)) ** 2);
  const rho = a * scale * t(lat * radians) / t(parallel);
  const turn = (lon + 45) * radians;
  return [rho * Math.sin(turn), -rho * Math.cos(turn)];
}

/** North-west corners of squares, with the rows in them. */
function squares(rows: readonly Row[], side: number): Map<string, Row[]> {
  const [x0, y0] = GRID.origin;
  return Map.groupBy(rows, ({ lon, lat }) => {
    const [x, y] = polar(lon, lat);
    return `${x0 + Math.floor((x - x0) / side) * side},${y0 - Math.floor((y0 - y) / side) * side}`;
  });
}

/** The cells of a store by their north-west corners. */
async function cellsOf(folder: string, variable: string, order: number, step?: number) {
  const whole = await openStore(folder);
  const store = step === undefined ? whole : whole.at(step);
  const grid = { ...GRID, origin: [...GRID.origin] as [number, number] };
  const cells = new Map<string, number>();
  for await (const { ids, values } of store.cells(variable, order)) {
    ids.forEach((id, i) => cells.set(edgesOf(grid, order, columnAndRow(id)).join(","), values[i]));
  }
  await store.close();
  return cells;
}

async function holds(folder: string, rows: readonly Row[], order: number, step?: number): Promise<void> {
  const wanted = squares(rows, GRID.resolution * 2 ** (FINEST - order));
  const counts = await cellsOf(folder, "n", order, step);
  assert.deepEqual([...counts.keys()].sort(), [...wanted.keys()].sort());
  const sums = await cellsOf(folder, "h_sum", order, step);
  for (const [corner, own] of wanted) {
    assert.equal(counts.get(corner), own.length, corner);
    assert.equal(sums.get(corner), own.reduce((sum, { h }) => sum + h, 0), corner);
  }
}

/** 40,960 km are 2,048 cells of 20 km. */
const FINEST = 11;
const ALL = ROWS.flat();

Deno.test("every cell of every level has the rows that lie in its square, around the pole and the antimeridian", async () => {
  const { store, report, plan } = await run({ levels: "4-11" });
  assert.equal(plan.store.layout, "plane");
  assert.equal(report.storeObservations, ALL.length);
  for (const order of [11, 10, 7, 6, 5, 4]) await holds(store, ALL, order);
  const medians = await cellsOf(store, "h_q50", 11);
  for (const [corner, own] of squares(ALL, GRID.resolution)) {
    const sorted = own.map(({ h }) => h).sort((a, b) => a - b);
    const middle = (sorted.length - 1) / 2;
    assert.equal(medians.get(corner), (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2);
  }
});

Deno.test("the bytes depend neither on workers, nor on batches, nor on spilling, nor on what was done again", async () => {
  const changes = { levels: "11,9,5", every: "day", shard: 4 };
  const { store } = await run(changes);
  const wanted = digests(store);
  for (const more of [{ workers: 2, batches: 2 }, { workers: 3, checkpoint: { seconds: 0, share: 0 } }]) {
    assert.deepEqual(digests((await run({ ...changes, ...more })).store), wanted);
  }
  const lost = Object.keys(wanted).filter((key) => /^11\/n\/c\//.test(key));
  fs.rmSync(path.join(store, lost[0]));
  fs.rmSync(path.join(store, "zarr.json"));
  await run({ ...changes, store, mode: "resume" });
  assert.deepEqual(digests(store), wanted);
});

const DEGREES = { crs: "EPSG:4326", resolution: 0.5, origin: [-180, 90], tile: 32 } as const;

/** The cells of a level of a grid in degrees, and of one window of it, count the rows that lie in them. */
async function holdsDegrees(folder: string, rows: readonly Row[], order: number, step?: number) {
  const side = DEGREES.resolution * 2 ** (FINEST - order);
  const wanted = Map.groupBy(rows, ({ lon, lat }) => {
    const x = lon === 180 ? -180 : lon;
    return `${Math.floor((x + 180) / side) * side - 180},${90 - Math.floor((90 - lat) / side) * side}`;
  });
  const whole = await openStore(folder), opened = step === undefined ? whole : whole.at(step);
  const grid = { ...DEGREES, origin: [-180, 90] as [number, number] };
  const own = new Map<string, number>();
  for await (const { ids, values } of opened.cells("n", order)) {
    ids.forEach((id, i) => own.set(edgesOf(grid, order, columnAndRow(id)).join(","), values[i]));
  }
  await whole.close();
  const counts = [...wanted].map(([corner, { length }]) => [corner, length] as [string, number]);
  assert.deepEqual([...own].sort(), counts.sort());
}

Deno.test("on a grid in degrees longitudes meet at the antimeridian, and a pole is in the row beside it", async () => {
  const { store, report, plan } = await run({ ...DEGREES, levels: "11,9,6" });
  assert.equal(report.storeObservations, ALL.length);
  for (const order of [11, 9, 6]) await holdsDegrees(store, ALL, order);
  // Nothing is planned beyond the Earth.
  for (const tile of plan.store.parents) {
    const [west, north] = edgesOf(
      { ...DEGREES, origin: [-180, 90] },
      plan.store.parentOrder,
      columnAndRow(tile),
    );
    assert.ok(west >= -180 && west < 180 && north <= 90, `${west} ${north}`);
  }
  const wanted = digests(store);
  assert.deepEqual(
    digests((await run({ ...DEGREES, levels: "11,9,6", workers: 2, batches: 2 })).store),
    wanted,
  );
  const boxed = await run({ ...DEGREES, areas: [boxArea(...BOX)] });
  assert.equal(boxed.report.storeObservations, ALL.filter(inBox).length);
});

Deno.test("a grid in degrees has windows, later granules and zones as any other", async () => {
  const changes = { ...DEGREES, every: "day", levels: "11,6" };
  const { store } = await run({ ...changes, filter: { where: "id = 'g0.h5'" } });
  const days = (rows: readonly Row[]) => Map.groupBy(rows, ({ time }) => Math.floor((time - DAY) / 86400));
  for (const [day, own] of days(ROWS.slice(0, 2).flat())) await holdsDegrees(store, own, 11, day);
  await run({ ...changes, store, mode: "append" });
  for (const [day, own] of days(ALL)) {
    for (const order of [11, 6]) await holdsDegrees(store, own, order, day);
  }
  const box = [[-60, 65], [40, 65], [40, 82], [-60, 82], [-60, 65]];
  const zones = [{ name: "box", geometry: { type: "Polygon" as const, coordinates: [box] } }];
  const zoned = await run({ ...DEGREES, zones });
  const { attributes } = JSON.parse(fs.readFileSync(path.join(zoned.store, "zarr.json"), "utf8"));
  assert.deepEqual(attributes.granary.zones.observations, [ALL.filter(inBox).length]);
});

Deno.test("windows of time cut rows by their own times", async () => {
  const { store } = await run({ every: "day", levels: "11,5" });
  for (const day of [0, 1, 2]) {
    const own = ALL.filter(({ time }) => Math.floor((time - DAY) / 86400) === day);
    assert.ok(own.length > 0);
    for (const order of [11, 5]) await holds(store, own, order, day);
  }
});

const BOX: [number, number, number, number] = [-60, 65, 40, 82];
const inBox = ({ lon, lat }: Row) => lon >= BOX[0] && lon <= BOX[2] && lat >= BOX[1] && lat <= BOX[3];

Deno.test("under a box rows inside are taken, or cells whose centre is inside, or tiles that it touches", async () => {
  const box = { areas: [boxArea(...BOX)] };
  await holds((await run(box)).store, ALL.filter(inBox), FINEST);

  const whole = await openStore((await run()).store);
  const inside = new Set<number>();
  let rows = 0;
  for await (const { ids, values } of whole.cells("n", FINEST)) {
    ids.forEach((id, i) => {
      const [lon, lat] = whole.level().cells.centre(id);
      if (!inBox({ lon, lat, h: 0, time: 0 })) return;
      inside.add(id);
      rows += values[i];
    });
  }
  const cells = await run({ ...box, clip: "cells" });
  assert.equal(cells.report.storeObservations, rows);
  const found: number[] = [];
  for await (const { ids } of (await openStore(cells.store)).cells("n", FINEST)) found.push(...ids);
  assert.deepEqual(new Set(found), inside);

  const none = await run({ ...box, clip: "none" });
  const tiles = new Set(none.plan.store.parents);
  const taken = [...squares(ALL, 32 * GRID.resolution)];
  const kept = [...await cellsOf(none.store, "n", FINEST)];
  const corners = new Set(
    [...tiles].map((tile) => edgesOf({ ...GRID, origin: [3000, -7000] }, 6, columnAndRow(tile)).join(",")),
  );
  assert.equal(
    kept.reduce((sum, [, count]) => sum + count, 0),
    taken.filter(([corner]) => corners.has(corner)).reduce((sum, [, own]) => sum + own.length, 0),
  );
});

Deno.test("zones count the same rows as on HEALPix cells", async () => {
  const zones = [{
    name: "box",
    geometry: {
      type: "Polygon" as const,
      coordinates: [[[-60, 65], [40, 65], [40, 82], [-60, 82], [-60, 65]]],
    },
  }];
  const tableOf = (folder: string) =>
    JSON.parse(fs.readFileSync(path.join(folder, "zarr.json"), "utf8")).attributes.granary.zones;
  const { store } = await run({ zones });
  const healpix = await run({
    zones,
    crs: undefined,
    resolution: undefined,
    origin: undefined,
    tile: undefined,
  });
  assert.ok(tableOf(store).observations[0] > 50);
  assert.deepEqual(tableOf(store).observations, tableOf(healpix.store).observations);
});

Deno.test("tiles are chosen by name and by number", async () => {
  const { plan } = await run();
  const [first, second] = plan.store.parents;
  const one = await run({ cells: [`6/${second}`] });
  assert.deepEqual(one.plan.store.parents, [second]);
  const most = await run({ maxCells: 2 });
  assert.deepEqual(most.plan.store.parents, [first, second]);
});

Deno.test("what a projected grid cannot have is refused by name, with what to do", async () => {
  const refused: [Partial<AggregateRequest>, RegExp][] = [
    [
      { crs: "EPSG:4267" },
      /EPSG:4267: its longitudes and latitudes are not those of WGS 84 \(wanted EPSG:4326/,
    ],
    [{ crs: "EPSG:4326", origin: [0, 91] }, /origin 0,91 is no longitude/],
    [{ crs: "EPSG:99999" }, /EPSG:99999: no coordinate reference system is known/],
    [{ tile: 100 }, /tile 100 is no power of 2 from 32 to 4096/],
    [{ shard: 8 }, /output\.shard is 8; wanted a power of 4/],
    [{ layout: "sphere" }, /--layout is for HEALPix cells/],
    [{ childOrder: 9 }, /--child-order is for HEALPix cells/],
    [{ latitude: "geodetic" }, /--latitude is for HEALPix cells/],
    [{ crs: undefined }, /needs --crs and --resolution/],
    [{ writeRowIndex: 8 }, /writes no row index/],
    [{ levels: "12" }, /level 12 is not between 0 and the child order 11/],
    [{ crs: "EPSG:3031" }, /no granule has a place on the grid of EPSG:3031/],
    [{ resolution: 2, tile: 32 }, /touch more than 1048576 tiles of EPSG:3413 at 2/],
  ];
  for (const [changes, message] of refused) {
    await assert.rejects(run(changes), message, JSON.stringify(changes));
  }
});
