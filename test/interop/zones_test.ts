/** Statistics of zones beside the cells, against h5py, shapely and numpy; zones overlap, and one holds nothing. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { aggregate, type AggregateRequest } from "../../aggregate/aggregate.ts";
import { formatConfig } from "../../aggregate/config/format.ts";
import { loadConfig } from "../../aggregate/config/load.ts";
import { parseConfig } from "../../aggregate/config/parse.ts";
import { localGranules } from "../../aggregate/local_granules.ts";
import { buildCatalog } from "../../catalog/write/build.ts";
import { openStore } from "../../core/store/open.ts";
import { readZones } from "../../core/vector/zone_file.ts";
import { simulate } from "../../products/simulate/simulate.ts";
import { writeZonesParquet } from "../../results/zone_parquet.ts";
import { zonesCsv, zonesGeoJson } from "../../results/zone_text.ts";
import { temporaryFolder } from "../support/binary.ts";
import { askPython, hasPeer } from "../support/python.ts";

/** Zones in polar stereographic metres, one of them of two features; and what numpy says of the rows in each. */
const PROGRAM = `
import sys, json, glob, numpy as np, h5py, geopandas as gpd, shapely, pyproj
folder, what = sys.argv[1:]
if what == "write":
    box = shapely.box
    frame = gpd.GeoDataFrame({"BASIN": ["west", "east", "all", "nowhere", "east"]}, geometry=[
        box(-3e6, -3e6, 0, 3e6), box(0, 0, 3e6, 3e6), shapely.Point(0, 0).buffer(3.2e6, 64),
        box(5e6, 5e6, 6e6, 6e6), box(0, -3e6, 3e6, 0)], crs=3031)
    frame.to_file(folder + "/zones.gpkg", layer="zones")
    print("{}"); sys.exit()
rows = []
for name in sorted(glob.glob(folder + "/granules/*.h5")):
    with h5py.File(name) as f:
        for beam in [b for b in f if b.startswith("gt")]:
            if "land_ice_segments" not in f[beam]: continue
            g = f[beam + "/land_ice_segments"]
            good = (g["atl06_quality_summary"][:] == 0) & (g["h_li"][:] < 1e38)
            rows.append([g[c][:][good].astype("f8") for c in ("longitude", "latitude", "h_li")])
lon, lat, h = np.concatenate(rows, axis=1)
x, y = pyproj.Transformer.from_crs(4326, 3031, always_xy=True).transform(lon, lat)
zones = gpd.read_file(folder + "/zones.gpkg").dissolve("BASIN", sort=False)
answer = {}
for name, shape in zones.geometry.items():
    own = h[shapely.contains_xy(shape, x, y)]
    answer[name] = [own.size, *([own.min(), own.max(), own.mean(), own.var()] if own.size else [None] * 4)]
print(json.dumps({"zones": answer, "rows": h.size}))`;

Deno.test(
  "statistics of zones are numpy's over the rows that shapely finds in them, and leave the cells alone",
  { ignore: !hasPeer("h5py", "geopandas", "pyogrio", "pyproj") },
  async () => {
    const folder = temporaryFolder("granary-zones-");
    const granules = path.join(folder, "granules");
    await simulate(granules, { granules: 3, rows: 1500, seed: 12, sheet: "antarctica" });
    const preset = loadConfig("atl06").pipeline;
    // Plain moments in place of the preset's weighted ones.
    const statistics = preset.aggregation.statistics
      .map((statistic) =>
        statistic.name === "h_mean" || statistic.name === "h_variance"
          ? {
            name: statistic.name,
            dtype: "float64" as const,
            fillValue: null,
            function: statistic.name === "h_mean" ? "mean" as const : "var" as const,
            source: "h_li",
            params: {},
            attributes: {},
          }
          : statistic
      );
    const pipeline = { ...preset, aggregation: { ...preset.aggregation, statistics } };
    const catalog = path.join(folder, "c.parquet");
    const files = fs.readdirSync(granules).sort().map((name) => path.join(granules, name));
    const found = localGranules(files, { config: pipeline, cellOrder: 8, workers: 0 });
    await buildCatalog({ rows: found.rows, output: catalog, cellOrder: 8, queries: [] });
    await found.close();
    askPython(PROGRAM, folder, "write");
    const { zones: wanted, rows } = askPython(PROGRAM, folder, "ask") as {
      zones: Record<string, [number, ...(number | null)[]]>;
      rows: number;
    };
    const zones = await readZones(path.join(folder, "zones.gpkg"), "BASIN");
    assert.deepEqual(zones.map(({ name }) => name), ["west", "east", "all", "nowhere"]);

    const run = async (name: string, request: Partial<AggregateRequest>) => {
      const store = path.join(folder, name);
      await aggregate({
        config: pipeline,
        catalog,
        store,
        childOrder: 9,
        levels: "9,6",
        workers: 0,
        ...request,
      });
      return await openStore(store);
    };
    const store = await run("zones.zarr", { zones });
    const table = store.provenance!.zones as {
      zone: string[];
      observations: number[];
      statistics: Record<string, (number | null)[]>;
    };
    for (const [i, name] of table.zone.entries()) {
      const [count, ...values] = wanted[name];
      assert.deepEqual([table.observations[i], table.statistics.count[i]], [count, count], name);
      ["h_min", "h_max", "h_mean", "h_variance"].forEach((statistic, s) => {
        const value = table.statistics[statistic][i];
        if (values[s] === null) assert.equal(value, null);
        else assert.ok(Math.abs(value! / values[s]! - 1) < 1e-9, `${name} ${statistic} ${value}`);
      });
    }
    // West and east share nothing and leave nothing.
    assert.equal(table.observations[0] + table.observations[1], rows);
    assert.equal(table.observations[3], 0);

    // The table is the same by threads that spill and by windows put together; cells are those of a run without zones.
    const threads = await run("threads.zarr", {
      zones,
      workers: 2,
      checkpoint: { bytes: 1, seconds: 0 } as never,
    });
    assert.deepEqual(threads.provenance!.zones, table);
    const months = await run("months.zarr", { zones, every: "month" });
    const timed = months.provenance!.zones as typeof table & { time: number[] };
    assert.equal(timed.time.length, timed.zone.length);
    const all = (counts: number[]) => counts.reduce((sum, count) => sum + count, 0);
    assert.equal(all(timed.observations), all(table.observations));
    await run("plain.zarr", {});
    for (const file of fs.readdirSync(path.join(folder, "plain.zarr", "9"), { recursive: true })) {
      const own = path.join(folder, "plain.zarr", "9", String(file));
      if (fs.statSync(own).isDirectory()) continue;
      assert.deepEqual(
        fs.readFileSync(path.join(folder, "zones.zarr", "9", String(file))),
        fs.readFileSync(own),
      );
    }

    // A store that was begun with one granule and grew has the table of one run over all.
    const begun = path.join(folder, "first.parquet");
    const some = localGranules(files.slice(0, 1), { config: pipeline, cellOrder: 8, workers: 0 });
    await buildCatalog({ rows: some.rows, output: begun, cellOrder: 8, queries: [] });
    await some.close();
    await run("grown.zarr", { zones, catalog: begun });
    const grown = await run("grown.zarr", { zones, mode: "append" });
    assert.deepEqual(grown.provenance!.zones, table);

    // A config may name the files.
    const named = parseConfig(
      `${
        formatConfig({
          ...pipeline,
          bounds: { ...pipeline.bounds, areas: [{ file: `${folder}/zones.gpkg` }] },
        })
      }`
        .replace("output:\n", `output:\n  zones: {file: "${folder}/zones.gpkg", name: BASIN}\n`),
      "named.yaml",
    ).pipeline;
    const inside = await run("named.zarr", { config: named });
    const own = inside.provenance!.zones as typeof table;
    assert.deepEqual(own.zone, table.zone);
    assert.deepEqual(own.observations, table.observations);

    const drawn = JSON.parse(zonesGeoJson(store).text);
    assert.deepEqual(
      drawn.features.map((one: { properties: { zone: string } }) => one.properties.zone),
      table.zone,
    );
    const parquet = path.join(folder, "zones.parquet");
    assert.equal(await writeZonesParquet(parquet, store), 4);
    fs.writeFileSync(path.join(folder, "zones.geojson"), zonesGeoJson(store).text);
    const seen = askPython(
      `
import sys, json, geopandas as gpd
a, b = gpd.read_parquet(sys.argv[1]), gpd.read_file(sys.argv[2])
print(json.dumps([a.zone.tolist(), a.observations.tolist(), a.crs.to_epsg() or str(a.crs), b.observations.tolist(),
    bool((a.geometry.area - b.geometry.area).abs().max() < 1e-9), bool(a.geometry.area.min() > 0)]))`,
      parquet,
      path.join(folder, "zones.geojson"),
    );
    const crs = (seen as unknown[])[2];
    assert.ok(crs === 4326 || /CRS84/.test(String(crs)), String(crs));
    assert.deepEqual((seen as unknown[]).toSpliced(2, 1), [
      table.zone,
      table.observations,
      table.observations,
      true,
      true,
    ]);
    const { text } = zonesCsv(store);
    assert.match(text, /^zone,observations,count,h_min/);
    assert.equal(text.trimEnd().split("\n").length, 5);
    // The config of the store makes it again.
    const again = parseConfig(String(store.provenance!.config_yaml), "again.yaml").pipeline;
    assert.deepEqual(again.output.zones, zones);
    await assert.rejects(
      run("skew.zarr", {
        zones,
        config: {
          ...pipeline,
          aggregation: {
            ...pipeline.aggregation,
            statistics: [{ ...pipeline.aggregation.statistics[1], function: "skew" }],
          },
        },
      }),
      /statistics of zones are merged from summaries/,
    );
  },
);
