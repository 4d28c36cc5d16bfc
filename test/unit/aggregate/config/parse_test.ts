import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { GranaryError } from "../../../../core/errors.ts";
import { loadConfig } from "../../../../aggregate/config/load.ts";
import { parseConfig } from "../../../../aggregate/config/parse.ts";

const CONFIG = `data_source:
  groups: [gt1l, gt1r]
  coordinates: {latitude: "/{group}/lat", longitude: "/{group}/lon"}
  variables:
    h_li: "/{group}/h"
    s_li: "/{group}/s"
aggregation:
  variables:
    count: {function: len, source: h_li, dtype: int32, fill_value: 0}
    h_mean:
      function: average
      source: h_li
      params:
        weights: "1.0 / s_li**2"
      dtype: float32
output:
  grid: {type: healpix, indexing_scheme: nested, child_order: 12}
`;

/** CONFIG with one part replaced, which must be there. */
function edited(part: string, by: string): string {
  assert.ok(CONFIG.includes(part), part);
  return CONFIG.replace(part, by);
}

function problems(text: string): string[] {
  try {
    parseConfig(text, "my.yaml");
  } catch (error) {
    assert.ok(error instanceof GranaryError && error.tag === "input" && error.exitCode === 2, String(error));
    return error.message.split("\n");
  }
  assert.fail("the config was accepted");
}

/** Part, replacement, and the first line of the message. */
const FAULTS: [string, string, string][] = [
  [
    "source: h_li, dtype",
    "sorce: h_li, dtype",
    'my.yaml:9:28: unknown key "sorce" in aggregation.variables.count (did you mean "source"?)',
  ],
  [
    's_li: "/{group}/s"',
    's_li: "/{grp}/s"',
    "my.yaml:6:11: data_source.variables.s_li: has the unknown placeholder {grp} (wanted {group}, the only one)",
  ],
  ["data_source:", "datasource:", 'my.yaml:1:1: the config: the key "data_source" is missing (a mapping)'],
  ["  groups: [gt1l, gt1r]\n", "", 'my.yaml:1:1: data_source: the key "groups" is missing (a list)'],
  ["[gt1l, gt1r]", "gt1l", 'my.yaml:2:11: data_source.groups: found "gt1l", wanted a list'],
  ["[gt1l, gt1r]", "[gt1l, 7]", "my.yaml:2:18: data_source.groups[1]: found 7, wanted text"],
  ["[gt1l, gt1r]", "[]", "my.yaml:2:3: data_source.groups: found a list of 0, wanted at least 1 items"],
  [
    "child_order: 12",
    'child_order: "12"',
    'my.yaml:17:63: output.grid.child_order: found "12", wanted a number',
  ],
  [
    "child_order: 12",
    "child_order: 30",
    "my.yaml:17:63: output.grid.child_order: found 30, wanted at most 29",
  ],
  [
    "child_order: 12",
    "child_order: 12.5",
    "my.yaml:17:63: output.grid.child_order: found 12.5, wanted a whole number",
  ],
  [
    "child_order: 12",
    "child_order: 5, parent_order: 6",
    "my.yaml:17:63: output.grid.child_order: 5 is coarser than parent_order 6",
  ],
  [
    "type: healpix",
    "type: geohash",
    'my.yaml:17:16: output.grid.type: found "geohash" (cells are healpix, with child_order, or projected, with crs and resolution)',
  ],
  [
    "indexing_scheme: nested",
    "indexing_scheme: ring",
    'my.yaml:17:42: output.grid.indexing_scheme: found "ring" (granary\'s cells are nested only)',
  ],
  [
    "child_order: 12",
    "child_order: 12, latitude: spherical",
    'output.grid.latitude: found "spherical" (wanted one of authalic, geodetic)',
  ],
  [
    "function: average",
    "function: avg",
    'my.yaml:11:17: aggregation.variables.h_mean.function: unknown function "avg"',
  ],
  ["function: average", "function: zagg.stats.mad", 'unknown function "zagg.stats.mad"'],
  ["function: average", "function: medain", '(did you mean "median"?)'],
  [
    "function: average",
    "function: average\n      expression: np.mean(h_li)",
    "my.yaml:10:5: aggregation.variables.h_mean: has both function and expression",
  ],
  [
    "function: len, source: h_li,",
    "",
    "my.yaml:9:5: aggregation.variables.count: has neither function nor expression",
  ],
  ["function: len, source: h_li,", "function: len,", 'the key "source" is missing'],
  [
    "function: len, source",
    "expression: len(h_li), source",
    "my.yaml:9:36: source has no meaning beside expression",
  ],
  [
    "source: h_li\n",
    "source: h_le\n",
    'my.yaml:12:15: aggregation.variables.h_mean.source: expression "h_le", column 1: unknown column "h_le" (did you mean "h_li"?)',
  ],
  [
    '"1.0 / s_li**2"',
    '"1.0 / sli**2"',
    'my.yaml:14:18: aggregation.variables.h_mean.params.weights: expression "1.0 / sli**2", column 7: unknown column "sli" (did you mean "s_li"?)',
  ],
  [
    "weights:",
    "weight:",
    'my.yaml:14:17: aggregation.variables.h_mean.params.weight: average has no parameter "weight" (did you mean "weights"?)',
  ],
  [
    "dtype: int32",
    "dtype: int33",
    'my.yaml:9:49: aggregation.variables.count.dtype: found "int33" (did you mean "int32"?)',
  ],
  [
    "fill_value: 0",
    "fill_value: 3000000000",
    "my.yaml:9:68: aggregation.variables.count.fill_value: 3000000000: is outside of int32 (-2147483648 to 2147483647)",
  ],
  ["fill_value: 0", "fill_value: -0.5", "must be a whole number for int32"],
  ["fill_value: 0", "fill_value: NaN", "NaN does not exist in int32"],
  ["fill_value: 0", "fill_value: none", 'found "none", wanted a number or NaN'],
  [
    "dtype: int32, fill_value: 0",
    "dtype: uint64, fill_value: 18446744073709551615",
    "18446744073709551615: is beyond 2^53",
  ],
  ["dtype: int32, fill_value: 0", "dtype: float32, fill_value: 1e39", "1e39: is beyond float32"],
  ["dtype: int32, fill_value: 0", "dtype: float64, fill_value: .inf", "fill_value: found Infinity"],
  ["    count:", "    cell_ids:", 'my.yaml:9:5: "cell_ids" is the store\'s own array'],
  ["    count:", "    ../count:", 'my.yaml:9:5: "../count": a variable\'s name must begin with a letter'],
  ["    h_li:", "    h-li:", 'my.yaml:5:5: "h-li": a column\'s name must be letters, digits and _'],
  ["    h_li:", "    __proto__:", 'my.yaml:5:5: "__proto__" is not a key'],
  [
    "  groups:",
    "  quality_filter: {dataset: q, value: 0, op: gt}\n  groups:",
    'my.yaml:2:42: unknown key "op" in data_source.quality_filter',
  ],
  [
    "  groups:",
    "  filters: [{dataset: q, op: in, value: 3}]\n  groups:",
    "my.yaml:2:13: data_source.filters[0]: op in wants value: a list",
  ],
  [
    "  groups:",
    "  filters: [{dataset: q, op: like, value: 3}]\n  groups:",
    'my.yaml:2:30: data_source.filters[0].op: found "like"',
  ],
  ["  groups:", "  filters: [{dataset: q, op: lt}]\n  groups:", "op lt wants value: a number"],
  ["  groups:", "  filters: [{dataset: q, op: eq, value: .nan}]\n  groups:", "data_source.filters[0].value"],
  [
    "  groups:",
    "  filters: [{expression: h > 0}]\n  groups:",
    'filters[0].expression: expression "h > 0", column 1: unknown column',
  ],
  [
    "  groups:",
    "  quality_filter: {dataset: q, value: 0}\n  filters: []\n  groups:",
    "quality_filter and filters exclude each other",
  ],
  [
    "  groups:",
    "  base_level: photons\n  groups:",
    'my.yaml:2:15: data_source.base_level: "photons" is none of the levels (none)',
  ],
  [
    "  groups:",
    "  reader: netcdf\n  groups:",
    'my.yaml:2:11: data_source.reader: found "netcdf" (wanted one of hdf5, h5coro)',
  ],
  [
    "output:",
    "bounds: {temporal: {start_date: 2019-02-30, end_date: 2020-01-01}}\noutput:",
    'bounds.temporal.start_date: found "2019-02-30", wanted a date',
  ],
  [
    "output:",
    "bounds: {temporal: {start_date: 2020-02-01, end_date: 2020-01-01}}\noutput:",
    "bounds.temporal.end_date: lies before start_date",
  ],
  ["output:", "bounds: {spatial: [0, 10, 20, -10]}\noutput:", "south 10 lies north of -10"],
  ["output:", "bounds: {spatial: [0, 10, 200, 20]}\noutput:", "leaves the globe"],
  ["output:", "bounds: {spatial: [0, 10, 20]}\noutput:", "bounds.spatial: found a list of 3"],
  [
    "variables:\n    count",
    "coordinates: {morton: {dtype: int32}}\n  variables:\n    count",
    'my.yaml:8:33: aggregation.coordinates.morton.dtype: found "int32"',
  ],
  [
    "variables:\n    count",
    "coordinates: {morton: {dtype: int64, fill_value: 9223372036854775808}}\n  variables:\n    count",
    "9223372036854775808 is outside of int64",
  ],
  ["    count: {", "\tcount: {", "my.yaml:9:1: a tab indents this line (YAML takes spaces only)"],
  [
    "      source: h_li\n",
    "     source: h_li\n",
    "my.yaml:12:1: All mapping items must start at the same column",
  ],
  [
    "      source: h_li\n",
    "      source: h_li\n      source: s_li\n",
    'my.yaml:13:7: the key "source" is here twice',
  ],
  ['"1.0 / s_li**2"', '"1.0 / s_li**2', "my.yaml:"],
  ["output:", "---\noutput:", "my.yaml:16:1: a second document begins here"],
  ["type: healpix", "type: !!js/function healpix", "my.yaml:17:"],
];

for (const [part, by, wanted] of FAULTS) {
  Deno.test(`${JSON.stringify(by.slice(0, 70))} is refused with its place and what to do`, () => {
    const found = problems(edited(part, by));
    assert.ok(found.some((line) => line.includes(wanted)), `${found.join("\n")}\nwanted: ${wanted}`);
    assert.match(found[0], /^my\.yaml:\d+:\d+: /);
  });
}

Deno.test("every fault of a config is reported at once", () => {
  const found = problems(
    edited("dtype: int32", "dtype: int33").replace("child_order: 12", "child_order: 99"),
  );
  assert.equal(found.length, 2);
});

Deno.test("what is no config at all is refused", () => {
  const cases: [string, RegExp][] = [
    ["", /^my\.yaml:1:1: the config: is empty/],
    ["# only a comment\n", /is empty/],
    ["hello", /^my\.yaml:1:1: the config: found "hello", wanted a mapping/],
    ["- 1\n- 2\n", /found a list of 2, wanted a mapping/],
    ["\0\0HDF", /not a text file/],
    ["a: ".repeat(400_000), /characters \(at most 1000000\)/],
    ["[".repeat(100_000), /nested deeper/],
    [Array.from({ length: 500 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"), /nested deeper/],
    ["- ".repeat(50_000), /nested deeper|my\.yaml:1:/],
  ];
  for (const [text, message] of cases) assert.match(problems(text).join("\n"), message);
});

Deno.test("an alias bomb is refused without being expanded", () => {
  const lines = ["a: &a [x, x, x, x, x, x, x, x, x]"];
  for (let level = 0; level < 12; level++) {
    const [from, to] = [String.fromCharCode(97 + level), String.fromCharCode(98 + level)];
    lines.push(`${to}: &${to} [${Array(9).fill(`*${from}`).join(", ")}]`);
  }
  assert.match(problems(lines.join("\n")).join("\n"), /alias/);
});

Deno.test("numpy's spellings mean granary's functions, and missing keys have their defaults", () => {
  const names = ["len", "size", "amin", "np.max", "numpy.sum", "nanmean", "np.nanstd", "nanmedian"];
  const variables = names.map((name, i) => `    v${i}: {function: ${name}, source: h_li}`).join("\n");
  const { pipeline, warnings } = parseConfig(edited("    count:", `${variables}\n    count:`), "my.yaml");
  assert.deepEqual(warnings, []);
  const statistics = pipeline.aggregation.statistics.slice(0, names.length);
  assert.deepEqual(statistics.map((each) => each.function), [
    "count",
    "count",
    "min",
    "max",
    "sum",
    "mean",
    "std",
    "median",
  ]);
  assert.deepEqual(statistics.map((each) => [each.dtype, each.fillValue]), [
    ["int32", 0],
    ["int32", 0],
    ...Array(6).fill(["float32", null]),
  ]);
  assert.deepEqual(pipeline.output, {
    store: null,
    layout: "compact",
    shard: null,
    parentOrder: 6,
    childOrder: 12,
    latitude: "authalic",
  });
  assert.deepEqual(pipeline.bounds, { startDate: null, endDate: null, bbox: null });
});

Deno.test("a nan-function of an expression is refused, because its NaN would not be left out", () => {
  const found = problems(edited("function: len, source: h_li", 'function: nanmin, source: "np.log(h_li)"'));
  assert.match(found[0], /nanmin takes a column only/);
});

Deno.test("parent_order is no finer than child_order by default", () => {
  assert.equal(parseConfig(edited("child_order: 12", "child_order: 4"), "x").pipeline.output.parentOrder, 4);
});

Deno.test("anchors, aliases and merge keys save repetition, as in other tools", () => {
  const text = edited(
    "    h_mean:\n      function: average\n      source: h_li\n",
    "    h_min: &height {function: min, source: h_li, dtype: float64}\n" +
      "    h_max: {<<: *height, function: max}\n    h_mean:\n      <<: *height\n      function: average\n",
  );
  const { statistics } = parseConfig(text, "x").pipeline.aggregation;
  assert.deepEqual(
    statistics.map(({ name, function: fn, source, dtype }) => [name, fn, source, dtype]),
    [
      ["count", "count", "h_li", "int32"],
      ["h_min", "min", "h_li", "float64"],
      ["h_max", "max", "h_li", "float64"],
      ["h_mean", "average", "h_li", "float32"],
    ],
  );
  assert.match(
    problems(text.replace("function: min", "functoin: min"))[0],
    /my\.yaml:10:21: unknown key "functoin"/,
  );
});

Deno.test("filters keep their order, lists, columns of tables and inverted meanings", () => {
  const text = edited(
    "  groups:",
    `  filters:
    - {dataset: "/{group}/a", op: eq, value: 1}
    - {dataset: "/{group}/b", op: in, values: [1, 2]}
    - {dataset: "/{group}/c", op: not_in, value: [3]}
    - {dataset: "/{group}/d", column: 2, op: lt, value: 0.5, keep: false}
    - {dataset: "/{group}/e", op: in, values: [4], keep: false}
    - {dataset: "/{group}/f", op: eq, value: 2, raw: true}
    - {dataset: "/{group}/g", op: between, value: [-1, 2.5]}
    - {dataset: "/{group}/h", op: bits_any, value: 6, keep: false}
  groups:`,
  );
  assert.deepEqual(parseConfig(text, "x").pipeline.dataSource.filters, [
    { path: "/{group}/a", op: "eq", value: 1 },
    { path: "/{group}/b", op: "in", value: [1, 2] },
    { path: "/{group}/c", op: "not_in", value: [3] },
    { path: "/{group}/d[:,2]", op: "ge", value: 0.5 },
    { path: "/{group}/e", op: "not_in", value: [4] },
    { path: "/{group}/f", op: "eq", value: 2, raw: true },
    { path: "/{group}/g", op: "between", value: [-1, 2.5] },
    { path: "/{group}/h", op: "bits_none", value: 6 },
  ]);
  const refused = (filter: string) =>
    problems(edited("  groups:", `  filters:\n    - {dataset: "/{group}/a", ${filter}}\n  groups:`))[0];
  assert.match(refused("op: between, value: [2, 1]"), /two numbers, the lower first/);
  assert.match(refused("op: between, value: 2"), /wants value: two numbers/);
  assert.match(refused("op: bits_all, value: 0"), /wants a mask/);
  assert.match(refused("op: bits_all, value: 1.5"), /wants a mask/);
});

Deno.test("a config of the Python tools runs as it is, with a warning for each key that is not needed", () => {
  const text = `data_source:
  reader: h5coro
  driver: s3
  shard_workers: 4
  groups: [gt1l, gt1r, gt2l, gt2r, gt3l, gt3r]
  coordinates:
    latitude: "/{group}/land_ice_segments/latitude"
    longitude: "/{group}/land_ice_segments/longitude"
  variables:
    h_li: "/{group}/land_ice_segments/h_li"
  quality_filter:
    dataset: "/{group}/land_ice_segments/atl06_quality_summary"
    value: 0
aggregation:
  handoff: arrow
  coordinates:
    cell_ids: {dtype: uint64, fill_value: 0}
    morton: {dtype: int64, fill_value: 0}
  variables:
    count: {function: len, source: h_li, dtype: int64, fill_value: 0}
    h_max: {function: max, source: h_li, dtype: int32}
output:
  grid: {type: healpix, indexing_scheme: nested, child_order: 12, chunk_inner: 8, sharded: true}
worker: {memory: 4096}
`;
  const { pipeline, warnings } = parseConfig(text, "field.yaml");
  assert.equal(pipeline.output.parentOrder, 6);
  assert.deepEqual(pipeline.aggregation.morton, { dtype: "int64", fillValue: "0" });
  assert.equal(pipeline.dataSource.driver, "s3");
  const places = warnings.map((warning) => warning.split(" ").slice(0, 2).join(" "));
  assert.deepEqual(places, [
    "field.yaml:4:3: data_source.shard_workers",
    "field.yaml:15:3: aggregation.handoff",
    "field.yaml:23:83: output.grid.sharded",
    "field.yaml:23:67: output.grid.chunk_inner",
    "field.yaml:24:1: worker",
    "field.yaml:21:5: no",
    "field.yaml:17:31: aggregation.coordinates.cell_ids.fill_value",
  ]);
});

Deno.test("configs come from presets and files, and a name that is neither is distinguished", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-config-"));
  try {
    const file = path.join(folder, "my.yaml");
    fs.writeFileSync(file, CONFIG);
    assert.equal(loadConfig(file).pipeline.name, file);
    assert.equal(loadConfig("atl06").pipeline.name, "atl06");
    assert.throws(
      () => loadConfig("atl60"),
      /"atl60" is neither a preset nor a file \(did you mean "atl06"\?\)/,
    );
    assert.throws(
      () => loadConfig(path.join(folder, "no.yaml")),
      /no\.yaml: cannot read the config: there is no such file/,
    );
    assert.throws(() => loadConfig(folder), /it is a folder/);
    fs.writeFileSync(file, Uint8Array.of(0xff, 0xfe, 0x41));
    assert.throws(() => loadConfig(file), /not UTF-8 text/);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

Deno.test("a config of another kind is refused for one reason, whatever else it says", () => {
  const vectors = `
data_source: {reader: h5coro, groups: [g], coordinates: {latitude: a, longitude: b}, variables: {h: c}}
aggregation:
  chunk_precompute: {gain: {expression: "np.max(h)"}}
  variables:
    count: {function: len, source: h}
    waveform: {kind: vector, trailing_shape: 128, expression: "np.histogram(h, 128)[0]", resolution: chunk}
    digest: {kind: ragged, inner_shape: [2], function: "a.b.c", source: h}
output: {grid: {type: healpix, child_order: 19, parent_order: 11, chunk_inner: 13}}
`;
  assert.throws(() => parseConfig(vectors, "v.yaml"), {
    message:
      'v.yaml:7:22: aggregation.variables.waveform.kind: found "vector" (granary writes one value a cell; vectors and' +
      " ragged values are not supported)",
  });
  const raster =
    "data_source: {reader: raster, bands: {red: {asset: red}}}\noutput: {grid: {child_order: 19}}\n";
  assert.throws(() => parseConfig(raster, "r.yaml"), {
    message:
      'r.yaml:1:23: data_source.reader: found "raster": rasters are not aggregated (granary cog and granary publish take' +
      " them)",
  });
});

Deno.test("a column of two dimensions is named by its index in the path or beside it", () => {
  const config = (variable: string) => `
data_source: {groups: [g], coordinates: {latitude: a, longitude: b}, variables: {rh98: ${variable}}}
aggregation: {variables: {mean: {function: mean, source: rh98}}}
output: {grid: {child_order: 8}}
`;
  const [one, other, plain] = ['"rh[:,98]"', "{path: rh, column: 98}", "{path: rh}"].map((text) =>
    parseConfig(config(text), "c.yaml").pipeline.dataSource.columns
  );
  assert.deepEqual(one, [{ name: "rh98", path: "rh[:,98]" }]);
  assert.deepEqual(other, one);
  assert.deepEqual(plain, [{ name: "rh98", path: "rh" }]);
});
