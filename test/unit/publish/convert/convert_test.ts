import assert from "node:assert/strict";
import { itemTime } from "../../../../publish/convert/item_time.ts";
import { cogKey, fileVariable, itemStem } from "../../../../publish/convert/names.ts";

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

Deno.test("ids of items are such as every server takes", () => {
  const id = "OMTO3d.003:OMI-Aura_L3-OMTO3d_2016m0331_v003-2016m0402t051523.he5";
  assert.equal(itemStem(id), "OMI-Aura_L3-OMTO3d_2016m0331_v003-2016m0402t051523");
  assert.equal(itemStem("GPM_3IMERGM.07:3B-MO.MS.MRG.3IMERG.20190101.HDF5"), "3B-MO.MS.MRG.3IMERG.20190101");
  assert.equal(itemStem("a/b (1)+c.nc"), "a-b-1-c");
  for (const odd of ["x:", ":", "//", ".nc", "é:ü.tif"]) {
    assert.match(itemStem(odd), /^[^:/?#[\]@!$&'()*+,;=\s]+$/);
  }
});

Deno.test("a file without variables is called by what its name adds to the granule's", () => {
  const hls = "HLS.L30.T15UWP.2024283T165135.v2.0";
  assert.equal(fileVariable(hls, `${hls}.Fmask.tif`), "Fmask");
  assert.equal(fileVariable("a.tif", "a.tif"), "data");
  assert.equal(fileVariable("a", "B04.tif"), "B04");
});
