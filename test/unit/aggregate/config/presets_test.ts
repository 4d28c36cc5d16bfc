import assert from "node:assert/strict";
import { parseConfig } from "../../../../aggregate/config/parse.ts";
import { formatConfig } from "../../../../aggregate/config/format.ts";
import { loadPreset } from "../../../../aggregate/config/load.ts";
import { PRESET_NAMES, presetText } from "../../../../products/presets/index.ts";
import type { Pipeline } from "../../../../aggregate/pipeline.ts";
import { readGranule } from "../../../../core/observations/granule.ts";
import { openHdf5 } from "../../../../core/observations/open_granule_file.ts";
import { compileStatistics } from "../../../../aggregate/statistics/compile.ts";
import { openFileSyncSource } from "../../../../core/access/file_source.ts";
import { hasSharedData, sharedData } from "../../../shared_data.ts";

/**
 * The statistics of whole granules, from h5py 3 and numpy 2.4.6: datasets of the preset's paths from all
 * groups, rows that pass the preset's filters, fill values left out, in float64.
 */
const GRANULES: [string, string, Record<string, number>][] = [
  ["atl06", "atl06/ATL06_20230816161508_08782002_006_02.h5", {
    count: 3970,
    h_min: 18.270235061645508,
    h_max: 230.5022735595703,
    h_mean: 19.685081956077823,
    h_sigma: 0.0006179883373409681,
    h_variance: 1005.314633757317,
    h_q25: 19.037703037261963,
    h_q50: 19.193242073059082,
    h_q75: 19.354095458984375,
  }],
  ["atl08", "atl08/processed_ATL08_20200821122613_08730802_004_01.h5", {
    count: 35,
    te_min: 271.63079833984375,
    te_max: 283.3280944824219,
    te_mean: 276.78521902901787,
    te_median: 277.8609313964844,
    te_std: 3.8011814765307057,
    slope_mean: 0.007037134032023979,
    canopy_count: 11,
    canopy_mean: 14.155636874112217,
    canopy_median: 14.32220458984375,
    canopy_q95: 23.582809448242188,
    canopy_max: 23.68133544921875,
  }],
  ["gedi_l2a", "gedi/O15709_01_level2A.h5", {
    count: 120,
    elev_min: -26.94750213623047,
    elev_max: 1667.882568359375,
    elev_mean: 69.6500452786684,
    rh50_mean: 8.139083370209361,
    rh98_mean: 15.112166670958201,
    rh98_std: 9.200020508534644,
    rh98_q25: 7.387499809265137,
    rh98_median: 17.34500026702881,
    rh98_q75: 22.387500286102295,
    rh98_max: 35.56999969482422,
  }],
];

/** Each column of a granule: the rows of all groups that pass the filters. */
async function readColumns(pipeline: Pipeline, file: string): Promise<Float64Array[]> {
  const open = await openHdf5(openFileSyncSource(file));
  try {
    const columns: number[][] = pipeline.dataSource.columns.map(() => []);
    for (const { rows, passes, columns: values } of readGranule(open, pipeline.dataSource)) {
      for (let i = 0; i < rows; i++) {
        if (passes === null || passes[i] === 1) columns.forEach((column, c) => column.push(values[c][i]));
      }
    }
    return columns.map((column) => Float64Array.from(column));
  } finally {
    open.close();
  }
}

for (const [name, file, wanted] of GRANULES) {
  Deno.test({
    name: `the preset ${name} gives h5py's and numpy's statistics of a real granule`,
    ignore: !hasSharedData,
    fn: async () => {
      const pipeline = loadPreset(name);
      const columns = await readColumns(pipeline, sharedData(file));
      const names = pipeline.dataSource.columns.map((column) => column.name);
      const { statistics } = pipeline.aggregation;
      const values = compileStatistics(statistics, names).reduce(
        columns,
        Uint32Array.of(0, columns[0].length),
      );
      assert.deepEqual(statistics.map((statistic) => statistic.name), Object.keys(wanted));
      statistics.forEach((statistic, s) => {
        const expected = wanted[statistic.name];
        const found = values[s][0];
        assert.ok(
          Math.abs(found - expected) <= 1e-12 * Math.abs(expected),
          `${statistic.name}: ${found}, wanted ${expected}`,
        );
      });
    },
  });
}

Deno.test("presets parse without a warning and state units and long names for every variable", () => {
  assert.deepEqual(PRESET_NAMES, [
    ...["atl03", "atl06", "atl07", "atl08", "atl08_20m", "atl10", "atl11", "atl13"],
    ...["gedi_l2a", "gedi_l2b", "gedi_l4a", "swot_nadir", "swot_pixc"],
  ]);
  for (const name of PRESET_NAMES) {
    const { pipeline, warnings } = parseConfig(presetText(name), name);
    assert.deepEqual(warnings, []);
    assert.equal(pipeline.name, name);
    assert.ok(pipeline.dataSource.collections.length > 0);
    assert.deepEqual([pipeline.output.parentOrder, pipeline.output.childOrder, pipeline.output.latitude], [
      6,
      12,
      "authalic",
    ]);
    for (const statistic of pipeline.aggregation.statistics) {
      assert.deepEqual(Object.keys(statistic.attributes).sort(), ["long_name", "units"], statistic.name);
    }
  }
});

Deno.test("a pipeline written as YAML and parsed again is the same pipeline", () => {
  for (const name of PRESET_NAMES) {
    const pipeline = loadPreset(name);
    assert.deepEqual(parseConfig(formatConfig(pipeline), name), {
      pipeline,
      warnings: [],
      driverPlace: null,
    });
  }
  const full: Pipeline = {
    ...loadPreset("atl06"),
    catalog: "north: of 60.parquet",
    bounds: { startDate: "2019-04-01", endDate: "2019-05-01T12:00:00Z", bbox: [170, -90, -170, -60] },
  };
  full.aggregation = { ...full.aggregation, morton: { dtype: "uint64", fillValue: "18446744073709551615" } };
  full.output = {
    store: "s3://bucket/x.zarr",
    layout: "sphere",
    shard: 64,
    parentOrder: 7,
    childOrder: 19,
    latitude: "geodetic",
  };
  full.dataSource = {
    ...full.dataSource,
    driver: "s3",
    asset: "*.h5",
    filters: [{ path: "/{group}/a[:,3]", op: "not_in", value: [1, 2.5] }, {
      path: "/{group}/b",
      op: "ge",
      value: -1,
    }],
  };
  assert.deepEqual(parseConfig(formatConfig(full), "atl06"), {
    pipeline: full,
    warnings: [],
    driverPlace: "atl06:3:11",
  });
});

Deno.test("pipelines are plain data that JSON carries", () => {
  for (const name of PRESET_NAMES) {
    const pipeline = loadPreset(name);
    assert.deepEqual(JSON.parse(JSON.stringify(pipeline)), pipeline);
  }
});

Deno.test("an unknown preset is refused with the nearest name", () => {
  assert.throws(() => loadPreset("atl6"), /unknown preset "atl6" \(did you mean "atl06"\?\)/);
  assert.throws(() => loadPreset("__proto__"), /unknown preset/);
});
