/** Verdicts on layouts of TIFFs, held against rio-cogeo's and GDAL's own validation. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { openFileSource } from "../../core/access/file_source.ts";
import { type CogVerdict, validateCog } from "../../core/geotiff/validate/validate.ts";
import { temporaryFolder } from "../support/binary.ts";
import { askGdal, hasGdal } from "../support/gdal.ts";
import { hasPeer } from "../support/python.ts";
import { hasSharedData, sharedData } from "../shared_data.ts";

interface Case {
  readonly file: string;
  /** Null where the file could not be opened. */
  readonly valid: boolean | null;
  readonly errors: string[];
  readonly warnings: string[];
}

const SHARED = ["HLS.L30.T15UWP.2024283T165135.v2.0.Fmask", "cog_dateline", "cog_nodata", "nocog"];
const ignore = !hasPeer("rasterio", "rio_cogeo");
let made: { folder: string; cases: Case[] } | undefined;

function world(): { folder: string; cases: Case[] } {
  if (made === undefined) {
    const folder = temporaryFolder("granary-cog-validation-");
    const program = path.join(import.meta.dirname!, "cog_validation_cases.py");
    const shared = hasSharedData ? SHARED.map((name) => sharedData(`cog/${name}.tif`)) : [];
    const run = spawnSync(process.env.GRANARY_TEST_PYTHON!, [program, folder, ...shared], {
      encoding: "utf8",
    });
    assert.equal(run.status, 0, run.stderr);
    made = { folder, cases: JSON.parse(fs.readFileSync(path.join(folder, "cases.json"), "utf8")) };
    assert.ok(made.cases.length > 100);
  }
  return made;
}

async function verdict(file: string): Promise<CogVerdict> {
  const place = path.join(world().folder, file);
  const source = await openFileSource(place);
  try {
    return await validateCog(source, { externalOverviews: fs.existsSync(`${place}.ovr`), blocks: true });
  } finally {
    await source.close();
  }
}

Deno.test({
  name: "the rules give rio-cogeo's verdict on every layout, made, real and changed",
  ignore,
  fn: async () => {
    const seen = { valid: 0, invalid: 0, warned: 0 };
    for (const wanted of world().cases) {
      const { errors, warnings } = await verdict(wanted.file);
      const reported = `${wanted.file}: ${JSON.stringify({ errors, warnings })}, rio-cogeo: ${
        JSON.stringify(wanted)
      }`;
      assert.equal(errors.length === 0, wanted.valid === true, reported);
      // Overviews beside the file are overviews to rio-cogeo, and an error too.
      if (wanted.valid) assert.equal(warnings.length > 0, wanted.warnings.length > 0, reported);
      seen[wanted.valid ? "valid" : "invalid"] += 1;
      if (warnings.length > 0) seen.warned += 1;
    }
    assert.ok(seen.valid > 20 && seen.invalid > 20 && seen.warned > 5, JSON.stringify(seen));
  },
});

const GDAL = `
import json, os, sys
from osgeo_utils.samples import validate_cloud_optimized_geotiff as v
out = {}
os.chdir(sys.argv[1])
for file in json.loads(sys.argv[2]):
    try: warnings, errors, details = v.validate(file, full_check=True)
    except Exception as error: errors = [str(error)]
    out[file] = errors
print(json.dumps(out))
`;

/** GDAL lets blocks as wide as the image pass up to 1024 cells, where rio-cogeo calls them strips. */
const OF_ONE = ["not-tiled"];

Deno.test({
  name: "places and blocks give GDAL's verdict, to the byte around every block",
  ignore: ignore || !hasGdal,
  fn: async () => {
    const { folder, cases } = world();
    const files = cases.map(({ file }) => file);
    const wanted = askGdal(GDAL, folder, JSON.stringify(files)) as Record<string, string[]>;
    const kinds = new Set<string>();
    for (const file of files) {
      const { errors, layoutErrors } = await verdict(file);
      const found = [...errors, ...layoutErrors].filter(({ rule }) => !OF_ONE.includes(rule));
      for (const { rule } of found) kinds.add(rule);
      const right = wanted[file].filter((error) => !error.includes("tiled"));
      assert.equal(
        found.length === 0,
        right.length === 0,
        `${file}: ${JSON.stringify(found)}, GDAL: ${JSON.stringify(right.slice(0, 5))}`,
      );
    }
    for (const rule of ["block-trailer", "data-order", "directory-order"]) assert.ok(kinds.has(rule), rule);
  },
});
