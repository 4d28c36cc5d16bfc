import assert from "node:assert/strict";
import { itemTime } from "../../../../publish/convert/item_time.ts";
import { cogKey, fileVariable } from "../../../../publish/convert/names.ts";

Deno.test("names of files climb nowhere, whatever a file says", () => {
  for (
    const [id, file] of [
      ["../../etc/passwd", "x.tif"],
      ["a.he5", "../x.tif"],
      ["..", ".."],
      ["a b+c.nc", "é/ü.tif"],
    ] as const
  ) {
    const key = cogKey(id, file);
    assert.match(key, /^cogs\/[^/]+\/[^/]+$/);
    assert.ok(key.split("/").every((part) => part !== "." && part !== ".." && !part.startsWith(".")), key);
  }
  assert.equal(cogKey("OMI_2016m0331.he5", "O3.tif"), "cogs/OMI_2016m0331/O3.tif");
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

Deno.test("a file without variables is called by what its name adds to the granule's", () => {
  const hls = "HLS.L30.T15UWP.2024283T165135.v2.0";
  assert.equal(fileVariable(hls, `${hls}.Fmask.tif`), "Fmask");
  assert.equal(fileVariable("a.tif", "a.tif"), "data");
  assert.equal(fileVariable("a", "B04.tif"), "B04");
});
