import assert from "node:assert/strict";
import fc from "fast-check";
import { CellAssigner } from "../../../../aggregate/engine/assigner.ts";
import { noCounts, Scatterer } from "../../../../aggregate/engine/scatter.ts";
import type { SegmentEntry } from "../../../../aggregate/engine/contract.ts";
import { segmentBytes, viewSegment } from "../../../../aggregate/engine/segment.ts";
import type { GroupObservations } from "../../../../core/observations/contract.ts";
import type { Values } from "../../../../core/values.ts";
import { assignNested } from "../../../../core/cells/assign.ts";

const PARENT_ORDER = 4, CHILD_ORDER = 9;
const CHILDREN = 4 ** (CHILD_ORDER - PARENT_ORDER);
const PARENTS_PER_SHARD = 3;
const shardOf = (rank: number) => Math.floor(rank / PARENTS_PER_SHARD);
/** Column 0 and column 1 matter to one statistic together, column 2 to another alone. */
const NEEDS = [[0, 1], [2], [0, 1]];

interface Rows {
  longitude: number[];
  latitude: number[];
  columns: number[][];
  passes: number[] | null;
}

/** Room that grows; a segment never moves. */
class Room {
  buffers: ArrayBuffer[] = [];
  reserve(bytes: number): { buffer: ArrayBuffer; offset: number; slab: number } {
    const buffer = new ArrayBuffer(bytes + 16);
    this.buffers.push(buffer);
    return { buffer, offset: 16, slab: this.buffers.length - 1 };
  }
}

const coordinate = (limit: number) =>
  fc.oneof(
    { weight: 12, arbitrary: fc.double({ min: -limit, max: limit, noNaN: true }) },
    fc.constantFrom(NaN, Infinity, 1e9),
  );
const value = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: -1000, max: 1000, noNaN: true }).map(Math.fround) },
  fc.constantFrom(NaN, Infinity, -Infinity),
);

/** Rows anywhere, in any order. */
const scattered: fc.Arbitrary<Rows> = fc.integer({ min: 0, max: 120 }).chain((rows) => {
  const list = (of: fc.Arbitrary<number>) => fc.array(of, { minLength: rows, maxLength: rows });
  return fc.record({
    longitude: list(coordinate(180)),
    latitude: list(coordinate(90)),
    columns: fc.tuple(list(value), list(value), list(value)),
    passes: fc.option(list(fc.constantFrom(0, 1, 1, 1)), { nil: null }),
  });
});

/** Rows along a great circle's worth of longitudes, as a track has them, some without values. */
const track: fc.Arbitrary<Rows> = fc.record({
  rows: fc.integer({ min: 1, max: 1500 }),
  from: fc.double({ min: -180, max: 180, noNaN: true }),
  step: fc.double({ min: -0.05, max: 0.05, noNaN: true }),
  gap: fc.integer({ min: 2, max: 50 }),
}).map(({ rows, from, step, gap }) => {
  const at = (f: (i: number) => number) => Array.from({ length: rows }, (_, i) => f(i));
  return {
    longitude: at((i) => ((from + i * step + 540) % 360) - 180),
    latitude: at((i) => -80 + 0.01 * i % 20),
    columns: [at((i) => i % gap === 0 ? NaN : i), at((i) => i + 0.5), at((i) => i % gap === 1 ? NaN : -i)],
    passes: at((i) => i % 7 === 3 ? 0 : 1),
  };
});

const noPlace = (longitude: number, latitude: number) =>
  !(Math.abs(latitude) <= 90) || !(longitude >= -180 && longitude <= 360);

/** A row at a time, as anybody would write it who has never heard of speed. */
function naive({ longitude, latitude, columns, passes }: Rows, wanted: ReadonlyMap<number, number>) {
  const counts = noCounts();
  const ids = new Float64Array(longitude.length);
  assignNested(
    Float64Array.from(longitude),
    Float64Array.from(latitude),
    CHILD_ORDER,
    "authalic",
    ids,
  );
  const kept: { rank: number; child: number; row: number; values: number[] }[] = [];
  longitude.forEach((_, row) => {
    counts.rows += 1;
    const values = columns.map((column) => column[row]);
    const rank = wanted.get(Math.floor(ids[row] / CHILDREN));
    if (noPlace(longitude[row], latitude[row])) counts.misplaced += 1;
    else if (passes !== null && passes[row] === 0) counts.filtered += 1;
    else if (!NEEDS.some((need) => need.every((c) => Number.isFinite(values[c])))) counts.empty += 1;
    else if (rank === undefined) counts.elsewhere += 1;
    else {
      counts.kept += 1;
      kept.push({ rank, child: ids[row] % CHILDREN, row, values });
    }
  });
  kept.sort((a, b) => a.rank - b.rank || a.row - b.row);
  return { counts, kept: kept.map(({ rank, child, values }) => ({ rank, child, values })) };
}

/** What stands in the segments, in the order of shards. */
function unpack(entries: readonly SegmentEntry[], room: Room) {
  const found: { rank: number; child: number; values: number[] }[] = [];
  for (const entry of [...entries].sort((a, b) => a.shard - b.shard)) {
    const segment = viewSegment(room.buffers[entry.slab], entry.offset);
    let row = 0;
    segment.ranks.forEach((rank, k) => {
      assert.equal(shardOf(rank), entry.shard);
      assert.ok(k === 0 || rank > segment.ranks[k - 1], "ranks ascend");
      assert.ok(segment.counts[k] > 0, "no parent without rows");
      for (let i = 0; i < segment.counts[k]; i++, row++) {
        found.push({
          rank,
          child: segment.children[row],
          values: segment.columns.map((column) => column[row]),
        });
      }
    });
    assert.equal(row, entry.rows);
    const widths = Uint8Array.from(segment.columns, (column) => column.BYTES_PER_ELEMENT);
    const leftOut = segment.leftOut.length === 0 ? undefined : segment.leftOut;
    const shape = { parents: segment.ranks.length, rows: row, childBytes: 2, widths, leftOut } as const;
    assert.equal(entry.bytes, segmentBytes(shape));
  }
  return found;
}

/** Every parent of the order but each `omit`th, by ascending rank. */
function wantedParents(omit: number): Map<number, number> {
  const parents = Array.from({ length: 12 * 4 ** PARENT_ORDER }, (_, id) => id);
  return new Map(parents.filter((id) => id % omit !== 0).map((id, rank) => [id, rank]));
}

/** The same numbers in memory that the scatterer makes room in. */
function held(scatterer: Scatterer, observations: GroupObservations): GroupObservations {
  const { rows, longitude, latitude, columns } = observations;
  const memory = scatterer.makeRoom(rows, (rows + 2) * 8 * (2 + columns.length));
  const inside = <T extends Values>(values: T): T => {
    const { buffer, byteOffset, length } = memory!.take(values.byteLength)!;
    const copy = new (values.constructor as new (...place: [ArrayBufferLike, number, number]) => T)(
      buffer,
      byteOffset,
      length / values.BYTES_PER_ELEMENT,
    );
    copy.set(values);
    return copy;
  };
  return {
    ...observations,
    longitude: inside(longitude),
    latitude: inside(latitude),
    columns: columns.map(inside),
  };
}

function run(
  scatterer: Scatterer,
  rows: Rows,
  wanted: ReadonlyMap<number, number>,
  wide: readonly boolean[],
  { times, isHeld = false }: { times?: Float64Array; isHeld?: boolean } = {},
) {
  const room = new Room();
  const entries: SegmentEntry[] = [];
  const counts = noCounts();
  const columns: Values[] = rows.columns.map((column, c) =>
    wide[c] ? Float64Array.from(column) : Float32Array.from(column)
  );
  const observations = {
    group: "gt1l",
    rows: rows.longitude.length,
    longitude: Float64Array.from(rows.longitude),
    latitude: Float64Array.from(rows.latitude),
    columns,
    passes: rows.passes === null ? null : Uint8Array.from(rows.passes),
    ...times === undefined ? {} : { times },
  };
  const given = isHeld ? held(scatterer, observations) : observations;
  scatterer.scatter(given, 4, 2, wanted, room, entries, counts);
  assert.ok(entries.every(({ granule, group }) => granule === 4 && group === 2));
  assert.equal(new Set(entries.map(({ shard }) => shard)).size, entries.length, "one segment a shard");
  return { counts, kept: unpack(entries, room) };
}

const newScatterer = (needs = NEEDS) =>
  new Scatterer(new CellAssigner(PARENT_ORDER, CHILD_ORDER, "authalic"), shardOf, 3, needs);

for (const [name, rows] of [["rows anywhere", scattered], ["rows along a track", track]] as const) {
  Deno.test(`${name} are kept, counted and ordered as a loop over single rows does it`, () => {
    const scatterer = newScatterer(); // reused: its scratch keeps nothing
    fc.assert(
      fc.property(
        rows,
        fc.integer({ min: 2, max: 9 }),
        fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
        (given, omit, wide) => {
          const wanted = wantedParents(omit);
          const { counts, kept } = run(scatterer, given, wanted, wide);
          assert.deepEqual({ counts, kept }, naive(given, wanted));
          assert.deepEqual(run(scatterer, given, wanted, wide, { isHeld: true }), { counts, kept });
          const { rows, misplaced, filtered, empty, elsewhere } = counts;
          assert.equal(misplaced + filtered + empty + elsewhere + counts.kept, rows);
        },
      ),
      { seed: 7, numRuns: 80 },
    );
  });
}

Deno.test("groups of many rows are kept and cut by time as a loop over single rows does it", () => {
  const count = 20_001;
  const at = (f: (i: number) => number) => Array.from({ length: count }, (_, i) => f(i));
  const rows: Rows = {
    // Stretches of one parent that go over any number of rows, then rows that each have another.
    longitude: at((i) => i < 17_000 ? 10 + i / 5000 : (i * 37) % 360 - 180),
    latitude: at((i) => i < 17_000 ? 40 : (i * 11) % 180 - 90),
    columns: [at((i) => i % 50 === 0 ? NaN : i), at((i) => i + 0.5), at((i) => i % 50 < 2 ? NaN : -i)],
    passes: at((i) => i % 7 === 3 ? 0 : 1),
  };
  const wanted = wantedParents(5), wide = [false, true, false];
  const all = naive(rows, wanted);
  const { counts, kept } = run(newScatterer(), rows, wanted, wide);
  assert.deepEqual({ counts, kept }, all);
  assert.deepEqual(run(newScatterer(), rows, wanted, wide, { isHeld: true }), all);
  const large = newScatterer();
  assert.equal(large.makeRoom(count, 2 ** 31), undefined);
  assert.deepEqual(run(large, rows, wanted, wide), all);

  const window = { start: 4000, end: 18_000, endExclusive: true };
  const scatterer = new Scatterer(
    new CellAssigner(PARENT_ORDER, CHILD_ORDER, "authalic"),
    shardOf,
    3,
    NEEDS,
    { window, clip: null },
  );
  const times = Float64Array.from(at((i) => i));
  const cut = run(scatterer, rows, wanted, wide, { times });
  assert.deepEqual(run(scatterer, rows, wanted, wide, { times, isHeld: true }), cut);
  // Column 1 tells the row.
  const within = all.kept.filter(({ values }) => values[1] > window.start && values[1] < window.end);
  assert.deepEqual(cut.kept, within);
  assert.equal(cut.counts.untimely, all.kept.length - within.length);
  assert.equal(cut.counts.kept, within.length);
});

Deno.test("a group that is too large for a memory has no room in it, and the next has again", () => {
  const scatterer = newScatterer();
  assert.equal(scatterer.makeRoom(10, 2 ** 31), undefined);
  assert.equal(scatterer.makeRoom(2 ** 23, 0), undefined);
  assert.equal(scatterer.makeRoom(2 ** 52, 2 ** 53), undefined, "as many as a damaged file may state");
  assert.ok(scatterer.makeRoom(10, 80)!.take(80));
});

Deno.test("with more kinds of need than a word has bits, rows without values stay for the statistics to decide", () => {
  const needs = Array.from({ length: 7 }, (_, i) => [0, 1, 2].filter((c) => (i + 1) >> c & 1));
  const many = Array.from({ length: 40 }, (_, i) => needs[i % 7].concat(i < 7 ? [] : [3 + i]));
  const scatterer = new Scatterer(new CellAssigner(PARENT_ORDER, CHILD_ORDER, "authalic"), shardOf, 50, many);
  const nothing = Array.from({ length: 50 }, () => [NaN]);
  const { counts } = run(
    scatterer,
    { longitude: [10], latitude: [20], columns: nothing, passes: null },
    wantedParents(1e9),
    [],
  );
  assert.deepEqual([counts.kept, counts.empty], [1, 0]);
});

Deno.test("exactly 32 kinds of need fit, and each alone keeps a row", () => {
  const needs = Array.from({ length: 32 }, (_, c) => [c]);
  const scatterer = new Scatterer(
    new CellAssigner(PARENT_ORDER, CHILD_ORDER, "authalic"),
    shardOf,
    32,
    needs,
  );
  for (let has = -1; has < 32; has++) {
    const columns = Array.from({ length: 32 }, (_, c) => [c === has ? 1 : NaN]);
    const { counts } = run(
      scatterer,
      { longitude: [10], latitude: [20], columns, passes: null },
      wantedParents(1e9),
      [],
    );
    assert.deepEqual([counts.kept, counts.empty], has < 0 ? [0, 1] : [1, 0]);
  }
});
