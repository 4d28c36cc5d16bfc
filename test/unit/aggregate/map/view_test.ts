import assert from "node:assert/strict";
import { chooseProjection, fitView, fromPixels, toPixels } from "../../../../aggregate/map/view.ts";
import { makeGraticule } from "../../../../aggregate/map/graticule.ts";

function places(points: readonly (readonly [number, number])[]) {
  return {
    longitudes: Float64Array.from(points, ([longitude]) => longitude),
    latitudes: Float64Array.from(points, ([, latitude]) => latitude),
  };
}

const GREENLAND = places([[-53, 70], [-47, 72], [-50, 71]]);
const ANTARCTICA = places([[0, -70], [90, -72], [180, -75], [-90, -80], [-60, -65]]);
const FIJI = places([[177, -17], [-178, -18], [179.5, -16]]);
const WORLD = places(
  Array.from({ length: 24 }, (_, i) => [15 * i - 179, (i % 2 === 0 ? 1 : -1) * 60] as const),
);

const view = (data: typeof GREENLAND, asked: Parameters<typeof chooseProjection>[1] = "auto") =>
  fitView(data, chooseProjection(data, asked), { x: 10, y: 20, width: 500 }, 1600);

Deno.test("polar data gets a polar map, with its own meridian upright unless the pole is amid", () => {
  const north = chooseProjection(GREENLAND, "auto");
  assert.deepEqual([north.name, north.centralLongitude], ["polar-north", -50]);
  const south = chooseProjection(ANTARCTICA, "auto");
  assert.deepEqual([south.name, south.centralLongitude], ["polar-south", 0]);
});

Deno.test("other data gets an equirectangular map about its own middle, across the antimeridian too", () => {
  const fiji = chooseProjection(FIJI, "auto");
  assert.equal(fiji.name, "equirectangular");
  assert.ok(Math.abs(fiji.centralLongitude) > 176);
  assert.equal(chooseProjection(WORLD, "auto").centralLongitude, 0);
});

Deno.test("an asked projection is taken", () => {
  assert.equal(chooseProjection(GREENLAND, "equirectangular").name, "equirectangular");
});

Deno.test("all places stand inside of the frame, with room around them", () => {
  for (const data of [GREENLAND, ANTARCTICA, FIJI]) {
    const fitted = view(data);
    const { frame } = fitted;
    const point = new Float64Array(2);
    for (let i = 0; i < data.longitudes.length; i++) {
      fitted.projection.forward(data.longitudes[i], data.latitudes[i], point);
      toPixels(fitted, point);
      assert.ok(point[0] > frame.left + 5 && point[0] < frame.right - 5);
      assert.ok(point[1] > frame.top + 5 && point[1] < frame.bottom - 5);
    }
  }
});

Deno.test("pixels and places are each other's inverse", () => {
  const fitted = view(FIJI);
  const place = new Float64Array(2);
  assert.ok(fromPixels(fitted, 200.5, 100.5, place));
  const point = new Float64Array(2);
  fitted.projection.forward(place[0], place[1], point);
  toPixels(fitted, point);
  assert.ok(Math.abs(point[0] - 200.5) < 1e-6 && Math.abs(point[1] - 100.5) < 1e-6);
});

Deno.test("a single cell gets a frame of a dozen cells, not of nothing", () => {
  const { metresPerPixel, frame } = view(places([[10, 50]]));
  assert.ok(metresPerPixel * (frame.right - frame.left) >= 12 * 1600);
});

Deno.test("the whole world ends at its edges", () => {
  const fitted = view(WORLD);
  const place = new Float64Array(2);
  assert.ok(fromPixels(fitted, fitted.frame.left + 0.01, 100, place));
  assert.ok(Math.abs(place[0] + 180) < 0.1);
});

Deno.test("a graticule names meridians below and parallels at the left", () => {
  const { labels } = makeGraticule(view(GREENLAND));
  const of = (side: string) => labels.filter((label) => label.side === side).map((label) => label.text);
  assert.ok(of("bottom").includes("50°W"));
  assert.ok(of("left").includes("71.0°N"));
  assert.deepEqual([...of("top"), ...of("right")], []);
});

Deno.test("round a pole, meridians are named on every side and parallels on the map", () => {
  const { labels } = makeGraticule(view(ANTARCTICA));
  const texts = (side: string) => labels.filter((label) => label.side === side).map((label) => label.text);
  assert.ok(texts("top").includes("0°"));
  assert.ok(texts("right").includes("90°E"));
  assert.ok(texts("left").includes("90°W"));
  assert.ok(texts("bottom").includes("180°"));
  assert.ok(texts("inside").includes("80°S"));
});

Deno.test("a map of the world names its parallels though they end on the frame", () => {
  const { labels } = makeGraticule(view(WORLD));
  const left = labels.filter((label) => label.side === "left").map((label) => label.text);
  assert.ok(left.includes("0°") && left.includes("30°N"));
});

Deno.test("an equirectangular frame ends at the poles, however near the data lies to one", () => {
  const south = places([[0, -89.9], [30, -86], [-20, -88], [10, -70]]);
  const strip = places(Array.from({ length: 36 }, (_, i) => [10 * i - 180, -89 + (i % 2)] as const));
  for (const data of [south, strip, ANTARCTICA, GREENLAND, WORLD]) {
    const fitted = view(data, "equirectangular");
    const point = new Float64Array(2);
    for (const [latitude, edge] of [[90, fitted.frame.top], [-90, fitted.frame.bottom]] as const) {
      fitted.projection.forward(fitted.projection.centralLongitude, latitude, point);
      toPixels(fitted, point);
      const beyond = latitude > 0 ? point[1] - edge : edge - point[1];
      assert.ok(beyond <= 1, `${beyond} pixels beyond ${latitude}`);
    }
    for (let i = 0; i < data.longitudes.length; i++) {
      fitted.projection.forward(data.longitudes[i], data.latitudes[i], point);
      toPixels(fitted, point);
      assert.ok(point[1] >= fitted.frame.top && point[1] <= fitted.frame.bottom, `place ${i}`);
    }
  }
});
