import assert from "node:assert/strict";
import * as trigonometry from "../../../../core/expressions/trigonometry.ts";
import { ARCCOS, ARCSIN, ARCTAN, ARCTAN2, COS, SIN, TAN } from "./trigonometry_table.ts";
import { worst } from "./ulps.ts";

const { arccos, arcsin, arctan, arctan2, cos, sin, tan } = trigonometry;

for (
  const [name, compute, table] of [
    ["sin", sin, SIN],
    ["cos", cos, COS],
    ["tan", tan, TAN],
    ["arcsin", arcsin, ARCSIN],
    ["arccos", arccos, ARCCOS],
    ["arctan", arctan, ARCTAN],
  ] as const
) {
  Deno.test(`${name} is within one ulp, at the ends of its range and near its zeros too`, () => {
    const { ulps, exact } = worst(table.map(([x, y]) => [compute(x), y]));
    assert.ok(ulps <= 1, `${ulps} ulps`);
    assert.ok(exact >= table.length - 2, `${exact} of ${table.length} exact`);
  });
}

Deno.test("arctan2 is within one ulp in all quadrants and for numbers far apart", () => {
  const { ulps, exact } = worst(ARCTAN2.map(([y, x, angle]) => [arctan2(y, x), angle]));
  assert.ok(ulps <= 1, `${ulps} ulps`);
  assert.ok(exact >= ARCTAN2.length - 2, `${exact} of ${ARCTAN2.length} exact`);
});

Deno.test("zeros keep their sign, what has no value gives NaN", () => {
  assert.ok(Object.is(sin(-0), -0) && Object.is(tan(-0), -0) && Object.is(arctan(-0), -0));
  for (const x of [NaN, Infinity, -Infinity, 2 ** 60]) {
    assert.deepEqual([sin(x), cos(x), tan(x)], [NaN, NaN, NaN]);
  }
  assert.deepEqual([arcsin(1.5), arccos(-2), arctan(NaN)], [NaN, NaN, NaN]);
  assert.deepEqual([arctan2(0, -1), arctan2(-0, -1), arctan2(1, 0)], [Math.PI, -Math.PI, Math.PI / 2]);
  assert.deepEqual([arctan(Infinity), arctan2(Infinity, Infinity)], [Math.PI / 2, Math.PI / 4]);
});
