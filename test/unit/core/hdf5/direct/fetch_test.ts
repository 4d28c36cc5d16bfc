import assert from "node:assert/strict";
import { readGranule } from "../../../../../core/observations/granule.ts";
import { Fetcher } from "../../../../../core/hdf5/direct/fetch.ts";
import { openHdf5 } from "../../../../../core/observations/open_granule_file.ts";
import { memorySyncSource } from "../../../../support/memory_source.ts";
import type { ByteRange, SyncSource } from "../../../../../core/access/source.ts";
import { writeHdf5 } from "../write_hdf5.ts";

const BYTES = Uint8Array.from({ length: 100_000 }, (_, i) => i * 31);

/** A source that keeps each call of readMany. */
function batches(bytes: Uint8Array): SyncSource & { calls: ByteRange[][] } {
  const inner = memorySyncSource("f", bytes);
  const calls: ByteRange[][] = [];
  return {
    ...inner,
    calls,
    readMany(ranges) {
      calls.push(ranges.map((range) => ({ ...range })));
      return inner.readMany(ranges);
    },
  };
}

Deno.test("ranges come in the order asked for, whatever their order in the file, neighbours joined", () => {
  const source = batches(BYTES);
  const ranges = [
    { offset: 50_000, length: 100 },
    { offset: 0, length: 10 },
    { offset: 50_200, length: 50 },
    { offset: 10, length: 10 },
    { offset: 5, length: 3 },
    { offset: 90_000, length: 1 },
  ];
  const parts = new Fetcher(source).read(ranges);
  ranges.forEach(({ offset, length }, i) =>
    assert.deepEqual(parts[i], BYTES.subarray(offset, offset + length))
  );
  assert.deepEqual(source.calls, [[
    { offset: 0, length: 20 },
    { offset: 50_000, length: 250 },
    { offset: 90_000, length: 1 },
  ]]);
});

Deno.test("what was fetched ahead is not fetched again, and the rest is", () => {
  const source = batches(BYTES);
  const fetcher = new Fetcher(source);
  fetcher.ahead([{ offset: 100, length: 10 }, { offset: 60_000, length: 10 }]);
  const parts = fetcher.read([{ offset: 60_000, length: 10 }, { offset: 30_000, length: 5 }]);
  assert.deepEqual(parts, [BYTES.subarray(60_000, 60_010), BYTES.subarray(30_000, 30_005)]);
  // Another length at the same place is another range.
  assert.deepEqual(fetcher.read([{ offset: 100, length: 20 }]), [BYTES.subarray(100, 120)]);
  assert.deepEqual(source.calls.map((call) => call.map(({ offset }) => offset)), [[100, 60_000], [30_000], [
    100,
  ]]);
});

Deno.test("what is held ahead stays while parts of it are asked for again, and goes when others are", () => {
  const source = batches(BYTES);
  const fetcher = new Fetcher(source);
  const at = (offset: number) => ({ offset, length: 10 });
  fetcher.ahead([at(0), at(20_000), at(40_000)]);
  fetcher.ahead([at(20_000)]);
  fetcher.ahead([at(40_000), at(60_000)]);
  const parts = fetcher.read([0, 20_000, 40_000, 60_000].map(at));
  assert.deepEqual(parts, [0, 20_000, 40_000, 60_000].map((from) => BYTES.subarray(from, from + 10)));
  fetcher.ahead([at(0)]);
  fetcher.ahead([at(80_000)]);
  fetcher.read([at(0), at(80_000)]);
  const calls = source.calls.map((call) => call.map(({ offset }) => offset));
  assert.deepEqual(calls, [[0, 20_000, 40_000], [60_000], [0], [80_000], [0]]);
});

Deno.test("rows that an index names of several groups are in flight together", async () => {
  const values = Float64Array.from({ length: 20_000 }, (_, i) => Math.sin(i));
  const bytes = await writeHdf5((file) => {
    for (const name of ["a", "b", "c"]) {
      const group = file.create_group(name);
      for (const path of ["lat", "lon", "x"]) {
        group.create_dataset({ name: path, data: values, chunks: [5000], compression: 1 });
      }
    }
  });
  const request = {
    groups: ["a", "b", "c"],
    latitude: "{group}/lat",
    longitude: "{group}/lon",
    columns: [{ name: "x", path: "{group}/x" }],
    filters: [],
  };
  for (const [coordinates, chunks] of [[true, 3 + 6], [false, 1 + 2]] as const) {
    const source = batches(bytes);
    const file = await openHdf5(source, { request });
    const rows = new Map([["a", [{ start: 100, count: 10 }]], ["c", [{ start: 4990, count: 20 }]]]);
    const read = [...readGranule(file, request, { rows, coordinates })];
    assert.deepEqual(read.map(({ columns }) => columns[0]), [
      values.slice(100, 110),
      values.slice(4990, 5010),
    ]);
    assert.equal(source.calls.length, 1, "all data by one call");
    assert.equal(file.counters!.chunksDecoded, chunks);
    file.close();
  }
});

Deno.test("all datasets of a group are in flight together, or in two steps where a callback decides", async () => {
  const values = Float64Array.from({ length: 20_000 }, (_, i) => Math.sin(i));
  const bytes = await writeHdf5((file) => {
    for (const name of ["a", "b"]) {
      const group = file.create_group(name);
      for (const path of ["lat", "x", "lon", "y"]) {
        group.create_dataset({ name: path, data: values, chunks: [5000], compression: 1 });
      }
    }
  });
  const request = {
    groups: ["a", "b"],
    latitude: "{group}/lat",
    longitude: "{group}/lon",
    columns: [{ name: "x", path: "{group}/x" }, { name: "y", path: "{group}/y" }],
    filters: [{ path: "{group}/y", op: "gt" as const, value: 0 }],
  };
  for (const [wanted, calls] of [[undefined, 2], [(group: string) => group === "b", 3]] as const) {
    const source = batches(bytes);
    const file = await openHdf5(source, { request });
    const groups = [...readGranule(file, request, wanted ? { wanted } : {})];
    assert.deepEqual(groups.map(({ group }) => group), wanted ? ["b"] : ["a", "b"]);
    for (const { columns } of groups) assert.deepEqual(columns, [values, values]);
    assert.equal(source.calls.length, calls);
    assert.equal(file.counters!.chunksDecoded, wanted ? 28 : 32);
    file.close();
  }
});
