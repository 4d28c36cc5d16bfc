import assert from "node:assert/strict";
import { openHdf5 } from "../../../../../core/observations/open_granule_file.ts";
import { memorySyncSource } from "../../../../support/memory_source.ts";
import { compareFiles } from "../compare_files.ts";
import { type Hdf5Writer, LIBRARY_VERSIONS, writeHdf5 } from "../write_hdf5.ts";

/** Chunked datasets by every index that a library version chooses: by shape, growth and filter. */
function writeLayouts(file: Hdf5Writer): void {
  const line = Float64Array.from({ length: 1000 }, (_, i) => Math.sin(i) * 1e6);
  const grid = Float32Array.from({ length: 53 * 37 }, (_, i) => Math.cos(i));
  const cube = Int16Array.from({ length: 5 * 11 * 13 }, (_, i) => (i * 7919) % 1000 - 500);
  for (const compression of [undefined, 6]) {
    const name = (text: string) => `${text}${compression ? "_deflated" : ""}`;
    const options = compression === undefined ? {} : { compression };
    const put = (
      text: string,
      data: unknown,
      shape: number[],
      chunks: number[],
      maxshape?: (number | null)[],
    ) =>
      file.create_dataset({
        name: name(text),
        data,
        shape,
        chunks,
        ...(maxshape ? { maxshape } : {}),
        ...options,
      });
    put("fixed", line, [1000], [64]);
    put("fixed_pages", line, [1000], [1]);
    put("growing", line, [1000], [64], [null]);
    put("growing_many", line, [1000], [1], [null]);
    put("single", grid, [53, 37], [53, 37]);
    put("grid", grid, [53, 37], [10, 7]);
    put("grid_larger", grid, [53, 37], [10, 7], [100, 90]);
    put("grid_rows_grow", grid, [53, 37], [10, 7], [null, 37]);
    put("grid_columns_grow", grid, [53, 37], [10, 7], [53, null]);
    put("grid_both_grow", grid, [53, 37], [2, 2], [null, null]);
    put("cube", cube, [5, 11, 13], [2, 4, 5], [9, 20, null]);
    put("narrow", cube, [143, 5], [16, 5], [null, 5]);
  }
  file.create_dataset({ name: "contiguous", data: line });
  file.create_dataset({ name: "scalar", data: 3.5, shape: [], dtype: "<d" });
  for (
    const values of [
      Int8Array.of(-1, 2, 3),
      Uint8Array.of(1, 2, 255),
      Int16Array.of(-1, 2, 3),
      Uint16Array.of(1, 2, 65535),
      Int32Array.of(-1, 2, 3),
      Uint32Array.of(1, 2, 4294967295),
      BigInt64Array.of(-1n, 2n, 3n),
      BigUint64Array.of(1n, 2n, 18446744073709551615n),
      Float32Array.of(-1.5, NaN, 3),
    ]
  ) file.create_dataset({ name: values.constructor.name, data: values });
  file.create_dataset({ name: "text", data: ["a", "bc"] });
  const many = file.create_group("many");
  for (let i = 0; i < 40; i += 1) {
    many.create_dataset({ name: `d${i}`, data: Int32Array.of(i) });
    many.create_attribute(`a${i}`, Float64Array.of(i, i / 3));
  }
  many.create_attribute("words", ["one", "twö"]);
  many.create_attribute("fixed", "abc", [], "S5");
  file.create_soft_link("/many/d7", "soft");
  many.create_soft_link("d8", "relative");
  file.create_soft_link("/nothing", "dangling");
  file.create_external_link("other.h5", "/x", "elsewhere");
  file.create_group("outer").create_group("inner").create_dataset({ name: "deep", data: line });
}

for (const libver of LIBRARY_VERSIONS) {
  Deno.test(`every layout that libhdf5 writes as ${libver} reads as libhdf5 reads it`, async () => {
    const bytes = await writeHdf5(writeLayouts, libver);
    const direct = await openHdf5(memorySyncSource("direct.h5", bytes), { reader: "direct" });
    const library = await openHdf5(memorySyncSource("library.h5", bytes), { reader: "h5wasm" });
    const { equal, other, attributes, refused } = compareFiles(direct, library);
    assert.deepEqual(refused, {});
    assert.equal(equal, 24 + 2 + 9 + 40 + 2 + 1);
    assert.equal(other, 1);
    assert.equal(attributes, 42);
    direct.close();
    library.close();
  });

  Deno.test(`chunks that were never written hold zeros, far along and after growth, as ${libver}`, async () => {
    const rows = 1 << 18;
    const bytes = await writeHdf5((file) => {
      const sparse = file.create_dataset({
        name: "sparse",
        data: Int16Array.of(6),
        maxshape: [null],
        chunks: [1],
      });
      sparse.resize([rows]);
      sparse.write_slice([[200_000, 200_001]], Int16Array.of(5));
      sparse.write_slice([[70_000, 70_100]], new Int16Array(100).fill(8));
      const shrunk = file.create_dataset({
        name: "shrunk",
        data: Float64Array.from({ length: 1000 }, (_, i) => i),
        maxshape: [null],
        chunks: [10],
      });
      shrunk.resize([333]);
      shrunk.resize([500]);
    }, libver);
    const file = await openHdf5(memorySyncSource("sparse.h5", bytes), { reader: "direct" });
    const sparse = file.dataset("/sparse")!.read(0, rows);
    const expected = new Int16Array(rows);
    expected[0] = 6;
    expected[200_000] = 5;
    expected.fill(8, 70_000, 70_100);
    assert.deepEqual(sparse, expected);
    const shrunk = file.dataset("/shrunk")!.read(330, 20);
    assert.deepEqual([...shrunk].slice(0, 5), [330, 331, 332, 0, 0]);
    file.close();
  });
}
