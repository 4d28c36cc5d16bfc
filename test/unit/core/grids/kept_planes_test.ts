import assert from "node:assert/strict";
import { KeptPlanes } from "../../../../core/grids/kept_planes.ts";

Deno.test("planes are given once, the oldest windows go first, and what is forgotten is gone", () => {
  const kept = new KeptPlanes(100);
  const [a, b] = [{}, {}];
  const plane = (bytes: number) => new Uint8Array(bytes);
  const first = plane(30);
  kept.keep(a, "w", new Map([[1, first], [2, plane(30)]]));
  assert.equal(kept.bytes, 60);
  assert.equal(kept.take(a, "w", [1, 3]), null, "a part is nothing");
  assert.equal(kept.take(b, "w", [1]), null, "others' planes are not given");
  assert.equal(kept.take(a, "w", [1])?.[0], first);
  assert.equal(kept.take(a, "w", [1]), null, "a plane is given once");
  kept.keep(b, "w", new Map([[0, plane(50)]]));
  kept.keep(b, "v", new Map([[0, plane(40)]]));
  assert.equal(kept.bytes, 90);
  assert.equal(kept.take(a, "w", [2]), null, "the oldest went");
  kept.keep(a, "w", new Map([[0, plane(101)]]));
  assert.equal(kept.take(a, "w", [0]), null, "more than all of the room is not kept");
  kept.forget(b);
  assert.equal(kept.bytes, 0);
});
