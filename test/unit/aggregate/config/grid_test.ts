/** The grid of a config: what it means, what is written of it again, and faults at their places. */
import assert from "node:assert/strict";
import { formatConfig } from "../../../../aggregate/config/format.ts";
import { parseConfig } from "../../../../aggregate/config/parse.ts";
import { overridden } from "../../../../aggregate/override.ts";
import { loadConfig } from "../../../../aggregate/config/load.ts";

const config = (output: string, coordinates = "") => `
data_source:
  groups: ["gt*"]
  coordinates: {latitude: "/{group}/lat", longitude: "/{group}/lon"}
  variables: {h: "/{group}/h"}
aggregation:
  ${coordinates}variables: {n: {function: count, source: h}}
output:
${output}`;

const parsed = (output: string) => parseConfig(config(output), "own.yaml").pipeline;

Deno.test("the finest order of a projected grid is the least of which 2^order cells span 40,960 km", () => {
  const orders = [[20_000, 11], [1000, 16], [999, 16], [1001, 16], [100, 19], [10, 22], [1, 24]];
  for (const [resolution, order] of orders) {
    const { output } = parsed(`  grid: {type: projected, crs: "EPSG:3413", resolution: ${resolution}}`);
    assert.equal(output.childOrder, order, String(resolution));
    assert.equal(output.parentOrder, order - 7);
    assert.deepEqual(output.projected, { crs: "EPSG:3413", resolution, origin: [0, 0] });
  }
  // 720 degrees are twice around.
  const degrees = parsed(`  grid: {type: projected, crs: "EPSG:4326", resolution: 0.01}`).output;
  assert.equal(degrees.childOrder, Math.ceil(Math.log2(720 / 0.01)));
  // US survey feet.
  const { output } = parsed(`  grid: {type: projected, crs: "EPSG:2263", resolution: 3000, tile: 32}`);
  assert.equal(output.childOrder, Math.ceil(Math.log2(40_960_000 / (3000 * 1200 / 3937))));
  assert.equal(output.parentOrder, output.childOrder - 5);
});

Deno.test("a projected config written as YAML and parsed again is the same pipeline", () => {
  const pipeline = parsed(
    `  grid: {type: projected, crs: "EPSG:32633", resolution: 12.5, origin: [500000, -3.5], tile: 64}\n  levels: [22, 20]`,
  );
  assert.deepEqual(parseConfig(formatConfig(pipeline), "own.yaml").pipeline, pipeline);
});

Deno.test("a preset goes onto a projected grid by a request, and a config's own is changed by one", () => {
  const { pipeline } = loadConfig("atl06");
  const plane = overridden(pipeline, { crs: "EPSG:3031", resolution: 500 }).output;
  assert.deepEqual(plane.projected, { crs: "EPSG:3031", resolution: 500, origin: [0, 0] });
  const own = parsed(
    `  grid: {type: projected, crs: "EPSG:3413", resolution: 1000, origin: [5, 6], tile: 64}`,
  );
  const finer = overridden(own, { resolution: 500 }).output;
  assert.deepEqual(finer.projected, { crs: "EPSG:3413", resolution: 500, origin: [5, 6] });
  assert.equal(finer.childOrder - finer.parentOrder, 6);
  assert.deepEqual(overridden(own, {}).output, own.output);
});

Deno.test("what a grid cannot have is told at its place, with what to do", () => {
  const faults: [output: string, message: RegExp, coordinates?: string][] = [
    [
      `  grid: {type: projected, crs: "EPSG:3413", resolution: 1, child_order: 9}`,
      /own\.yaml:9:\d+: output\.grid\.child_order: is none of a grid of type projected/,
    ],
    [
      `  grid: {child_order: 9, crs: "EPSG:3413"}`,
      /own\.yaml:9:\d+: output\.grid\.crs: is none of a grid of type healpix/,
    ],
    [
      `  grid: {type: projected, resolution: 1}`,
      /output\.grid\.type: projected needs crs, such as EPSG:3413/,
    ],
    [`  grid: {type: projected, crs: "EPSG:3413"}`, /output\.grid\.type: projected needs resolution/],
    [
      `  grid: {type: projected, crs: "EPSG:4267", resolution: 1}`,
      /output\.grid\.crs: EPSG:4267: its longitudes and latitudes are not those of WGS 84/,
    ],
    [
      `  grid: {type: projected, crs: "EPSG:4326", resolution: 1, origin: [200, 0]}`,
      /output\.grid\.origin: origin 200,0 is no longitude from -180 to 180/,
    ],
    [
      `  grid: {type: projected, crs: "EPSG:1", resolution: 1}`,
      /output\.grid\.crs: EPSG:1: no coordinate reference system/,
    ],
    [
      `  grid: {type: projected, crs: "EPSG:3413", resolution: 1, tile: 48}`,
      /output\.grid\.tile: tile 48 is no power of 2/,
    ],
    [`  grid: {type: projected, crs: "EPSG:3413", resolution: 0}`, /output\.grid\.resolution/],
    [
      `  layout: sphere\n  grid: {type: projected, crs: "EPSG:3413", resolution: 1}`,
      /output\.layout: is for HEALPix cells/,
    ],
    [
      `  grid: {type: projected, crs: "EPSG:3413", resolution: 1}`,
      /aggregation\.coordinates: are those of HEALPix/,
      "coordinates: {morton: {}}\n  ",
    ],
    [
      `  grid: {type: hexagons, child_order: 9}`,
      /output\.grid\.type: .*healpix, with child_order, or projected, with crs and resolution/,
    ],
    [`  grid: {}`, /output\.grid: child_order is missing/],
  ];
  for (const [output, message, coordinates] of faults) {
    assert.throws(() => parseConfig(config(output, coordinates), "own.yaml"), message, output);
  }
});
