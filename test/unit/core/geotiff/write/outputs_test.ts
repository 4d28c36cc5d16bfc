import assert from "node:assert/strict";
import { cogOutputs, granuleName, variableNames } from "../../../../../core/geotiff/write/outputs.ts";
import { memoryGrid } from "../../../../support/memory_grid.ts";

function grid(name: string, bands: readonly { name: string; time?: string }[]) {
  return memoryGrid({
    name,
    width: 1,
    height: 1,
    dtype: "uint8",
    planes: bands.map(() => new Uint8Array(1)),
    bands: bands.map(({ name, time }) => ({ name, time: time === undefined ? null : Date.parse(time) })),
  });
}

const HOURS = ["2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z"];
const hours = () => grid("/t2m", HOURS.map((time) => ({ name: `time=${time}`, time })));

Deno.test("a variable is a file, and a TIFF's image one without a folder", () => {
  const keys = (granule: string, ...names: string[]) =>
    cogOutputs(granule, names.map((name) => grid(name, [{ name: "b1" }]))).map(({ key }) => key);
  assert.deepEqual(keys("g", "/a/ozone", "/a/so2"), ["g/ozone.tif", "g/so2.tif"]);
  assert.deepEqual(keys("scene", ""), ["scene.tif"]);
  assert.deepEqual(keys("../../etc", "/x/../y z"), ["__.._etc/y_z.tif"]);
});

Deno.test("every step of time is a file by default, and all are bands by wish", () => {
  const steps = cogOutputs("g", [hours()]);
  assert.deepEqual(steps.map(({ key, bands }) => [key, bands]), [
    ["g/t2m_20240101T000000.tif", [0]],
    ["g/t2m_20240101T010000.tif", [1]],
  ]);
  assert.equal(steps[1].time, Date.parse(HOURS[1]));
  const [all, ...none] = cogOutputs("g", [hours()], { time: "bands" });
  assert.deepEqual([all.key, all.bands, all.time, none.length], ["g/t2m.tif", [0, 1], null, 0]);
});

Deno.test("steps that share a second are told apart by their milliseconds", () => {
  const times = ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00.250Z", "2024-01-01T00:00:01Z"];
  const outputs = cogOutputs("g", [grid("/v", times.map((time) => ({ name: `time=${time}`, time })))]);
  assert.deepEqual(outputs.map(({ key, step }) => [key, step]), [
    ["g/v_20240101T000000.000.tif", "_20240101T000000.000"],
    ["g/v_20240101T000000.250.tif", "_20240101T000000.250"],
    ["g/v_20240101T000001.000.tif", "_20240101T000001.000"],
  ]);
});

Deno.test("a lone step of time keeps its moment and needs no name", () => {
  const [one] = cogOutputs("g", [grid("/rain", [{ name: `time=${HOURS[0]}`, time: HOURS[0] }])]);
  assert.deepEqual([one.key, one.time], ["g/rain.tif", Date.parse(HOURS[0])]);
});

Deno.test("other axes are bands up to a number, and files where they are split", () => {
  const levels = (count: number) =>
    HOURS.flatMap((time) =>
      Array.from({ length: count }, (_, i) => ({ name: `time=${time},level=${i * 50}`, time }))
    );
  const bands = cogOutputs("g", [grid("/t", levels(3))]);
  assert.deepEqual(bands.map(({ key, bands }) => [key, bands]), [
    ["g/t_20240101T000000.tif", [0, 1, 2]],
    ["g/t_20240101T010000.tif", [3, 4, 5]],
  ]);
  const split = cogOutputs("g", [grid("/t", levels(2))], { split: ["level"] });
  assert.deepEqual(split.map(({ key }) => key), [
    "g/t_level0_20240101T000000.tif",
    "g/t_level50_20240101T000000.tif",
    "g/t_level0_20240101T010000.tif",
    "g/t_level50_20240101T010000.tif",
  ]);
  assert.throws(() => cogOutputs("g", [grid("/t", levels(17))]), /17 steps along level.*--split level/);
  assert.equal(cogOutputs("g", [grid("/t", levels(17))], { split: ["level"] }).length, 34);
});

Deno.test("variables of one name are distinguished by the groups around them", () => {
  assert.deepEqual(variableNames(["/am/tb", "/pm/tb", "/lat"]), ["am.tb", "pm.tb", "lat"]);
  assert.deepEqual(
    variableNames(["/HDFEOS/GRIDS/North/Data Fields/T", "/HDFEOS/GRIDS/South/Data Fields/T"]),
    ["North.T", "South.T"],
  );
});

Deno.test("a granule is called as its file", () => {
  assert.equal(granuleName("/data/OMI_v003.he5"), "OMI_v003");
  assert.equal(granuleName("https://host/a/b.v2.nc4?token=x"), "b.v2");
  assert.equal(granuleName("s3://b/k/scene.TIF"), "scene");
  assert.equal(granuleName("raw"), "raw");
  // On a disk and in a bucket these signs are parts of a name.
  assert.equal(granuleName("/data/a#b?c.nc"), "a#b?c");
});
