import assert from "node:assert/strict";
import { GranaryError } from "../../../../core/errors.ts";
import { coverMixed } from "../../../../core/cells/coverage.ts";
import { pointInShape } from "./point_in_shape.ts";
import { shapeFromGeometry } from "../../../../core/cells/geojson_shape.ts";
import { findRegion } from "../../../../core/cells/regions.ts";
import type { Shape } from "../../../../core/cells/shape.ts";

async function regionShape(name: string): Promise<Shape> {
  return shapeFromGeometry((await findRegion(name)).geometry, { edges: "planar" });
}

Deno.test("points known to lie in a region do, and others do not", async () => {
  const places: [region: string, longitude: number, latitude: number, inside: boolean][] = [
    ["antarctica", 0, -90, true],
    ["Antarctica", 106.8, -78.46, true],
    ["ANTARCTICA", 179.9, -85, true],
    ["antarctica", -70, -54, false],
    ["antarctica", 0, 90, false],
    ["greenland", -40, 72, true],
    ["greenland", -19, 65, false],
    ["russia", 178, 66.5, true],
    ["russia", -175, 66.5, true],
    ["russia", 37.6, 55.75, true],
    ["russia", -150, 65, false],
    ["fiji", 178, -17.8, true],
    ["fiji", 0, -17.8, false],
    ["lesotho", 28.2, -29.5, true],
    ["south africa", 28.2, -29.5, false],
    ["south africa", 25, -29, true],
    ["usa", -100, 48.9, true],
    ["canada", -100, 49.2, true],
    ["canada", -100, 48.8, false],
    ["land", 100, 60, true],
    ["land", -150, 0, false],
    ["land", 20, -80, true],
  ];
  for (const [region, longitude, latitude, inside] of places) {
    const shape = await regionShape(region);
    assert.equal(pointInShape(shape, longitude, latitude), inside, `${region} ${longitude} ${latitude}`);
  }
});

Deno.test("areas are those of the almanac", async () => {
  // Square kilometres; Antarctica without its ice shelves (Fretwell et al. 2013).
  for (
    const [region, area] of [["antarctica", 12.3e6], ["greenland", 2.17e6], ["australia", 7.69e6]] as const
  ) {
    const { full, partial } = coverMixed(await regionShape(region), 8);
    const cells = full.reduce((sum, list, order) => sum + list.length / 3 * 4 ** (8 - order), 0);
    const share = (cells + partial.length / 6) / (12 * 4 ** 8) * 510.07e6;
    assert.ok(Math.abs(share / area - 1) < 0.1, `${region}: ${share}`);
  }
});

Deno.test("names are found without case, accents and abbreviations", async () => {
  const cases = [
    ["DENMARK", "Denmark"],
    ["cote d'ivoire", "Côte d'Ivoire"],
    ["Ivory Coast", "Côte d'Ivoire"],
    ["Democratic Republic of the Congo", "Dem. Rep. Congo"],
    ["South Sudan", "S. Sudan"],
    ["Bosnia and Herzegovina", "Bosnia and Herz."],
    ["united states", "United States of America"],
    ["falkland islands", "Falkland Is."],
    ["Aland", "Åland"],
    ["land", "land"],
  ];
  for (const [name, expected] of cases) assert.equal((await findRegion(name)).name, expected);
});

Deno.test("an unknown region is refused with the nearest name", async () => {
  await assert.rejects(findRegion("Antartica"), (error: Error) => {
    assert.ok(error instanceof GranaryError && error.tag === "input");
    assert.match(error.message, /region "Antartica" is not known.*Antarctica/);
    assert.equal((error.details?.known as string[]).length, 242);
    return true;
  });
  await assert.rejects(findRegion("atlantis"), /wanted a country, antarctica, greenland or land/);
  await assert.rejects(findRegion(""), GranaryError);
});
