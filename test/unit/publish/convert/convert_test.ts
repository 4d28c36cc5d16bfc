import assert from "node:assert/strict";
import type { GridBand } from "../../../../core/raster/grid.ts";
import { cutBands } from "../../../../publish/convert/cut.ts";
import { itemTime } from "../../../../publish/convert/item_time.ts";
import { cogKey, variableNames } from "../../../../publish/convert/names.ts";

const band = (name: string, time: number | null = null): GridBand => ({
  name,
  description: null,
  scale: 1,
  offset: 0,
  unit: null,
  time,
});

Deno.test("variables have the shortest names that tell them apart", () => {
  assert.deepEqual(
    variableNames(["/HDFEOS/GRIDS/G/Data Fields/O3", "/HDFEOS/GRIDS/G/Data Fields/SO2"]),
    ["O3", "SO2"],
  );
  assert.deepEqual(variableNames(["/AM/soil", "/PM/soil", "/AM/flag"]), ["AM_soil", "PM_soil", "flag"]);
  assert.deepEqual(variableNames(["/a/x/v", "/b/x/v", "/x/v"]), ["a_x_v", "b_x_v", "x_v"]);
  assert.deepEqual(variableNames([""]), ["data"]);
  assert.throws(() => variableNames(["/a", "/a"]), /variables of one name/);
});

Deno.test("names of files climb nowhere, whatever a file says", () => {
  for (
    const [id, variable, suffixes] of [
      ["../../etc/passwd", "x", []],
      ["a.he5", "../x", ["/tmp"]],
      ["..", ".", [".."]],
      ["a b+c.nc", "é/ü", ["level=3:4"]],
    ] as const
  ) {
    const key = cogKey(id, variable, suffixes);
    assert.match(key, /^cogs\/[^/]+\/[^/]+\.tif$/);
    assert.ok(key.split("/").every((part) => part !== "." && part !== ".." && !part.startsWith(".")), key);
  }
  assert.equal(cogKey("OMI_2016m0331.he5", "O3", []), "cogs/OMI_2016m0331/O3.tif");
});

Deno.test("bands become a file a time step, and few enough in each", () => {
  const [t0, t1] = [Date.UTC(2024, 0, 1), Date.UTC(2024, 0, 1, 12)];
  assert.deepEqual(cutBands([band("b1")], "files"), [{ bands: [0], time: null, suffixes: [] }]);
  assert.deepEqual(cutBands([band("time=x", t0)], "files"), [{ bands: [0], time: t0, suffixes: [] }]);
  assert.deepEqual(cutBands([band("time=x", t0), band("time=y", t1)], "files"), [
    { bands: [0], time: t0, suffixes: ["20240101T000000"] },
    { bands: [1], time: t1, suffixes: ["20240101T120000"] },
  ]);
  assert.deepEqual(cutBands([band("time=x", t0), band("time=y", t1)], "bands"), [
    { bands: [0, 1], time: null, suffixes: [] },
  ]);
  const levels = Array.from({ length: 17 }, (_, i) => band(`time=x,level=${i}`, t0));
  const cuts = cutBands(levels, "files");
  assert.equal(cuts.length, 17);
  assert.deepEqual(cuts[3], { bands: [3], time: t0, suffixes: ["level=3"] });
  assert.equal(cutBands(levels.slice(1), "files").length, 1);
});

Deno.test("an item's time is the first answer of the rule, and never a guess", () => {
  const none = { start_datetime: null, end_datetime: null, datetime: null };
  const day = { ...none, start_datetime: 1000, end_datetime: 5000 };
  const pattern = String.raw`_(?<year>\d{4})m(?<month>\d\d)(?<day>\d\d)`;
  const from = ["cmr", "file", "name"] as const;
  const file = { start: 10, end: 10 };
  const name = "x_2024m0229.he5";
  assert.deepEqual(itemTime({ from, pattern }, day, file, name), { start: 1000, end: 5000 });
  assert.deepEqual(itemTime({ from, pattern }, none, file, name), { instant: 10 });
  assert.deepEqual(itemTime({ from, pattern }, none, null, name), {
    start: Date.UTC(2024, 1, 29),
    end: Date.UTC(2024, 2, 1) - 1,
  });
  assert.equal(itemTime({ from, pattern }, none, null, "x.he5"), null);
  assert.deepEqual(itemTime({ from: ["name", "cmr"], pattern }, day, file, "x.he5"), {
    start: 1000,
    end: 5000,
  });
});
