/** Configs in the shape of zagg's presets: each is taken as it is, or refused for one reason, whatever else it holds. */
import assert from "node:assert/strict";
import { parseConfig } from "../../../../aggregate/config/parse.ts";
import { GranaryError } from "../../../../core/errors.ts";

const PHOTONS = `data_source:
  reader: h5coro
  driver: s3
  groups: [gt1l, gt1r, gt2l, gt2r, gt3l, gt3r]
  coordinates: {latitude: "/{group}/heights/lat_ph", longitude: "/{group}/heights/lon_ph"}
  variables: {h_ph: "/{group}/heights/h_ph"}
  filters: [{dataset: "/{group}/heights/signal_conf_ph", column: 0, op: ne, value: -2}]
`;

/** Segments' values for photons, linked by their first photon and their count. */
const LEVELS = `  base_level: photons
  levels:
    photons: {path: "/{group}/heights", coordinates: {latitude: lat_ph, longitude: lon_ph}, link: null}
    segments:
      path: "/{group}/geolocation"
      coordinates: {latitude: reference_photon_lat, longitude: reference_photon_lon}
      variables: {dem_h: "/{group}/geophys_corr/dem_h"}
      link:
        to: photons
        index_beg: "/{group}/geolocation/ph_index_beg"
        count: "/{group}/geolocation/segment_ph_cnt"
        index_base: 1
  read_plan: {spatial_index: segments, pad: 1}
`;

const SEGMENTS = `data_source:
  reader: h5coro
  driver: s3
  groups: [gt1l, gt1r, gt2l, gt2r, gt3l, gt3r]
  coordinates: {latitude: "/{group}/land_ice_segments/latitude", longitude: "/{group}/land_ice_segments/longitude"}
  variables: {h_li: "/{group}/land_ice_segments/h_li", s_li: "/{group}/land_ice_segments/h_li_sigma"}
`;

const IDS = `aggregation:
  handoff: arrow
  coordinates: {cell_ids: {dtype: uint64, fill_value: 0}, morton: {dtype: uint64, fill_value: 0}}
  variables:
`;

const CELLS = `output:
  grid: {type: healpix, indexing_scheme: nested, parent_order: 11, chunk_inner: 13, sharded: true, child_order: 19}
  store_layout: hive
  pyramid: false
worker: {memory: 4096}
`;

const HEIGHTS = `    count: {function: len, source: h_ph, dtype: int32, fill_value: 0}
    h_median: {function: median, source: h_ph, dtype: float32}
    dem_mean: {function: mean, source: dem_h, dtype: float32}
`;

const TAKEN: Record<string, string> = {
  "one value a cell of photons, with their segments' values": PHOTONS + LEVELS + IDS + HEIGHTS + CELLS,
  "weighted means and quantiles of land ice": SEGMENTS +
    `  quality_filter: {dataset: "/{group}/land_ice_segments/atl06_quality_summary", value: 0}\n` + IDS +
    `    count: {function: len, source: h_li, dtype: int64, fill_value: 0}
    h_mean: {function: average, source: h_li, params: {weights: "1.0 / s_li**2"}, dtype: float32}
    h_sigma: {expression: "1.0 / np.sqrt(np.sum(1.0 / s_li**2))", dtype: float32}
    h_q25: {function: quantile, source: h_li, params: {q: 0.25}, dtype: float32}
output:
  grid: {type: healpix, indexing_scheme: nested, parent_order: 6, child_order: 12}
`,
  "a source with missing values": SEGMENTS + IDS.replace("arrow", "pandas") +
    `    h_min: {function: min, source: h_li, dtype: float32}
output:
  grid: {type: healpix, indexing_scheme: nested, parent_order: 6, child_order: 12}
`,
};

const POLAR = SEGMENTS + `aggregation:
  variables:
    count: {function: len, source: h_li, dtype: int32, fill_value: 0}
output:
  grid:
`;

Deno.test("photons of the Python tools on a rectilinear grid in degrees are taken, from its corner", () => {
  const { pipeline } = parseConfig(
    PHOTONS + "aggregation:\n  variables:\n" + HEIGHTS.replace(/.*dem_mean.*\n/, "") + DEGREES,
    "atl03.yaml",
  );
  assert.deepEqual(pipeline.output.projected, { crs: "EPSG:4326", resolution: 0.0001, origin: [-180, 90] });
  assert.deepEqual(pipeline.aggregation.statistics.map(({ name }) => name), ["count", "h_median"]);
});

Deno.test("a rectilinear grid of the Python tools has the cells of a projected one from its corner", () => {
  const bounds = "[-3200000, -3200000, 3200000, 3200000]";
  const theirs =
    `    {type: rectilinear, crs: "EPSG:3031", resolution: 5000, bounds: ${bounds}, chunk_shape: [256, 256]}\n`;
  const ours = '    {type: projected, crs: "EPSG:3031", resolution: 5000, origin: [-3200000, 3200000]}\n';
  const { pipeline, warnings } = parseConfig(POLAR + theirs, "polar.yaml");
  assert.deepEqual(pipeline.output, parseConfig(POLAR + ours, "polar.yaml").pipeline.output);
  assert.match(warnings.join("\n"), /output\.grid\.bounds: its north-west corner/);
  assert.match(warnings.join("\n"), /output\.grid\.chunk_shape: passed over/);
});

const DIGEST = `    h_digest:
      kind: ragged
      function: zagg.stats.tdigest.build_tdigest
      source: h_ph
      inner_shape: [2]
      temporal: per-centroid
      overview_delta: 512
      params: {delta: 256}
      dtype: float32
      fill_value: 0
`;

const HISTOGRAM = `    counts:
      kind: vector
      trailing_shape: 128
      expression: "np.histogram(h_ph, 128, (anchor - 27.0, anchor + 101.0))[0].astype('uint32')"
      source: h_ph
      dtype: uint32
      fill_value: 0
    anchor_h: {expression: anchor, source: h_ph, dtype: float32, resolution: chunk}
`;

const DEGREES = `output:
  grid: {type: rectilinear, crs: "EPSG:4326", resolution: 0.0001, bounds: [-180, -90, 180, 90], chunk_shape: [256, 256]}
`;

/** What is refused, and the one reason. */
const REFUSED: Record<string, [string, RegExp]> = {
  "digests of photons' heights": [
    PHOTONS + LEVELS + IDS + DIGEST + CELLS,
    /variables\.h_digest\.kind: found "ragged"/,
  ],
  "histograms of each cell, in degrees": [
    PHOTONS + "aggregation:\n  variables:\n" + HISTOGRAM + DEGREES,
    /variables\.counts\.kind: found "vector"/,
  ],
  "histograms by what a chunk's photons say": [
    PHOTONS + LEVELS +
    IDS.replace(
      "  variables:",
      `  chunk_precompute: {anchor: {expression: "np.min(dem_h)", source: dem_h, dtype: float32}}\n  variables:`,
    ) +
    HISTOGRAM + CELLS,
    /variables\.counts\.kind: found "vector"/,
  ],
  "digests of waveforms, of two files a granule": [
    PHOTONS.replace(
      "  filters:",
      "  assets: {l2a: {join: {left: a, right: b}}}\n  index: {backend: inline}\n  filters:",
    ) + IDS +
    DIGEST + CELLS.replace("  pyramid", "  time_source: {field: delta_time, scale: gps}\n  pyramid"),
    /variables\.h_digest\.kind: found "ragged"/,
  ],
  "scenes of optical images": [
    `data_source:
  reader: raster
  bands: {red: {asset: red, dtype: uint16, fill_value: 0, scale: 0.0001, offset: -0.1}}
  nodata: 0
output:
  time_encoding: toc
  grid: {type: healpix, parent_order: 11, child_order: 19}
`,
    /data_source\.reader: found "raster": rasters are not aggregated/,
  ],
  "storms followed through a reanalysis": [
    `pipeline: {type: temporal}
data_source:
  reader: xarray_s3
  collections: {merra2_slv: {coord_round: 5}}
  static_data: {mask: s3://b/mask.nc}
aggregation:
  variables: {max_t2m: {variable: T2M, collection: merra2_slv, spatial_func: max, temporal_reducer: max, mask: ais}}
output: {format: parquet, store: s3://b/o.parquet}
`,
    /pipeline\.type: found "temporal": grids are not followed over time/,
  ],
};

for (const [name, text] of Object.entries(TAKEN)) {
  Deno.test(`a config of the Python tools is taken as it is: ${name}`, () => {
    const { pipeline, warnings } = parseConfig(text, "zagg.yaml");
    assert.ok(pipeline.aggregation.statistics.length > 0);
    for (const warning of warnings) assert.match(warning, /ignored/);
  });
}

for (const [name, [text, reason]] of Object.entries(REFUSED)) {
  Deno.test(`a config of the Python tools is refused for one reason: ${name}`, () => {
    assert.throws(() => parseConfig(text, "zagg.yaml"), (error) => {
      assert.ok(error instanceof GranaryError && error.exitCode === 2);
      assert.match(error.message, reason);
      assert.equal(error.message.split("\n").length, 1, error.message);
      return true;
    });
  });
}
