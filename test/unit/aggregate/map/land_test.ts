import assert from "node:assert/strict";
import { loadLand } from "../../../../aggregate/map/land.ts";
import { makeProjection, type ProjectionName } from "../../../../core/draw/projection.ts";
import { fillMask } from "../../../../core/draw/shapes.ts";
import { fitView, toPixels } from "../../../../aggregate/map/view.ts";

type Place = readonly [longitude: number, latitude: number];

/** Whether each place is drawn as land on a map that shows all of them. */
async function landAt(name: ProjectionName, central: number, points: readonly Place[], width = 700) {
  const places = {
    longitudes: Float64Array.from(points, ([longitude]) => longitude),
    latitudes: Float64Array.from(points, ([, latitude]) => latitude),
  };
  const view = fitView(places, makeProjection(name, central), { x: 0, y: 0, width }, 1000);
  const { coverage } = fillMask((await loadLand(view)).rings, view.frame);
  const point = new Float64Array(2);
  return points.map(([longitude, latitude]) => {
    view.projection.forward(longitude, latitude, point);
    toPixels(view, point);
    return coverage[Math.floor(point[1]) * width + Math.floor(point[0])] > 0.5;
  });
}

const LAND: Place[] = [[-42, 72], [25, 0], [-60, -10], [135, -25], [100, 60], [-100, 45]];
const SEA: Place[] = [[-65, 73.5], [-150, 0], [0, -40], [80, -20], [-40, 40], [170, 40]];

Deno.test("on a map of the world continents are land and oceans are not", async () => {
  assert.deepEqual(await landAt("equirectangular", 0, [...LAND, ...SEA]), [
    ...LAND.map(() => true),
    ...SEA.map(() => false),
  ]);
});

Deno.test("so they are on a map about the antimeridian", async () => {
  const found = await landAt("equirectangular", 180, [...LAND, ...SEA]);
  assert.deepEqual(found, [...LAND.map(() => true), ...SEA.map(() => false)]);
});

Deno.test("Chukotka is land on both sides of the antimeridian, and the strait is sea", async () => {
  const points: Place[] = [[178, 67.5], [-178, 67], [-168.8, 66], [-165, 65]];
  for (const [name, central] of [["equirectangular", 180], ["polar-north", -170]] as const) {
    assert.deepEqual(await landAt(name, central, points), [true, true, false, true]);
  }
});

Deno.test("Antarctica reaches the pole on a polar map and the lower edge on a flat one", async () => {
  const points: Place[] = [[0, -89.5], [90, -75], [-150, -60], [-40, -60], [150, -85]];
  assert.deepEqual(await landAt("polar-south", 0, points), [true, true, false, false, true]);
  assert.deepEqual(await landAt("equirectangular", 0, [[0, -89], ...points.slice(1), [0, 60]]), [
    true,
    true,
    false,
    false,
    true,
    false,
  ]);
});

Deno.test("a map wholly inland or wholly at sea is one colour", async () => {
  assert.deepEqual(await landAt("polar-north", -45, [[-42, 74], [-41, 74.5]]), [true, true]);
  assert.deepEqual(await landAt("equirectangular", -30, [[-30, 0], [-29, 1]]), [false, false]);
});
