import assert from "node:assert/strict";
import type { Hdf5Dataset, Hdf5File, Hdf5Scalar, Hdf5Values } from "../../../../core/hdf5/contract.ts";
import type { DatasetFilter, ReadRequest } from "../../../../core/observations/contract.ts";
import { type GranuleSummary, readGranule, type ReadOptions } from "../../../../core/observations/granule.ts";
import { openHdf5 } from "../../../../core/observations/open_granule_file.ts";
import { GranaryError } from "../../../../core/errors.ts";
import { KernelMemory } from "../../../../core/kernels/memory.ts";
import { openFileSyncSource } from "../../../../core/access/file_source.ts";
import { hasSharedData, sharedData } from "../../../shared_data.ts";

const ATL06: ReadRequest = {
  groups: ["gt1l", "gt1r", "gt2l", "gt2r", "gt3l", "gt3r"],
  latitude: "/{group}/land_ice_segments/latitude",
  longitude: "/{group}/land_ice_segments/longitude",
  columns: [
    { name: "h_li", path: "/{group}/land_ice_segments/h_li" },
    { name: "segment_id", path: "/{group}/land_ice_segments/segment_id" },
  ],
  filters: [{ path: "/{group}/land_ice_segments/atl06_quality_summary", op: "eq", value: 0 }],
};

function readAll(file: Hdf5File, request: ReadRequest, options?: ReadOptions) {
  const groups = [];
  const generator = readGranule(file, request, options);
  for (let step = generator.next();; step = generator.next()) {
    if (step.done) return { groups, summary: step.value as GranuleSummary };
    groups.push(step.value);
  }
}

/** A file in memory: datasets by path, with attributes. */
function fakeFile(
  datasets: Record<string, { values: Hdf5Values; shape?: number[]; attributes?: Record<string, Hdf5Scalar> }>,
): Hdf5File & { reads: string[] } {
  const names: Record<string, string> = {
    Int8Array: "|i1",
    Uint8Array: "|u1",
    Int16Array: "<i2",
    Int32Array: "<i4",
    BigInt64Array: "<i8",
    BigUint64Array: "<u8",
    Float32Array: "<f4",
    Float64Array: "<f8",
  };
  const reads: string[] = [];
  return {
    name: "fake.h5",
    reads,
    list(path) {
      const prefix = path === "/" ? "/" : `${path}/`;
      const inside = Object.keys(datasets).filter((name) => name.startsWith(prefix));
      const children = new Set(inside.map((name) => name.slice(prefix.length).split("/")[0]));
      return inside.length > 0 ? [...children].sort() : undefined;
    },
    dataset(path): Hdf5Dataset | undefined {
      const found = datasets[path];
      if (!found) return undefined;
      const shape = found.shape ?? [found.values.length];
      const width = shape.slice(1).reduce((a, b) => a * b, 1);
      return {
        path,
        shape,
        dtype: names[found.values.constructor.name],
        chunks: null,
        filters: [],
        storedBytes: found.values.byteLength,
        fillValue: null,
        attributes: () => found.attributes ?? {},
        read(start, count) {
          reads.push(`${path} ${start}+${count}`);
          return found.values.slice(start * width, (start + count) * width);
        },
        readWindow: () => assert.fail("granules are read by rows"),
        readText: () => assert.fail("granules hold numbers"),
      };
    },
    attributes: () => ({}),
    linkOut: () => undefined,
    datasets: () => Object.keys(datasets),
    dimensionScales: () => undefined,
    references: () => undefined,
    close() {},
  };
}

const LATITUDE = { values: Float64Array.of(10, 11, 12, 13) };
const LONGITUDE = { values: Float64Array.of(20, 21, 22, 23) };
const ONE: ReadRequest = {
  groups: ["a"],
  latitude: "{group}/lat",
  longitude: "{group}/lon",
  columns: [],
  filters: [],
};

Deno.test({
  name: "a real ATL06 granule gives every beam's rows, passes and values as h5py sees them",
  ignore: !hasSharedData,
  async fn() {
    const file = await openHdf5(
      openFileSyncSource(sharedData("atl06/processed_ATL06_20190416093911_02770303_002_01.h5")),
    );
    // h5py: rows, quality == 0, h_li below 3e38, first latitude, last longitude, float64 sum of h_li.
    const expected: Record<string, [number, number, number, number, number, number]> = {
      gt1l: [1838, 667, 1461, 69.99527833887517, -50.04092767612855, 2135499.6554489136],
      gt1r: [1838, 77, 567, 69.99538370973727, -50.038453416659515, 823780.2845344543],
      gt2l: [1360, 304, 936, 70.21908856309206, -49.94621390051628, 1447379.5483932495],
      gt2r: [1355, 57, 541, 70.22559617027478, -49.943612110612584, 814052.1945304871],
      gt3l: [1408, 436, 1067, 70.4501651361963, -49.8524321962429, 1716001.1988220215],
      gt3r: [1372, 52, 457, 70.45667414010059, -49.84965074439001, 707991.6977081299],
    };
    const { groups, summary } = readAll(file, ATL06);
    assert.deepEqual(groups.map(({ group }) => group), Object.keys(expected));
    for (const { group, rows, latitude, longitude, columns, passes, totalRows } of groups) {
      const [n, passing, valid, firstLatitude, lastLongitude, sum] = expected[group];
      assert.equal(rows, n);
      assert.equal(totalRows, n);
      assert.equal(passes!.reduce((a, b) => a + b, 0), passing);
      const heights = [...columns[0]].filter((h) => !Number.isNaN(h));
      assert.ok(columns[0] instanceof Float32Array);
      assert.ok(columns[1] instanceof Float64Array);
      assert.equal(heights.length, valid);
      assert.equal(latitude[0], firstLatitude);
      assert.equal(longitude[n - 1], lastLongitude);
      assert.ok(Math.abs(heights.reduce((a, b) => a + b, 0) - sum) < 1e-6);
    }
    assert.deepEqual(summary, {
      present: Object.keys(expected),
      empty: [],
      missing: [],
      skipped: [],
      rows: 9171,
      warnings: [],
    });
    file.close();
  },
});

Deno.test({
  name:
    "columns are put into the memory that is given for a group, as long as there is room, and are the same",
  ignore: !hasSharedData,
  async fn() {
    const granule = sharedData("atl06/processed_ATL06_20190416093911_02770303_002_01.h5");
    const file = await openHdf5(openFileSyncSource(granule));
    const { groups } = readAll(file, ATL06);
    const memory = new KernelMemory();
    for (const part of [1, 0.6, 0]) {
      let asked = 0;
      const give = (rows: number, bytes: number) => {
        assert.equal(rows, groups[asked++].rows);
        memory.reserve(part * bytes);
        return part === 0 ? undefined : memory;
      };
      let group = 0;
      for (const observations of readGranule(file, ATL06, { memory: give })) {
        const { latitude, longitude, columns } = observations;
        const isInside = [latitude, longitude, columns[0]].map(({ buffer }) => buffer === memory.buffer);
        const all = isInside.every(Boolean), some = isInside.includes(true);
        assert.deepEqual({ all, some }, { all: part === 1, some: part > 0 });
        assert.deepEqual(observations, groups[group++]);
      }
    }
  },
});

Deno.test({
  name: "a beam without the datasets is an empty group, and one that is not there is missing",
  ignore: !hasSharedData,
  async fn() {
    const empty = await openHdf5(
      openFileSyncSource(sharedData("atl06/processed_ATL06_20181128031527_09240105_001_01.h5")),
    );
    const first = readAll(empty, ATL06);
    assert.deepEqual(first.summary.present, ["gt2l", "gt2r", "gt3l", "gt3r"]);
    assert.deepEqual(first.summary.empty, ["gt1l", "gt1r"]);
    empty.close();
    const missing = await openHdf5(
      openFileSyncSource(sharedData("atl06/processed_ATL06_20190613193602_11690305_002_01.h5")),
    );
    const second = readAll(missing, ATL06);
    assert.deepEqual(second.summary.missing, ["gt1l", "gt1r"]);
    assert.deepEqual(second.groups.map(({ rows }) => rows), [185, 222, 1501, 1539]);
    missing.close();
  },
});

Deno.test({
  name: "one column of a two-dimensional GEDI dataset is read with an index",
  ignore: !hasSharedData,
  async fn() {
    const file = await openHdf5(openFileSyncSource(sharedData("gedi/O15709_01_level2A.h5")));
    const { groups } = readAll(file, {
      groups: ["BEAM*"],
      latitude: "/{group}/lat_lowestmode",
      longitude: "/{group}/lon_lowestmode",
      columns: [{ name: "rh98", path: "/{group}/rh[:,98]" }, { name: "rh", path: "/{group}/rh[:, 100]" }],
      filters: [],
    });
    assert.equal(groups.length, 8);
    const whole = file.dataset("/BEAM0000/rh")!.read(0, 20);
    for (let i = 0; i < 20; i += 1) {
      assert.equal(groups[0].columns[0][i], whole[i * 101 + 98]);
      assert.equal(groups[0].columns[1][i], whole[i * 101 + 100]);
    }
    file.close();
  },
});

Deno.test("fill becomes NaN, packed integers are scaled, and types widen only where they must", () => {
  const file = fakeFile({
    "/a/lat": { values: Float64Array.of(10, -999, 12), attributes: { _FillValue: -999 } },
    "/a/lon": { values: Float32Array.of(20, 21, 22) },
    "/a/packed": {
      values: Int16Array.of(-32768, 100, 200),
      attributes: { _FillValue: -32768, scale_factor: 0.01, add_offset: 273.15 },
    },
    "/a/small": { values: Int8Array.of(-128, 1, 2), attributes: { missing_value: -128 } },
    "/a/float": {
      values: Float32Array.of(3.4028234663852886e38, 0.1, 2),
      attributes: { _FillValue: 3.4028235e38 },
    },
    "/a/long": { values: BigInt64Array.of(-5n, -1n, 4294967297n), attributes: { _FillValue: -1n } },
    "/a/word": { values: Int32Array.of(1, 2, 3) },
  });
  const names = ["packed", "small", "float", "long", "word"];
  const { groups: [group] } = readAll(file, {
    ...ONE,
    columns: names.map((name) => ({ name, path: `/{group}/${name}` })),
  });
  assert.deepEqual([...group.latitude], [10, NaN, 12]);
  assert.deepEqual(group.longitude, Float64Array.of(20, 21, 22));
  const [packed, small, float, long, word] = group.columns;
  assert.deepEqual(packed, Float64Array.of(NaN, 100 * 0.01 + 273.15, 200 * 0.01 + 273.15));
  assert.deepEqual(small, Float32Array.of(NaN, 1, 2));
  assert.deepEqual(float, Float32Array.of(NaN, 0.1, 2));
  assert.deepEqual(long, Float64Array.of(-5, NaN, 4294967297));
  assert.deepEqual(word, Float64Array.of(1, 2, 3));
  assert.equal(group.passes, null);
});

Deno.test("every filter operator compares stored elements where asked, and fill never passes", () => {
  const operators: [DatasetFilter["op"], number | number[], number[]][] = [
    ["eq", 1, [0, 1, 0, 0]],
    ["ne", 1, [1, 0, 1, 0]],
    ["lt", 1, [1, 0, 0, 0]],
    ["le", 1, [1, 1, 0, 0]],
    ["gt", 0, [0, 1, 1, 0]],
    ["ge", 1, [0, 1, 1, 0]],
    ["in", [0, 2, -9], [1, 0, 1, 0]],
    ["not_in", [0, 2], [0, 1, 0, 0]],
    ["between", [1, 2], [0, 1, 1, 0]],
    ["not_between", [1, 2], [1, 0, 0, 0]],
    ["bits_all", 1, [0, 1, 0, 0]],
    ["bits_not_all", 1, [1, 0, 1, 0]],
    ["bits_any", 3, [0, 1, 1, 0]],
    ["bits_none", 3, [1, 0, 0, 0]],
  ];
  for (
    const values of [
      Int8Array.of(0, 1, 2, -9),
      BigInt64Array.of(0n, 1n, 2n, -9n),
      Float32Array.of(0, 1, 2, NaN),
    ]
  ) {
    const file = fakeFile({
      "/a/lat": LATITUDE,
      "/a/lon": LONGITUDE,
      "/a/flag": { values, attributes: { _FillValue: -9, scale_factor: 10 } },
    });
    for (const [op, value, expected] of operators) {
      const { groups: [group] } = readAll(file, {
        ...ONE,
        filters: [{ path: "/{group}/flag", op, value, raw: true }],
      });
      assert.deepEqual([...group.passes!], expected, `${op} over ${values.constructor.name}`);
    }
  }
});

Deno.test("bits are those of stored numbers of any width, and ends of a range turn round with the packing", () => {
  const passesOf = (
    values: Hdf5Values,
    op: DatasetFilter["op"],
    value: number | number[],
    attributes = {},
  ) => {
    const file = fakeFile({
      "/a/lat": LATITUDE,
      "/a/lon": LONGITUDE,
      "/a/flag": { values, attributes },
    });
    const { groups: [group] } = readAll(file, { ...ONE, filters: [{ path: "/{group}/flag", op, value }] });
    return [...group.passes!];
  };
  const wide = BigUint64Array.of(2n ** 63n + 5n, 2n ** 53n + 1n, 4n, 2n ** 31n);
  assert.deepEqual(passesOf(wide, "bits_all", 5), [1, 0, 0, 0]);
  assert.deepEqual(passesOf(wide, "bits_any", 1), [1, 1, 0, 0]);
  assert.deepEqual(passesOf(wide, "bits_all", 2 ** 31), [0, 0, 0, 1]);
  assert.deepEqual(passesOf(Int16Array.of(-1, 2, 4, 6), "bits_all", 6, { scale_factor: 0.5 }), [1, 0, 0, 1]);
  assert.deepEqual(passesOf(Float64Array.of(1, 1.5, 3, 2), "bits_any", 1), [1, 0, 1, 0]);
  // Stored 1, 2, 3, 4 are -10, -20, -30, -40.
  assert.deepEqual(passesOf(Int16Array.of(1, 2, 3, 4), "between", [-30, -20], { scale_factor: -10 }), [
    0,
    1,
    1,
    0,
  ]);
  assert.deepEqual(passesOf(Int16Array.of(1, 2, 3, 4), "not_between", [-30, -20], { scale_factor: -10 }), [
    1,
    0,
    0,
    1,
  ]);
});

Deno.test("groups come in the config's order, globs in name order, each once", () => {
  const datasets: Parameters<typeof fakeFile>[0] = {};
  for (const group of ["b2", "a", "b1", "c"]) {
    datasets[`/${group}/lat`] = LATITUDE;
    datasets[`/${group}/lon`] = LONGITUDE;
  }
  const { groups, summary } = readAll(fakeFile(datasets), {
    ...ONE,
    groups: ["c", "b[12]", "b*", "?", "zz"],
  });
  assert.deepEqual(groups.map(({ group }) => group), ["c", "b1", "b2", "a"]);
  assert.deepEqual(summary.missing, ["zz"]);
});

Deno.test("the root group is named by a slash, for files without groups", () => {
  const file = fakeFile({ "/lat": LATITUDE, "/lon": LONGITUDE });
  const { groups } = readAll(file, { ...ONE, groups: ["/"], latitude: "/{group}/lat", longitude: "lon" });
  assert.deepEqual(groups.map(({ group, rows }) => [group, rows]), [["/", 4]]);
});

Deno.test("rows by an index, and rows that the callback asks for, are the only ones read", () => {
  const file = fakeFile({
    "/a/lat": LATITUDE,
    "/a/lon": LONGITUDE,
    "/a/x": { values: Float64Array.of(0, 1, 2, 3) },
    "/b/lat": LATITUDE,
    "/b/lon": LONGITUDE,
    "/b/x": { values: Float64Array.of(4, 5, 6, 7) },
  });
  const request = { ...ONE, groups: ["a", "b"], columns: [{ name: "x", path: "{group}/x" }] };
  const rows = new Map([["a", [{ start: 0, count: 1 }, { start: 2, count: 2 }]]]);
  const indexed = readAll(file, request, { rows });
  assert.deepEqual(indexed.groups.map(({ group, columns }) => [group, ...columns[0]]), [["a", 0, 2, 3]]);
  assert.deepEqual(indexed.summary.skipped, ["b"]);
  const narrowed = readAll(file, request, { rows, wanted: () => [{ start: 0, count: 2 }] });
  assert.deepEqual([...narrowed.groups[0].columns[0]], [0, 2]);
  assert.deepEqual([...narrowed.groups[0].latitude], [10, 12]);
  assert.deepEqual(narrowed.groups[0].ranges, [{ start: 0, count: 1 }, { start: 2, count: 1 }]);
  file.reads.length = 0;
  const none = readAll(file, request, { wanted: (group) => group === "b" });
  assert.deepEqual(none.groups.map(({ group }) => group), ["b"]);
  assert.deepEqual(none.summary.skipped, ["a"]);
  assert.ok(!file.reads.some((read) => read.startsWith("/a/x")));
});

Deno.test("a filter's dataset that is a column too is read once", () => {
  const file = fakeFile({
    "/a/lat": LATITUDE,
    "/a/lon": LONGITUDE,
    "/a/x": { values: Float64Array.of(0, 1, 2, 3), attributes: { _FillValue: 3 } },
  });
  const path = "/{group}/x";
  const { groups: [group] } = readAll(file, {
    ...ONE,
    columns: [{ name: "x", path }, { name: "again", path }],
    filters: [{ path, op: "ge", value: 1 }, { path, op: "lt", value: 9 }],
  });
  assert.deepEqual([...group.passes!], [0, 1, 1, 0]);
  assert.deepEqual([...group.columns[0]], [0, 1, 2, NaN]);
  assert.deepEqual(group.columns[1], group.columns[0]);
  assert.notEqual(group.columns[1], group.columns[0]);
  assert.equal(file.reads.filter((read) => read.startsWith("/a/x")).length, 1);
});

Deno.test("what a granule is without is said with what it has", () => {
  const file = fakeFile({
    "/a/lat": LATITUDE,
    "/a/lon": LONGITUDE,
    "/a/short": { values: Float64Array.of(1) },
    "/a/grid": { values: new Float64Array(12), shape: [4, 3] },
  });
  const column = (path: string) => ({ ...ONE, columns: [{ name: "x", path }] });
  const cases: [ReadRequest, RegExp][] = [
    [{ ...ONE, groups: ["gt1l", "gt*"] }, /fake\.h5: has none of the groups gt1l, gt\* \(found a;/],
    [column("{group}/h"), /has no dataset \/a\/h; \/a has grid, lat, lon, short/],
    [column("{group}/sub/h"), /has no dataset \/a\/sub\/h; there is no group \/a\/sub/],
    [column("{group}/short"), /\/a\/lat has 4 rows and \/a\/short has 1/],
    [column("{group}/grid"), /\/a\/grid has 2 dimensions, 4 x 3 .*\/a\/grid\[:,0\]/],
    [column("{group}/grid[:,3]"), /\/a\/grid\[:,3\] is not there: its shape is 4 x 3 .*below 3/],
    [column("{group}/lat[:,1]"), /\/a\/lat\[:,1\] is not there: its shape is 4 /],
    [column("{group}/grid[0,:]"), /"\[0,:\]" is not a column/],
  ];
  for (const [request, message] of cases) {
    assert.throws(() => readAll(file, request), (error) => {
      assert.ok(error instanceof GranaryError);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("integers that a float64 would round are refused by name where more than their count is wanted", () => {
  const read = (values: Hdf5Values, exact?: number[], attributes: Record<string, Hdf5Scalar> = {}) => {
    const file = fakeFile({ "/a/lat": LATITUDE, "/a/lon": LONGITUDE, "/a/shot": { values, attributes } });
    const request = { ...ONE, columns: [{ name: "shot", path: "{group}/shot" }] };
    return readAll(file, request, exact && { exact: new Set(exact) }).groups[0].columns[0];
  };
  const shots = BigUint64Array.of(19640002300000331n, 1n, 2n, 3n);
  assert.throws(
    () => read(shots, [0]),
    /fake\.h5: \/a\/shot holds the integer 19640002300000331, which .*2\^53/,
  );
  assert.throws(() => read(BigInt64Array.of(0n, -9007199254740993n, 0n, 0n), [0]), /-9007199254740993/);
  assert.equal(read(shots, []).length, 4);
  assert.equal(read(shots).length, 4);
  const even = BigInt64Array.of(9007199254740992n, -9007199254740994n, 1n, 2n);
  assert.deepEqual([...read(even, [0])], [9007199254740992, -9007199254740994, 1, 2]);
  const filled = BigInt64Array.of(9223372036854775807n, 1n, 2n, 3n);
  assert.deepEqual([...read(filled, [0], { _FillValue: 9223372036854775807n })], [NaN, 1, 2, 3]);
});
