import assert from "node:assert/strict";
import { readsLittle } from "../../../../aggregate/schedule/little.ts";
import { GranaryError } from "../../../../core/errors.ts";
import type { SourceLocation } from "../../../../core/access/location.ts";

const local: SourceLocation = { kind: "local", url: "/a.h5" };

function indexed(...counts: number[]) {
  const runs = { group: "g", cell: new Float64Array(), first: new Uint32Array(), rows: new Uint32Array() };
  const spans = counts.map((count, i) => ({ start: i * 1e6, count }));
  return { sizeBytes: 1, groups: [{ group: "g", spans, runs }], exact: true };
}

Deno.test("little is few rows, of few granules that an index knows and that are on this machine", () => {
  const little = { granules: 2, rowsOf: () => indexed(1000, 2000), locate: () => local };
  assert.equal(readsLittle(little), true);
  assert.equal(readsLittle({ ...little, granules: 1000 }), false);
  assert.equal(readsLittle({ ...little, rowsOf: () => indexed(1000, 10_000_000) }), false);
  assert.equal(readsLittle({ ...little, rowsOf: (granule) => granule === 1 ? null : indexed(1) }), false);
  const remote: SourceLocation = { kind: "https", url: "https://host.example/a.h5" };
  assert.equal(readsLittle({ ...little, locate: (granule) => granule === 1 ? remote : local }), false);
});

Deno.test("a granule without an address is no little reading, and whatever else goes wrong is told", () => {
  const failing = (error: Error) => () =>
    readsLittle({
      granules: 1,
      rowsOf: () => indexed(1),
      locate: () => {
        throw error;
      },
    });
  assert.equal(failing(new GranaryError("granule", "has no address"))(), false);
  assert.throws(failing(new GranaryError("input", "leaves its base")), /leaves its base/);
});
