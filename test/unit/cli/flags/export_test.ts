import assert from "node:assert/strict";
import { Command } from "@commander-js/extra-typings";
import { addExportOptions, type ExportFlags, exportRequest } from "../../../../cli/flags/export.ts";

function requestOf(...words: string[]) {
  const command = new Command("export").exitOverride().configureOutput({ writeErr: () => {} });
  addExportOptions(command);
  command.action(() => {}).parse(words, { from: "user" });
  return exportRequest(command.opts() as unknown as ExportFlags);
}

Deno.test("the format is the one that is named, or that of the file's ending", () => {
  for (const [file, format] of [["a.parquet", "geoparquet"], ["a.csv", "csv"], ["a.geojson", "geojson"]]) {
    assert.equal(requestOf("-o", file).format, format);
  }
  assert.equal(requestOf("-o", "a.txt", "--format", "csv").format, "csv");
  assert.throws(() => requestOf("-o", "a.txt"), /which format\?/);
});

Deno.test("flags that a format has no use for are refused, and what it needs is asked for", () => {
  assert.throws(
    () => requestOf("-o", "a.csv", "--crs", "EPSG:3031"),
    /--crs, --resolution and --resampling are for cog/,
  );
  assert.throws(() => requestOf("-o", "a.csv", "--geometry", "centre"), /csv has none/);
  // A store of a projected grid says its reference system itself.
  assert.equal(requestOf("-o", "a.tif", "--variable", "h").format, "cog");
  assert.throws(() => requestOf("-o", "a.tif", "--crs", "EPSG:3031"), /which variables/);
  assert.throws(
    () => requestOf("-o", "a.csv", "--zones", "--order", "8"),
    /--zones are written whole as csv/,
  );
  assert.equal(requestOf("-o", "a.csv", "--zones").zones, true);
  assert.equal(requestOf("-o", "-", "--zones").format, "csv");
  assert.equal(requestOf("-o", "a.fgb").format, "flatgeobuf");
  assert.throws(() => requestOf("-o", "-", "--format", "geoparquet"), /not written to stdout/);
  assert.deepEqual(
    requestOf(
      "-o",
      "a.tif",
      "--crs",
      "EPSG:3031",
      "--variable",
      "h,n",
      "--resolution",
      "500",
      "--order",
      "8",
    ),
    {
      format: "cog",
      output: "a.tif",
      kind: "TIFF",
      overwrite: false,
      table: { variables: ["h", "n"], order: 8 },
      time: undefined,
      geometry: "polygon",
      zones: false,
      grid: { crs: "EPSG:3031", resolution: 500, resampling: "nearest" },
    },
  );
});
