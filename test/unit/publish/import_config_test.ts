import assert from "node:assert/strict";
import { GranaryError } from "../../../core/errors.ts";
import { parseDataset } from "../../../publish/config/parse.ts";
import { importConfig } from "../../../publish/import_config.ts";

const VEDA = {
  collection: "no2-monthly",
  title: "NO₂",
  spatial_extent: { xmin: -180, ymin: -90, xmax: 180, ymax: 90 },
  temporal_extent: { startdate: "2016-01-01T00:00:00Z", enddate: "2023-12-31T00:00:00Z" },
  license: "CC0-1.0",
  description: "Monthly NO2",
  is_periodic: true,
  time_density: "month",
  stac_version: "1.0.0",
  "dashboard:is_periodic": true,
  providers: [{ name: "NASA", roles: ["producer", "funder"], url: "https://nasa.gov" }],
  renders: { dashboard: { assets: ["cog_default"], rescale: [[0, 3e16]] } },
  item_assets: { cog_default: { type: "image/tiff", roles: ["data"] } },
  sample_files: ["s3://veda/OMNO2d_HRM/OMI_trno2_0.10x0.10_202301_Col3_V4.nc.tif"],
  discovery_items: [{
    discovery: "s3",
    cogify: false,
    upload: false,
    prefix: "OMNO2d_HRM/",
    bucket: "veda",
    filename_regex: "^(.*)Col3_V4.nc.tif$",
    datetime_range: "month",
    id_regex: ".*_(.*)_.*",
    odd_key: 1,
  }],
};

Deno.test("a VEDA dataset config becomes a sound dataset, and what is lost is reported", () => {
  const { name, yaml, notes } = importConfig(JSON.stringify(VEDA), "no2.json");
  const dataset = parseDataset(yaml, "no2.yaml");
  assert.equal(name, "no2-monthly");
  assert.deepEqual(dataset.discover, [
    { from: "s3", prefix: "s3://veda/OMNO2d_HRM/", match: "/^(.*)Col3_V4.nc.tif$/", id: ".*_(.*)_.*" },
  ]);
  assert.match(dataset.time.pattern!, /\(\?<month>/);
  assert.doesNotMatch(dataset.time.pattern!, /\(\?<day>/);
  assert.deepEqual(dataset.collection.providers, [{
    name: "NASA",
    roles: ["producer"],
    url: "https://nasa.gov",
  }]);
  assert.deepEqual(dataset.collection.renders, VEDA.renders);
  assert.equal(dataset.collection.fields["dashboard:is_periodic"], true);
  assert.deepEqual(dataset.collection.fields.item_assets, VEDA.item_assets);
  for (
    const key of [
      "spatial_extent",
      "temporal_extent",
      "roles",
      "odd_key",
      "item_assets",
    ]
  ) {
    assert.ok(notes.some((note) => note.includes(key)), key);
  }
});

Deno.test("a step function's input that asks CMR becomes a dataset that asks CMR", () => {
  const input = {
    collection: "OMDOAO3e",
    discovery: "cmr",
    version: "003",
    temporal: ["2020-01-01T00:00:00Z", "2020-12-31T23:59:59Z"],
    bounding_box: [-180, -90, 180, 90],
    include: "^.+he5$",
    variable_name: "ColumnAmountO3",
    queue_messages: true,
    asset_name: "cog_default",
  };
  const { yaml, notes } = importConfig(JSON.stringify(input), "in.json");
  const dataset = parseDataset(yaml, "d.yaml");
  assert.deepEqual(dataset.discover, [{
    from: "cmr",
    shortName: "OMDOAO3e",
    version: "003",
    conceptId: null,
    provider: null,
    sinceDays: null,
    start: "2020-01-01T00:00:00Z",
    end: "2020-12-31T23:59:59Z",
    bbox: [-180, -90, 180, 90],
    url: null,
  }]);
  assert.deepEqual(dataset.convert.variables, ["ColumnAmountO3"]);
  assert.deepEqual(dataset.convert.assets, ["*he5"]);
  assert.ok(notes.some((note) => note.includes("asset_name")));
  const plain = importConfig(JSON.stringify({ ...input, include: "^.*\\.he5$" }), "in.json");
  assert.deepEqual(parseDataset(plain.yaml, "d.yaml").convert.assets, ["*.he5"]);
});

Deno.test("a list of inputs is one dataset, and what is said of CMR without its name asks CMR", () => {
  const input = (year: number) => ({
    collection: "burns",
    discovery: "s3",
    prefix: "fire/",
    bucket: "b",
    filename_regex: `burns_${year}.tif`,
    datetime_range: "year",
    hours: 3,
  });
  // Such lists have commas behind their last inputs.
  const text = `[${JSON.stringify(input(2015))},\n ${JSON.stringify(input(2016))},\n]`;
  const { yaml, notes } = importConfig(text, "in.json");
  const dataset = parseDataset(yaml, "d.yaml");
  assert.deepEqual(dataset.discover.map((one) => "match" in one && one.match), [
    "/burns_2015.tif/",
    "/burns_2016.tif/",
  ]);
  assert.deepEqual(dataset.collection.fields, {});
  for (const told of [/hours is not known here/, /no strict JSON/]) {
    assert.ok(notes.some((note) => told.test(note)), String(told));
  }
  const other = JSON.stringify([input(2015), { ...input(2016), collection: "floods" }]);
  assert.throws(
    () => importConfig(other, "in.json"),
    /in\.json: holds inputs of 2 collections, burns, floods/,
  );
  const hls = { mode: "stac", collection: "HLSL30", version: "2.0", bounding_box: [-67, 17, -65, 18] };
  const [asked] = parseDataset(importConfig(JSON.stringify(hls), "h.json").yaml, "d.yaml").discover;
  assert.deepEqual([asked.from, "shortName" in asked && asked.shortName], ["cmr", "HLSL30"]);
});

Deno.test("a pattern that cannot be searched in linear time is reported, and what is no config is refused", () => {
  const ahead = { ...VEDA, discovery_items: [{ ...VEDA.discovery_items[0], filename_regex: "(?=x)" }] };
  const { yaml, notes } = importConfig(JSON.stringify(ahead), "a.json");
  assert.ok(notes.some((note) => /looks around/.test(note)));
  assert.deepEqual(parseDataset(yaml, "d.yaml").discover, [
    { from: "s3", prefix: "s3://veda/OMNO2d_HRM/", match: null, id: ".*_(.*)_.*" },
  ]);
  for (const text of ["{", "[]", "{}", '{"collection": "x"}', '{"collection": "x", "discovery_items": []}']) {
    assert.throws(
      () => importConfig(text, "x.json"),
      (error) => error instanceof GranaryError && error.exitCode === 2,
    );
  }
});
