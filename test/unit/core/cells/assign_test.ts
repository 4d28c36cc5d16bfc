import assert from "node:assert/strict";
import fc from "fast-check";
import { giveBack, takeMemory } from "../../../../core/kernels/memory.ts";
import { assignCells, assignNested } from "../../../../core/cells/assign.ts";
import { nestedBigOf } from "../../../support/cells.ts";

/** Anywhere, or where formulas meet: at faces' edges, poles, the equator and the ends of the belt. */
const coordinate = fc.record({
  lon: fc.oneof(
    fc.double({ min: -180, max: 360, noNaN: true }),
    fc.integer({ min: -12, max: 24 }).map((n) => n * 15),
  ),
  lat: fc.oneof(
    fc.double({ min: -90, max: 90, noNaN: true }),
    fc.constantFrom(0, -0, 1e-300, 90, -90, 89.99999999999999),
    fc.constantFrom(41.810314895778596, 41.8103148957786, 41.93785391016014, 41.93785391016015),
  ),
});

Deno.test("parent and child of every row name the cell of its point", () => {
  const orders = fc.integer({ min: 0, max: 16 }).chain((depth) =>
    fc.integer({ min: 0, max: Math.min(24, 29 - depth) }).map((parentOrder) => ({ parentOrder, depth }))
  );
  const convention = fc.constantFrom("authalic" as const, "geodetic" as const);
  fc.assert(
    fc.property(fc.array(coordinate, { maxLength: 40 }), orders, convention, (points, orders, convention) => {
      const { parentOrder, depth } = orders;
      const lon = Float64Array.from(points, ({ lon }) => lon);
      const lat = Float64Array.from(points, ({ lat }) => lat);
      const out = { parent: new Float64Array(points.length), child: new Uint32Array(points.length) };
      const childOrder = parentOrder + depth;
      assert.equal(assignCells(lon, lat, { parentOrder, childOrder, convention }, out), points.length);
      points.forEach(({ lon, lat }, i) => {
        const nested = (BigInt(out.parent[i]) << BigInt(2 * depth)) + BigInt(out.child[i]);
        assert.equal(nested, nestedBigOf(lon, lat, childOrder, convention));
      });
    }),
  );
});

Deno.test("rows without a place, and rows not kept, have no cell; blocks do not change that", () => {
  const rows = 10_000;
  const lon = new Float64Array(rows).fill(10);
  const lat = new Float64Array(rows).fill(10);
  const keep = new Uint8Array(rows).fill(1);
  const bad: [number, number][] = [
    [NaN, 0],
    [0, NaN],
    [Infinity, 0],
    [0, -Infinity],
    [0, 90.0001],
    [0, -91],
    [
      -180.01,
      0,
    ],
    [360.01, 0],
    [3.4e38, 3.4e38],
  ];
  bad.forEach(([x, y], i) => {
    lon[i * 1000 + 7] = x;
    lat[i * 1000 + 7] = y;
  });
  keep[2048] = 0;
  const options = { parentOrder: 6, childOrder: 12, convention: "authalic" } as const;
  for (const parent of [new Float64Array(rows), new Uint32Array(rows)]) {
    const child = new Uint32Array(rows);
    assert.equal(assignCells(lon, lat, options, { parent, child }, keep), rows - bad.length - 1);
    const none = parent instanceof Uint32Array ? 0xffffffff : -1;
    const cell = nestedBigOf(10, 10, 12, "authalic");
    for (let row = 0; row < rows; row++) {
      const missing = row === 2048 || (row % 1000 === 7 && row < 9000);
      assert.equal(parent[row], missing ? none : Number(cell >> 12n));
      assert.equal(child[row], missing ? 0xffffffff : Number(cell & 4095n));
    }
  }
  const nested = new Float64Array(rows);
  assert.equal(assignNested(lon, lat, 12, "authalic", nested, keep), rows - bad.length - 1);
  assert.equal(nested[2048], -1);
  assert.equal(nested[9999], Number(nestedBigOf(10, 10, 12, "authalic")));
});

Deno.test("orders and arrays that do not fit are refused", () => {
  const lon = new Float64Array(2);
  const out = { parent: new Float64Array(2), child: new Uint32Array(2) };
  const run = (parentOrder: number, childOrder: number, parent: Float64Array | Uint32Array = out.parent) =>
    assignCells(lon, lon, { parentOrder, childOrder, convention: "authalic" }, { parent, child: out.child });
  assert.throws(() => run(6, 5), /child order 5 is not 6 to 22/);
  assert.throws(() => run(6, 23), /child order 23/);
  assert.throws(() => run(25, 29), /order 25/);
  assert.throws(() => run(14, 20, new Uint32Array(2)), /order 14/);
  assert.throws(() => run(6, 12, new Float64Array(1)), /do not fit each other/);
  assert.throws(() => assignNested(lon, new Float64Array(1), 3, "geodetic", new Float64Array(2)), RangeError);
  assert.throws(() => assignNested(lon, lon, 25, "geodetic", new Float64Array(2)), RangeError);
});

Deno.test("cells are the same where all arrays lie in a kernel's memory, and what lies behind them stays", () => {
  const options = { parentOrder: 6, childOrder: 12, convention: "authalic" } as const;
  for (const rows of [1, 2, 2047, 2048, 2049, 5001]) {
    const longitude = Float64Array.from({ length: rows }, (_, i) => i % 97 === 5 ? NaN : -170 + i * 0.07);
    const latitude = Float64Array.from({ length: rows }, (_, i) => 90 - (i * 0.31) % 180);
    const wanted = { parent: new Float64Array(rows), child: new Uint32Array(rows) };
    const placed = assignCells(longitude, latitude, options, wanted);

    const memory = takeMemory(4 * 8 * (rows + 2));
    const doubles = () => new Float64Array(memory.buffer, memory.place(8 * (rows + 1)), rows + 1).fill(7);
    const [x, y, parents] = [doubles(), doubles(), doubles()];
    const child = new Uint32Array(memory.buffer, memory.place(4 * rows), rows);
    x.set(longitude);
    y.set(latitude);
    const parent = parents.subarray(0, rows);
    const found = assignCells(x.subarray(0, rows), y.subarray(0, rows), options, { parent, child });
    assert.deepEqual({ found, parent: parent.slice(), child: child.slice() }, { found: placed, ...wanted });
    assert.deepEqual([x[rows], y[rows], parents[rows]], [7, 7, 7]);
    giveBack(memory);
  }
});

/** Compares with the projection of single points. */
function assertCells(
  lon: Float64Array,
  lat: Float64Array,
  parentOrder: number,
  childOrder: number,
  convention: "authalic" | "geodetic",
): void {
  const parent = new Float64Array(lon.length), child = new Uint32Array(lon.length);
  assignCells(lon, lat, { parentOrder, childOrder, convention }, { parent, child });
  const depth = BigInt(2 * (childOrder - parentOrder));
  for (let i = 0; i < lon.length; i++) {
    const isPlace = Math.abs(lat[i]) <= 90 && lon[i] >= -180 && lon[i] <= 360;
    const cell = isPlace ? nestedBigOf(lon[i], lat[i], childOrder, convention) : undefined;
    const own = cell === undefined
      ? [-1, 0xffffffff]
      : [Number(cell >> depth), Number(cell & ((1n << depth) - 1n))];
    assert.deepEqual([parent[i], child[i]], own, `row ${i} at ${lon[i]}, ${lat[i]}`);
  }
}

Deno.test("rows along tracks lie in the cells of their points, at edges of cells too", () => {
  const track = fc.record({
    lat: fc.oneof(
      fc.double({ min: -90, max: 90, noNaN: true }),
      fc.constantFrom(-89.99, -41.8, -1, 0, 41.8, 41.95, 89.98),
    ),
    lon: fc.oneof(
      fc.double({ min: -180, max: 360, noNaN: true }),
      fc.constantFrom(-180, -90, -0.5, 0, 45, 90, 180, 359.5),
    ),
    north: fc.constantFrom(0, 1e-6, 1e-4, -2e-4, 5e-4),
    east: fc.constantFrom(0, 1e-6, -1e-4, 3e-4),
    // Steps of a cell's half diagonal go from edge to edge.
    isAligned: fc.boolean(),
    childOrder: fc.constantFrom(1, 6, 9, 12, 16, 20, 21),
    depth: fc.integer({ min: 0, max: 6 }),
    gap: fc.integer({ min: 2, max: 40 }),
  });
  fc.assert(
    fc.property(track, fc.constantFrom("authalic", "geodetic"), (of, convention) => {
      const rows = 333, childOrder = of.childOrder, parentOrder = Math.max(0, childOrder - of.depth);
      const unit = of.isAligned ? 45 / 2 ** childOrder : 1;
      const align = (degrees: number) => of.isAligned ? Math.round(degrees / unit) * unit : degrees;
      const at = (f: (i: number) => number) => Float64Array.from({ length: rows }, (_, i) => f(i));
      const lon = at((i) => i % 50 === of.gap ? NaN : align(of.lon + i * of.east));
      const lat = at((i) => i % 60 === of.gap ? NaN : align(of.lat) + i * of.north);
      assertCells(lon, lat, parentOrder, childOrder, convention);
    }),
    { seed: 3, numRuns: 200 },
  );
});

Deno.test("rows nearer to a cell's edge than a track's cubic is exact lie on the side that their points do", () => {
  for (const convention of ["authalic", "geodetic"] as const) {
    for (const order of [6, 12, 20]) {
      for (const latitude of [-83.1, -60.2, -20.7, 3.3, 33.1, 66.6]) {
        const cellAt = (lon: number) => nestedBigOf(lon, latitude, order, convention);
        let west = 100.1, east = west + 1.4 * 90 / 2 ** order;
        while (cellAt(west) === cellAt(east)) east += 90 / 2 ** order;
        while (east - west > 1e-13) {
          const middle = (west + east) / 2;
          if (cellAt(middle) === cellAt(west)) west = middle;
          else east = middle;
        }
        // Steps across the edge; the last two rows make the track so long that its cubic is least exact.
        const steps = Array.from({ length: 400 }, (_, i) => (i - 200) * 1e-13 * (i % 3 === 0 ? 1 : 500));
        const lon = Float64Array.from([...steps.map((step) => west + step), west, west]);
        const lat = Float64Array.from([...steps.map(() => latitude), latitude - 1.2, latitude + 0.75]);
        assertCells(lon, lat, order - 4, order, convention);
      }
    }
  }
});
