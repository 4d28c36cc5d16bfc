/** Variables of 64-bit integers: each value is held exactly, or the variable is refused. */
import assert from "node:assert/strict";
import { axis, madeGrids, wholeBands } from "./grid_files.ts";

const LATITUDE = { units: "degrees_north" }, LONGITUDE = { units: "degrees_east" };

async function opened(values: readonly bigint[], fill?: bigint) {
  const file = await madeGrids((file) => {
    axis(file, "lat", [10, 20], LATITUDE);
    axis(file, "lon", [30, 40, 50], LONGITUDE);
    const data = BigInt64Array.from(values);
    const variable = file.create_dataset({ name: "v", data, shape: [2, 3], dtype: "<q" });
    if (fill !== undefined) variable.create_attribute("_FillValue", fill, null, "<q");
  });
  const [grid] = file.grids;
  if (grid === undefined) return file.refused.map(({ name, reason }) => `${name}: ${reason}`).join("\n");
  return { dtype: grid.dtype, nodata: grid.nodata, values: [...(await wholeBands(grid))[0]] };
}

Deno.test("powers of two and what else float64 holds are read, whatever their size", async () => {
  // The rows are stored from the south.
  assert.deepEqual(await opened([1n, 2n, 3n, 2n ** 53n, -(2n ** 60n), 0n]), {
    dtype: "float64",
    nodata: null,
    values: [2 ** 53, -(2 ** 60), 0, 1, 2, 3],
  });
  const least = -(2n ** 63n);
  assert.deepEqual(await opened([5n, least, 7n, 2n ** 40n, 1n, 2n], least), {
    dtype: "float64",
    nodata: -(2 ** 63),
    values: [2 ** 40, 1, 2, 5, -(2 ** 63), 7],
  });
});

Deno.test("a value that float64 would round refuses the variable, beside the mark of no value too", async () => {
  assert.match(String(await opened([1n, 2n, 3n, 2n ** 53n + 1n, 5n, 6n])), /holds 9007199254740993 exactly/);
  const least = -(2n ** 63n);
  assert.match(
    String(await opened([1n, least, 3n, least + 1n, 5n, 6n], least)),
    /holds -9223372036854775807 exactly/,
  );
});
