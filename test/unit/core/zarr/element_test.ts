import assert from "node:assert/strict";
import { type ArrayDtype, makeElements, scatterElements } from "../../../../core/zarr/element.ts";

function scattered(dtype: ArrayDtype, values: readonly number[]): ArrayLike<number | bigint> {
  const target = makeElements(dtype, values.length + 3);
  const positions = values.map((_, i) => i);
  const variable = { name: "v", dtype };
  scatterElements(
    target,
    variable,
    positions,
    Float64Array.from(values),
    0,
    values.length,
    2,
    (i) => `c${i}`,
  );
  return target;
}

Deno.test("values go to their positions in every element type; NaN leaves what is there", () => {
  const floats: ArrayDtype[] = ["float32", "float64"], longs: ArrayDtype[] = ["int64", "uint64"];
  const numbers: ArrayDtype[] = ["int8", "uint8", "int16", "uint16", "int32", "uint32"];
  for (const dtype of floats) {
    assert.deepEqual([...scattered(dtype, [1.5, NaN, Infinity, -2]) as number[]], [
      0,
      0,
      1.5,
      0,
      Infinity,
      -2,
      0,
    ]);
  }
  for (const dtype of numbers) {
    assert.deepEqual([...scattered(dtype, [1.9, NaN, 100]) as number[]], [0, 0, 1, 0, 100, 0]);
  }
  for (const dtype of longs) {
    assert.deepEqual([...scattered(dtype, [1.9, NaN, 100]) as bigint[]], [0n, 0n, 1n, 0n, 100n, 0n]);
  }
});

Deno.test("the first value that an element type does not hold is refused by its cell, those at its ends are not", () => {
  const ends: [ArrayDtype, number, number, string][] = [
    ["int8", -128, 127, "-128 to 127"],
    ["uint8", 0, 255, "0 to 255"],
    ["int16", -32768, 32767, "-32768 to 32767"],
    ["uint16", 0, 65535, "0 to 65535"],
    ["int32", -(2 ** 31), 2 ** 31 - 1, "-2147483648 to 2147483647"],
    ["uint32", 0, 2 ** 32 - 1, "0 to 4294967295"],
  ];
  for (const [dtype, least, most, range] of ends) {
    assert.deepEqual([...scattered(dtype, [least, most]) as number[]], [0, 0, least, most, 0]);
    for (const bad of [least - 1, most + 1, Infinity]) {
      assert.throws(() => scattered(dtype, [NaN, 1, bad, bad]), (error: Error) => {
        assert.equal(
          error.message,
          `variable v, cell c2: the value ${bad} does not fit ${dtype} (${range}); give the variable a wider dtype`,
        );
        return true;
      });
    }
  }
  assert.deepEqual([...scattered("float32", [3.4028234663852886e38]) as number[]], [
    0,
    0,
    3.4028234663852886e38,
    0,
  ]);
  assert.throws(
    () => scattered("float32", [1, -3.5e38]),
    /cell c1: the value -3.5e\+38 does not fit float32 \(up to 3.4028235e38\)/,
  );
});
