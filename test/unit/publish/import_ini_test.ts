import assert from "node:assert/strict";
import { GranaryError } from "../../../core/errors.ts";
import { parseDataset } from "../../../publish/config/parse.ts";
import { importIni, isIni } from "../../../publish/import_ini.ts";

const INI = `[DEFAULT]
output_bucket = climate-data \noutput_dir = cogs_003

# notes stand on lines of their own
[GPM_3IMERGM]
group = Grid
variable_name = precipitation

[NISAR] ; unfinished
Variable_Name: science/LSAR/HHHH
src_crs = +proj=utm +zone=32S +datum=WGS84
x_variable = science/xCoordinates
odd = 1

[OMNO2d]
variable_name = HDFEOS/GRIDS/ColumnAmountNO2/Data Fields/ColumnAmountNO2TropCloudScreened
affine_transformation = (xmin, xres, 0, ymax, 0, -yres)
src_crs = epsg:4326
`;

const imported = (section: string) => {
  const { name, yaml, notes } = importIni(INI, "example.ini", section);
  return { name, notes, dataset: parseDataset(yaml, "x.yaml") };
};

Deno.test("a section of an .ini file becomes a sound dataset, and what is lost is reported", () => {
  assert.ok(isIni(INI) && !isIni('[{"collection": "a"}]') && !isIni('{"collection": ["a"]}'));
  const rain = imported("GPM_3IMERGM");
  assert.equal(rain.name, "GPM_3IMERGM");
  assert.deepEqual(rain.dataset.convert.variables, ["/Grid/precipitation"]);
  assert.equal(rain.dataset.output, "s3://climate-data/cogs_003/");
  assert.equal(rain.dataset.discover[0].from === "cmr" && rain.dataset.discover[0].shortName, "GPM_3IMERGM");
  const no2 = imported("OMNO2d");
  assert.deepEqual(no2.dataset.convert.variables, [
    "/HDFEOS/GRIDS/ColumnAmountNO2/Data Fields/ColumnAmountNO2TropCloudScreened",
  ]);
  assert.equal(no2.dataset.convert.grid.crs, "EPSG:4326");
  assert.ok(no2.notes.some((note) => note.startsWith("affine_transformation: cells are placed by")));
  const nisar = imported("NISAR");
  assert.deepEqual(nisar.dataset.convert.variables, ["/science/LSAR/HHHH"]);
  assert.ok(nisar.notes.some((note) => /src_crs .* is no code/.test(note)));
  assert.ok(nisar.notes.includes("odd: is not known here"));
});

Deno.test("a file of several sections asks for one, and what is no setting is refused by its line", () => {
  const refused = (text: string, section: string | undefined, pattern: RegExp) =>
    assert.throws(
      () => importIni(text, "a.ini", section),
      (error) => error instanceof GranaryError && error.tag === "input" && pattern.test(error.message),
    );
  refused(
    INI,
    undefined,
    /has the collections GPM_3IMERGM, NISAR, OMNO2d \(name one: --section GPM_3IMERGM\)/,
  );
  refused(INI, "X", /has no section X/);
  refused("[DEFAULT]\na = 1\n", undefined, /no section of a collection/);
  refused("[A]\nplain words\n", undefined, /a\.ini:2: is no setting/);
});
