import assert from "node:assert/strict";
import { BoxIndex } from "../../../serve/search/box_index.ts";
import { seeded } from "../../support/run_world.ts";

type Box = [xmin: number, ymin: number, xmax: number, ymax: number];

const named = ([xmin, ymin, xmax, ymax]: Box) => ({ xmin, ymin, xmax, ymax });
const meet = (a: Box, b: Box) => a[0] <= b[2] && a[2] >= b[0] && a[1] <= b[3] && a[3] >= b[1];

function indexOf(owners: readonly (readonly Box[])[]): BoxIndex {
  const first = [0];
  for (const boxes of owners) first.push(first[first.length - 1] + boxes.length);
  return new BoxIndex(Float64Array.from(owners.flat(2)), Uint32Array.from(first));
}

Deno.test("whatever touches a place is found, once and in order, at every edge", () => {
  const random = seeded(11);
  const between = (low: number, high: number) => low + (high - low) * random();
  const box = (widest: number): Box => {
    // Every third stands on whole degrees, where boxes touch and do not overlap.
    const whole = random() < 1 / 3 ? Math.round : (x: number) => x;
    const [x, y] = [whole(between(-180, 180)), whole(between(-90, 90))];
    return [x, y, Math.min(180, x + whole(between(0, widest))), Math.min(90, y + whole(between(0, widest)))];
  };
  const owners = Array.from({ length: 3000 }, (_, i) => {
    if (i % 50 === 0) return []; // no footprint
    return Array.from({ length: i % 7 === 0 ? 2 : 1 }, () => box(i % 100 === 1 ? 120 : 3));
  });
  const index = indexOf(owners);
  for (let i = 0; i < 400; i++) {
    const places = Array.from({ length: i % 5 === 0 ? 2 : 1 }, () => box(i % 10 === 0 ? 60 : 2));
    const near = index.near(places.map(named));
    const found = near === null ? owners.map((_, owner) => owner) : [...near];
    assert.deepEqual(found, [...new Set(found)].sort((a, b) => a - b));
    const kept = new Set(found);
    for (const [owner, boxes] of owners.entries()) {
      if (boxes.some((one) => places.some((place) => meet(one, place)))) {
        assert.ok(kept.has(owner), `${owner}`);
      }
    }
  }
});

Deno.test("the edges of the map belong to cells, and a whole world is everyone", () => {
  const index = indexOf([[[-180, -90, -180, -90]], [[180, 90, 180, 90]], [[0, 0, 0, 0]]]);
  const near = (...places: Box[]) => [...index.near(places.map(named)) ?? ["all"]];
  assert.deepEqual(near([-180, -90, -179.5, -89.5]), [0]);
  assert.deepEqual(near([179.5, 89.5, 180, 90]), [1]);
  assert.deepEqual(near([-180, -90, 180, 90]), ["all"]);
  assert.deepEqual(near([100, 10, 101, 11]), []);
});

Deno.test("of fifty thousand granules a tile looks at those around it, in memory that is counted", () => {
  const random = seeded(3);
  const owners = Array.from({ length: 50_000 }, (): Box[] => {
    const [x, y] = [-180 + 358 * random(), -80 + 158 * random()];
    return [[x, y, x + 1.1, y + 1]];
  });
  const index = indexOf(owners);
  const near = index.near([named([-92.8, 47.9, -92.1, 48.4])]);
  const cells = 2 * 2;
  // A cell of a degree is touched by those whose corner lies within 2.1 by 2 degrees: 4 or 5 of 50,000.
  assert.ok(near !== null && near.length < 100 * cells, String(near?.length));
  assert.ok(index.byteLength < 50_000 * 40 + 4 * 65_000, String(index.byteLength));
});
