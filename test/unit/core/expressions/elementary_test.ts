import assert from "node:assert/strict";
import { exponential, logarithm, power } from "../../../../core/expressions/elementary.ts";
import { floorRemainder, roundHalfEven } from "../../../../core/expressions/operations.ts";
import { EXP, LOG, POW } from "./elementary_table.ts";
import { worst } from "./ulps.ts";

Deno.test("exp is the nearest float64, and within one ulp where it is subnormal", () => {
  const { ulps, exact } = worst(EXP.map(([x, y]) => [exponential(x), y]));
  assert.ok(ulps <= 1, `${ulps} ulps`);
  assert.ok(exact >= EXP.length - 1, `${exact} of ${EXP.length} exact`);
});

Deno.test("log is the nearest float64 over the whole range, subnormal numbers included", () => {
  assert.deepEqual(worst(LOG.map(([x, y]) => [logarithm(x), y])), { ulps: 0, exact: LOG.length });
});

Deno.test("powers are within one ulp, whole and broken exponents alike", () => {
  const { ulps, exact } = worst(POW.map(([a, b, y]) => [power(a, b), y]));
  assert.ok(ulps <= 1, `${ulps} ulps`);
  assert.ok(exact >= POW.length - 2, `${exact} of ${POW.length} exact`);
});

Deno.test("powers at the edges are those of C99, annex F", () => {
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
  const cases: [number, number, number][] = [
    [0, 3, 0],
    [-0, 3, -0],
    [-0, 2, 0],
    [0, -1, inf],
    [-0, -3, -inf],
    [nan, 0, 1],
    [1, nan, 1],
    [-1, inf, 1],
    [-1, -inf, 1],
    [2, inf, inf],
    [0.5, inf, 0],
    [inf, 0.5, inf],
    [-inf, 3, -inf],
    [-inf, 0.5, inf],
    [-0, 0.5, 0],
    [-2, 0.5, nan],
    [-8, 1.5, nan],
    [10, 309, inf],
    [-10, 309, -inf],
    [10, -400, 0],
    [1e-200, 3, 0],
    [1e200, -2, 0],
    [1e300, 2, inf],
    [-3, 4503599627370497, -inf],
  ];
  for (const [a, b, wanted] of cases) {
    assert.ok(Object.is(power(a, b), wanted), `${a} ** ${b} is ${power(a, b)}, wanted ${wanted}`);
  }
});

Deno.test("exp and log at the edges", () => {
  assert.deepEqual([-Infinity, -800, 710, Infinity, NaN].map(exponential), [0, 0, Infinity, Infinity, NaN]);
  assert.deepEqual([-1, 0, Infinity, NaN].map(logarithm), [NaN, -Infinity, Infinity, NaN]);
});

Deno.test("rounding goes half to even and remainders take the divisor's sign, as numpy's", () => {
  // np.rint and np.remainder of numpy 2.4.6.
  const rounded = [[-2.5, -2], [-1.5, -2], [-0.5, -0], [0.5, 0], [1.5, 2], [2.5, 2], [2.4, 2], [-0.2, -0], [
    1e300,
    1e300,
  ]];
  for (const [x, y] of rounded) {
    assert.ok(Object.is(roundHalfEven(x), y), `rint(${x}) is ${roundHalfEven(x)}`);
  }
  const remainders = [[7, 3, 1], [-7, 3, 2], [7, -3, -2], [-7, -3, -1], [6, -3, -0], [-6, 3, 0], [
    5.5,
    2,
    1.5,
  ]];
  for (const [a, b, y] of remainders) {
    assert.ok(Object.is(floorRemainder(a, b), y), `${a} % ${b} is ${floorRemainder(a, b)}`);
  }
  assert.ok(Number.isNaN(floorRemainder(1, 0)));
});
