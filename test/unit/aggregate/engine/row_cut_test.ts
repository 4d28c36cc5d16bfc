/** Runs under areas and times: what is counted is what lies inside, identified by comparing each row's own place. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { aggregate, type AggregateRequest } from "../../../../aggregate/aggregate.ts";
import { parseConfig } from "../../../../aggregate/config/parse.ts";
import { Clip, clipCells } from "../../../../aggregate/engine/row_cut.ts";
import { type Area, boxArea, geometryArea } from "../../../../core/geometry/area.ts";
import { assignNested } from "../../../../core/cells/assign.ts";
import { cellCentre } from "../../../../core/cells/place.ts";
import { buildCatalog } from "../../../../catalog/write/build.ts";
import { localGranules } from "../../../../aggregate/local_granules.ts";
import { rowIndexPath } from "../../../../catalog/row_index/paths.ts";
import { writeHdf5 } from "../../core/hdf5/write_hdf5.ts";
import { digests, scratchFolder } from "./granules.ts";

const CONFIG = (more = "") =>
  parseConfig(
    `
data_source:
  groups: ["gt1l", "gt1r"]
  coordinates: {latitude: "/{group}/lat", longitude: "/{group}/lon"}
  variables: {h: "/{group}/h"}
aggregation:
  variables: {n: {function: count, source: h}}
output:
  grid: {parent_order: 4, child_order: 11}
${more}`,
    "rows.yaml",
  ).pipeline;

interface Row {
  lon: number;
  lat: number;
  time: number;
}

const EPOCH = Date.UTC(2018, 0, 1) / 1000;
const DAY = Date.UTC(2020, 5, 1) / 1000;

/** Rows over Iceland and its sea, over three days, of two granules with two beams each. */
function rowsOf(): Row[][] {
  return [0, 1, 2, 3].map((beam) =>
    Array.from({ length: 700 }, (_, i) => ({
      lon: -26 + 14 * ((i * 0.6180339887 + beam * 0.37) % 1),
      lat: 62.5 + 5 * i / 700,
      time: DAY + 86400 * (beam + i / 700) * 0.75,
    }))
  );
}

let made: Promise<{ catalog: string; rows: Row[] }> | undefined;

function world() {
  return made ??= (async () => {
    const folder = scratchFolder();
    const beams = rowsOf();
    const files: string[] = [];
    for (const granule of [0, 1]) {
      const bytes = await writeHdf5((file) => {
        const times = beams.slice(2 * granule, 2 * granule + 2).flat().map(({ time }) => 1000 * time);
        const text = (time: number) => new Date(time).toISOString();
        file.create_attribute("time_coverage_start", text(Math.min(...times)));
        file.create_attribute("time_coverage_end", text(Math.max(...times)));
        ["gt1l", "gt1r"].forEach((name, b) => {
          const rows = beams[2 * granule + b];
          const beam = file.create_group(name);
          beam.create_dataset({ name: "lat", data: Float64Array.from(rows, ({ lat }) => lat) });
          beam.create_dataset({ name: "lon", data: Float64Array.from(rows, ({ lon }) => lon) });
          beam.create_dataset({ name: "h", data: Float32Array.from(rows, (_, i) => i) });
          const time = beam.create_dataset({
            name: "delta_time",
            data: Float64Array.from(rows, ({ time }) => time - EPOCH),
          });
          time.create_attribute("units", "seconds since 2018-01-01");
        });
      });
      files.push(path.join(folder, `g${granule}.h5`));
      fs.writeFileSync(files[granule], bytes);
    }
    const catalog = path.join(folder, "catalog.parquet");
    const found = localGranules(files, {
      config: CONFIG(),
      collection: "ROWS.001",
      cellOrder: 8,
      workers: 0,
      rowIndex: { file: rowIndexPath(catalog), order: 11 },
    });
    await buildCatalog({ rows: found.rows, output: catalog, cellOrder: 8, queries: [] });
    await found.close();
    fs.renameSync(rowIndexPath(catalog), path.join(folder, "index.parquet"));
    return { catalog, rows: beams.flat() };
  })();
}

async function run(changes: Partial<AggregateRequest>, config = CONFIG()) {
  const { catalog } = await world();
  const store = path.join(scratchFolder(), "s.zarr");
  const warnings: string[] = [];
  const { report } = await aggregate({
    config,
    catalog,
    store,
    workers: 1,
    onWarning: (message) => warnings.push(message),
    ...changes,
  });
  const root = JSON.parse(fs.readFileSync(path.join(store, "zarr.json"), "utf8")).attributes.granary;
  return { report: report!, root, store, warnings };
}

const ring = [[-24, 63.4], [-13.5, 64.2], [-16, 66.6], [-20, 65], [-22, 66.5]];
const BOX: [number, number, number, number] = [-22.3, 63.7, -17.2, 65.9];

/** Even-odd in the plane, as anybody would write it. */
function inRing(lon: number, lat: number): boolean {
  let inside = false;
  ring.forEach(([x, y], i) => {
    const [u, v] = ring[(i + 1) % ring.length];
    if ((y > lat) !== (v > lat) && lon < x + (u - x) * (lat - y) / (v - y)) inside = !inside;
  });
  return inside;
}

const inBox = (lon: number, lat: number) => lon >= BOX[0] && lon <= BOX[2] && lat >= BOX[1] && lat <= BOX[3];

const AREAS: [string, Area, (lon: number, lat: number) => boolean][] = [
  ["a box", boxArea(...BOX), inBox],
  ["a polygon", geometryArea("ring", { type: "Polygon", coordinates: [ring] }), inRing],
];

for (const [what, area, inside] of AREAS) {
  Deno.test(`under ${what} exactly the observations inside are counted, and the others reported`, async () => {
    const { rows } = await world();
    const wanted = rows.filter(({ lon, lat }) => inside(lon, lat)).length;
    const { report, root } = await run({ areas: [area] });
    assert.equal(report.storeObservations, wanted);
    assert.ok(wanted > 200 && report.observations.outside > 200);
    const { rows: all, outside, elsewhere, kept } = report.observations;
    assert.deepEqual([all, kept, outside + elsewhere], [rows.length, wanted, rows.length - wanted]);
    assert.deepEqual(root.observations_left_out, { area: outside });
    assert.equal(root.config.rows.clip, "observations");
    assert.deepEqual(root.config.rows.areas, ["bbox" in area.spec ? area.spec.bbox : area.spec.geometry]);
  });

  Deno.test(`under ${what} --clip cells keeps cells whose centre is inside, whole`, async () => {
    const { rows } = await world();
    const ids = new Float64Array(rows.length);
    assignNested(
      Float64Array.from(rows, ({ lon }) => lon),
      Float64Array.from(rows, ({ lat }) => lat),
      11,
      "authalic",
      ids,
    );
    const wanted = [...ids].filter((id) => inside(...cellCentre(id, 11, "authalic"))).length;
    const { report } = await run({ areas: [area], clip: "cells" });
    assert.equal(report.storeObservations, wanted);
  });

  Deno.test(`under ${what} --clip none keeps every observation of the parent cells that it touches`, async () => {
    const { report, root } = await run({ areas: [area], clip: "none" });
    assert.equal(report.observations.outside, 0);
    assert.ok(report.storeObservations > (await run({ areas: [area] })).report.storeObservations);
    assert.equal(root.observations_left_out, undefined);
    assert.equal(report.storeObservations + report.observations.elsewhere, report.observations.rows);
  });
}

Deno.test("areas of the config and of the request hold both, and a region is found by its name", async () => {
  const { rows } = await world();
  const config = CONFIG(`bounds: {spatial: [${BOX.join(", ")}]}`);
  const both = await run({ areas: [AREAS[1][1]] }, config);
  assert.equal(
    both.report.storeObservations,
    rows.filter(({ lon, lat }) => inBox(lon, lat) && inRing(lon, lat)).length,
  );
  const region = await run({}, CONFIG("bounds: {spatial: {region: iceland}}"));
  const { storeObservations } = region.report;
  assert.ok(storeObservations > 500 && storeObservations < rows.length, String(storeObservations));
});

const WINDOWS: [string, number | undefined, number | undefined, (time: number) => boolean][] = [
  ["a day", 1000 * DAY + 864e5, 1000 * DAY + 2 * 864e5 - 1, (t) => t >= DAY + 86400 && t < DAY + 2 * 86400],
  ["a beginning", 1000 * DAY + 1e8, undefined, (t) => t >= DAY + 1e5],
  ["an end", undefined, 1000 * (DAY + 86400), (t) => t <= DAY + 86400],
];

for (const [what, start, end, inside] of WINDOWS) {
  Deno.test(`under ${what} of time observations are cut, not granules`, async () => {
    const { rows } = await world();
    const { report, root, warnings } = await run({ filter: { start, end } });
    const wanted = rows.filter(({ time }) => inside(time)).length;
    assert.equal(report.storeObservations, wanted);
    assert.ok(wanted > 0 && report.observations.untimely > 0);
    assert.deepEqual(root.observations_left_out, { time: report.observations.untimely });
    assert.deepEqual(warnings, []);
  });
}

Deno.test("times of the config cut as the request's do", async () => {
  const { rows } = await world();
  const { report } = await run(
    {},
    CONFIG("bounds: {temporal: {start_date: 2020-06-02, end_date: 2020-06-02}}"),
  );
  const [, , , inside] = WINDOWS[0];
  assert.equal(report.storeObservations, rows.filter(({ time }) => inside(time)).length);
});

Deno.test("without a time column it is said that observations are not cut", async () => {
  const config = CONFIG();
  const [, start, end] = WINDOWS[0];
  const elsewhere = { ...config.dataSource, longitude: "/{group}/lon", latitude: "/{group}/../gt1l/lat" };
  await assert.rejects(run({ filter: { start, end } }, { ...config, dataSource: elsewhere }));
  const named = { ...config.dataSource, time: { path: "/{group}/h", units: null } };
  await assert.rejects(
    run({ filter: { start, end } }, { ...config, dataSource: named }),
    /no times of observations: \/gt1l\/h says no units/,
  );
});

Deno.test("the bytes depend neither on spilling, nor on workers, nor on a row index", async () => {
  const { catalog } = await world();
  const request = { areas: [AREAS[1][1]], filter: { start: WINDOWS[0][1], end: WINDOWS[0][2] } };
  const clean = digests((await run(request)).store);
  const others: Partial<AggregateRequest>[] = [
    { workers: 3, checkpoint: { seconds: 0, share: 0 } },
    { rowIndex: path.join(path.dirname(catalog), "index.parquet") },
  ];
  for (const changes of others) {
    assert.deepEqual(digests((await run({ ...request, ...changes })).store), clean);
  }
});

Deno.test("a cell's answer is that of the exact test, in any order of rows", () => {
  const grid = { parentOrder: 3, childOrder: 12, convention: "authalic" } as const;
  const place = fc.tuple(
    fc.double({ min: -30, max: -8, noNaN: true }),
    fc.double({ min: 61, max: 69, noNaN: true }),
  );
  fc.assert(
    fc.property(fc.array(place, { minLength: 1, maxLength: 60 }), (places) => {
      const clip = new Clip(
        clipCells(AREAS.map(([, { spec }]) => spec), "observations", grid)!,
        grid,
      );
      const ids = new Float64Array(places.length);
      const [lon, lat] = [0, 1].map((i) => Float64Array.from(places, (place) => place[i]));
      assignNested(lon, lat, 12, "authalic", ids);
      places.forEach(([x, y], i) => {
        const parent = Math.floor(ids[i] / 4 ** 9);
        assert.equal(clip.keeps(parent, ids[i] - parent * 4 ** 9, x, y), inBox(x, y) && inRing(x, y));
      });
    }),
    { seed: 9, numRuns: 200 },
  );
});
