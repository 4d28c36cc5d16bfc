/** A store's own config makes it again. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { aggregate, type AggregateRequest } from "../../../../aggregate/aggregate.ts";
import { storeConfigText } from "../../../../aggregate/config/load.ts";
import { loadPreset } from "../../../../aggregate/config/load.ts";
import { storeNote } from "../../../../aggregate/plan/store_note.ts";
import { boxArea, geometryArea } from "../../../../core/geometry/area.ts";
import { simulate } from "../../../../products/simulate/simulate.ts";
import { catalogOf, digests, scratchFolder } from "../engine/granules.ts";
import { granuleRow, samplePipeline } from "../engine/sample_run.ts";

let made: Promise<string> | undefined;

/** A catalog of a few small granules of Greenland, made once. */
function catalog(): Promise<string> {
  return made ??= (async () => {
    const folder = scratchFolder();
    const files = await simulate(path.join(folder, "h5"), {
      granules: 5,
      rows: 500,
      seed: 8,
      sheet: "greenland",
    });
    const file = path.join(folder, "catalog.parquet");
    await catalogOf(files.map((one) => one.path), file);
    return file;
  })();
}

const ring = [[-60, 60], [-20, 60], [-25, 75], [-50, 80]];
const REQUESTS: Record<string, Partial<AggregateRequest>> = {
  "no more than a preset": {},
  "levels, orders, layout, shards and a convention": {
    levels: "9,11,4",
    childOrder: 11,
    parentOrder: 5,
    layout: "sphere",
    shard: 4,
    latitude: "geodetic",
  },
  "a box and a rule": { areas: [boxArea(-52, 61, -30, 78)], clip: "cells" },
  "two areas": {
    areas: [boxArea(-52, 61, -30, 78), geometryArea("a.geojson", { type: "Polygon", coordinates: [ring] })],
  },
  "times and conditions": {
    filter: {
      start: Date.UTC(2024, 0, 1),
      end: Date.UTC(2030, 0, 1) - 1,
      where: "size_bytes > 10 -- 'quoted': yes",
      collections: ["ATL*"],
      providers: ["local"],
    },
    unknownExtent: true,
    duplicates: "keep",
  },
  "a number of cells": { maxCells: 7 },
};

for (const [what, request] of Object.entries(REQUESTS)) {
  Deno.test(`a store of ${what} says a config that makes the same bytes`, async () => {
    const folder = scratchFolder();
    const [first, second] = ["first.zarr", "second.zarr"].map((name) => path.join(folder, name));
    const common = { catalog: await catalog(), workers: 1 };
    await aggregate({ ...common, ...request, config: "atl06", store: first });
    const root = JSON.parse(fs.readFileSync(path.join(first, "zarr.json"), "utf8"));
    const { text, missing } = storeConfigText(first, root.attributes.granary);
    assert.deepEqual(missing, []);
    const config = path.join(folder, "again.yaml");
    fs.writeFileSync(config, text);
    await aggregate({ ...common, config, store: second });
    assert.deepEqual(digests(second), digests(first));
  });
}

Deno.test("cells that are named stand in the store as they may be named again", async () => {
  const folder = scratchFolder();
  const common = { catalog: await catalog(), workers: 1, config: "atl06" };
  const { plan } = await aggregate({ ...common, store: path.join(folder, "dry.zarr"), dryRun: true });
  const cells = plan.store.parents.slice(2, 5).map((parent) => `${plan.store.parentOrder}/${parent}`);
  const chosen = await aggregate({ ...common, store: path.join(folder, "dry.zarr"), dryRun: true, cells });
  assert.match(String(chosen.plan.store.provenance.config_yaml), new RegExp(`cells:\\n +- ${cells[0]}\\n`));
});

Deno.test("the note holds times and names of granules, or their place where they are many", () => {
  const rows = [
    granuleRow("a.h5", { start_datetime: Date.UTC(2020, 0, 2), end_datetime: Date.UTC(2020, 0, 3) }),
    granuleRow("b.h5", { start_datetime: Date.UTC(2020, 0, 1), end_datetime: Date.UTC(2020, 0, 1, 1) }),
  ];
  const note = storeNote(samplePipeline(), rows);
  assert.deepEqual(note.granule_list, ["ATL06.006 a.h5", "ATL06.006 b.h5"]);
  assert.deepEqual(note.granule_times, {
    start: "2020-01-01T00:00:00.000Z",
    end: "2020-01-03T00:00:00.000Z",
  });
  const many = Array.from({ length: 1001 }, (_, i) => granuleRow(`${i}.h5`));
  assert.match(String(storeNote(samplePipeline(), many).granule_list), /plan\.json in the run directory/);
});

Deno.test("a region stands by its name, a shape too long for a store by its digest, and both are reported", () => {
  const preset = loadPreset("atl06");
  const withAreas = (areas: NonNullable<typeof preset.bounds.areas>) =>
    storeNote({ ...preset, bounds: { ...preset.bounds, areas } }, []);
  const polygon = (points: number) => ({
    type: "Polygon" as const,
    coordinates: [Array.from({ length: points }, (_, i) => [i / points, Math.sin(i)])],
  });
  const region = withAreas([{ name: "Iceland", region: "iceland", geometry: polygon(50_000) }]);
  assert.match(String(region.config_yaml), /spatial:\n +region: iceland\n/);
  assert.equal(region.config_missing, undefined);
  const large = withAreas([{ name: "/home/me/big.geojson", geometry: polygon(50_000) }]);
  assert.match(String(large.config_missing), /^the polygons of big.geojson \(sha256 [0-9a-f]{64}\)$/);
  assert.ok(!String(large.config_yaml).includes("spatial"));
});

Deno.test("a store that says no config is refused by its name", () => {
  for (const provenance of [null, {}, { engine_version: 1, config: {} }]) {
    assert.throws(
      () => storeConfigText("old.zarr", provenance),
      /old.zarr: the store says no config that runs/,
    );
  }
});
