import assert from "node:assert/strict";
import { boxArea } from "../../../../core/geometry/area.ts";
import { nestedOf } from "../../../../core/cells/healpix.ts";
import { cellsInOtherConvention } from "../../../../core/cells/other_convention.ts";
import { writeCellIndex } from "../../../../catalog/cell_index/write_index.ts";
import { type Catalog, openCatalog } from "../../../../catalog/file/open_catalog.ts";
import type { GranuleRow } from "../../../../catalog/granule.ts";
import {
  countParents,
  select,
  type Selection,
  type SelectOptions,
} from "../../../../catalog/query/select.ts";
import { sampleRow, withCatalog } from "../sample.ts";
import { coverTrack } from "../../../support/cells.ts";

let state = 12345;
const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;

/** Granules along random great-circle-like tracks, with the places of their observations. */
function randomGranules(count: number): { row: GranuleRow; places: [number, number][] }[] {
  return Array.from({ length: count }, (_, index) => {
    const [x, y] = [random() * 360 - 180, random() * 170 - 85];
    const places = Array.from({ length: 200 }, (_, i): [number, number] => {
      const longitude = ((x + i * 0.03 + 540) % 360) - 180;
      return [longitude, Math.max(-89.9, Math.min(89.9, y + i * 0.05))];
    });
    const cells = coverTrack(
      Float64Array.from(places, ([longitude]) => longitude),
      Float64Array.from(places, ([, latitude]) => latitude),
      8,
      "authalic",
    );
    const id = `g${(index * 7919) % count}`;
    return {
      row: sampleRow({ id, collection: `C${index % 3}.001`, cells, geometry: null, bbox: null }),
      places,
    };
  });
}

const options = (changes: Partial<SelectOptions> = {}): SelectOptions => ({
  order: 6,
  convention: "authalic",
  ...changes,
});

/** Of a large catalog some cells are picked out of the lists, all of which are read of a small one. */
const large = (catalog: Catalog): Catalog => ({ ...catalog, sizeBytes: 1e9 });

async function eitherWay(rows: readonly GranuleRow[], use: (catalog: Catalog) => Promise<void>) {
  await withCatalog(rows, async (catalog) => {
    await use(catalog);
    await use(large(catalog));
  });
}

/** parent -> ids, from the ranks of a selection's granules. */
function needed(selection: Selection): Map<number, string[]> {
  const { parents, ranks, granules, counts } = selection;
  return new Map(Array.from(parents, (parent, rank) => {
    const own = granules.filter((_, g) => ranks[g].includes(rank)).map(({ id }) => id).sort();
    assert.equal(counts[rank], own.length);
    return [parent, own];
  }));
}

Deno.test("every parent gets exactly the granules with an observation in it", async () => {
  const granules = randomGranules(120);
  await withCatalog(granules.map(({ row }) => row), async (catalog) => {
    for (const order of [0, 3, 6, 8]) {
      const expected = new Map<number, Set<string>>();
      for (const { row, places } of granules) {
        for (const [x, y] of places) {
          const parent = nestedOf(x, y, order, "authalic");
          if (!expected.has(parent)) expected.set(parent, new Set());
          expected.get(parent)!.add(row.id);
        }
      }
      const selection = await select(catalog, options({ order }));
      const parents = [...expected.keys()].sort((a, b) => a - b);
      assert.deepEqual([...selection.parents], parents);
      assert.deepEqual(
        [...needed(selection)],
        parents.map((parent) => [parent, [...expected.get(parent)!].sort()]),
      );
      const keys = selection.granules.map(({ collection, id }) => `${collection} ${id}`);
      assert.deepEqual(keys, [...keys].sort(), "canonical order");
      const counted = await countParents(catalog, options({ order }));
      assert.deepEqual(counted.counts, selection.counts);
      assert.equal(counted.granules, selection.granules.length);
    }
  });
});

Deno.test("a geodetic run finds every granule whose observations lie in a parent read that way", async () => {
  const granules = randomGranules(120);
  await withCatalog(granules.map(({ row }) => row), async (catalog) => {
    for (const order of [5, 8, 9]) {
      const all = needed(await select(catalog, options({ order, convention: "geodetic" })));
      for (const { row, places } of granules) {
        for (const [x, y] of places) {
          const parent = nestedOf(x, y, order, "geodetic");
          assert.ok(all.get(parent)?.includes(row.id), `${row.id} at ${x}, ${y}, order ${order}`);
        }
      }
      const few = [...all.keys()].slice(0, 7);
      const some = needed(
        await select(large(catalog), options({ order, convention: "geodetic", cells: few })),
      );
      assert.deepEqual([...some], few.map((parent) => [parent, all.get(parent)]), "asked by name: the same");
    }
  });
});

Deno.test("a point's other cell is among those that its cell may become", () => {
  for (let i = 0; i < 3000; i++) {
    const [x, y] = [random() * 360 - 180, Math.asin(2 * random() - 1) * 180 / Math.PI];
    const order = Math.floor(random() * 14);
    for (const [from, to] of [["authalic", "geodetic"], ["geodetic", "authalic"]] as const) {
      const cells = cellsInOtherConvention(nestedOf(x, y, order, from), order, from, order);
      assert.ok(cells.includes(nestedOf(x, y, order, to)), `${x}, ${y} at order ${order}`);
      const fine = cellsInOtherConvention(nestedOf(x, y, order, from), order, from, order, order + 4);
      assert.ok(fine.includes(nestedOf(x, y, order, to)), `${x}, ${y} at order ${order}, finer`);
    }
  }
});

Deno.test("parents finer than the catalog's cells are all those inside them", async () => {
  await eitherWay([sampleRow({ cell_order: 2, cells: BigUint64Array.of(7n) })], async (catalog) => {
    const { parents } = await select(catalog, options({ order: 4 }));
    assert.deepEqual([...parents], Array.from({ length: 16 }, (_, i) => 7 * 16 + i));
    const some = await select(catalog, options({ order: 4, cells: [111, 112, 127, 128] }));
    assert.deepEqual([...some.parents], [112, 127]);
  });
});

const DAY = 86_400_000;
const noon = Date.UTC(2020, 5, 1, 12);
const timed = [
  sampleRow({ id: "before", start_datetime: noon - DAY, end_datetime: noon - DAY + 1000 }),
  sampleRow({ id: "during", start_datetime: noon, end_datetime: noon + 1000 }),
  sampleRow({ id: "instant", start_datetime: null, end_datetime: null, datetime: noon + 500 }),
  sampleRow({ id: "timeless", start_datetime: null, end_datetime: null }),
  sampleRow({
    id: "other",
    collection: "OTHER.002",
    provider: "ELSEWHERE",
    start_datetime: noon,
    end_datetime: noon,
  }),
];

Deno.test("time, collection, provider and SQL narrow together", async () => {
  await withCatalog(timed, async (catalog) => {
    const ids = async (changes: Partial<SelectOptions>) =>
      (await select(catalog, options(changes))).granules.map(({ id }) => id).sort();
    assert.deepEqual(await ids({}), ["before", "during", "instant", "other", "timeless"]);
    assert.deepEqual(await ids({ start: noon + 500 }), ["during", "instant"]);
    assert.deepEqual(await ids({ start: noon, end: noon }), ["during", "other"]);
    assert.deepEqual(await ids({ end: noon - DAY }), ["before"]);
    assert.deepEqual(await ids({ collections: ["OTHER.*"] }), ["other"]);
    assert.deepEqual(await ids({ collections: ["OTHER.*", "TEST.00?"], providers: ["TESTER"], end: noon }), [
      "before",
      "during",
    ]);
    assert.deepEqual(await ids({ collections: [] }), []);
    assert.deepEqual(await ids({ where: "id like 'd%' or id like 'o%'", providers: ["TESTER"] }), ["during"]);
    assert.deepEqual(await ids({ where: "true) OR (true", providers: ["ELSEWHERE"] }), ["other"], "grouped");
    assert.deepEqual(await ids({ where: "id = 'other' -- or true" }), ["other"]);
    assert.deepEqual(await ids({ collections: ["'; DROP TABLE x; --"] }), []);
  });
});

Deno.test("a condition that is no single expression is refused, with the place", async () => {
  await withCatalog(timed, async (catalog) => {
    const cases: [string, RegExp][] = [
      ["", /is empty/],
      ["nope = 1", /"nope" not found/],
      ["id = 'a'; DELETE FROM granules", /syntax error/],
      ["1) UNION SELECT (2", /more than one expression/],
      ["1), (2", /more than one expression/],
      ["1) FROM granules WHERE (true", /more than one expression/],
      ["1)) OR ((1", /syntax error/],
      ["count(*) > 1", /aggregate/],
      ["id = ", /syntax error/],
      ["(SELECT count(*) FROM read_csv('/etc/passwd')) > 0", /disabled by configuration/],
    ];
    for (const [where, message] of cases) {
      await assert.rejects(select(catalog, options({ where })), (error: Error & { tag?: string }) => {
        assert.equal(error.tag, "input");
        assert.match(error.message, /^--where "/);
        assert.match(error.message, message);
        return true;
      });
    }
  });
});

Deno.test("named cells, areas and the greatest count are all kept to", async () => {
  const granules = randomGranules(60);
  await eitherWay(granules.map(({ row }) => row), async (catalog) => {
    const all = await select(catalog, options());
    const area = boxArea(170, -60, -150, 60);
    const inside = new Set(area.cells(6, "authalic"));
    const expected = [...all.parents].filter((parent) => inside.has(parent));
    assert.ok(expected.length > 3 && expected.length < all.parents.length);
    const selected = await select(catalog, options({ areas: [area] }));
    assert.deepEqual([...selected.parents], expected);
    const full = needed(all);
    assert.deepEqual(
      [...needed(selected)],
      expected.map((parent) => [parent, full.get(parent)]),
      "whole parents",
    );
    const two = await select(catalog, options({ areas: [area], cells: expected.slice(1, 4), maxCells: 2 }));
    assert.deepEqual([...two.parents], expected.slice(1, 3));
    assert.ok(
      two.granules.every(({ id }) => [...needed(two).values()].flat().includes(id)),
      "only what is needed",
    );
    const none = await select(catalog, options({ cells: [] }));
    assert.equal(none.parents.length + none.granules.length, 0);
  });
});

Deno.test("granules of unknown extent are counted, and taken by every parent only when asked", async () => {
  const rows = [
    sampleRow({ id: "known", cells: BigUint64Array.of(16n) }),
    sampleRow({ id: "lost", cells: new BigUint64Array(0), geometry: null, bbox: null }),
  ];
  await eitherWay(rows, async (catalog) => {
    const plain = await select(catalog, options());
    assert.deepEqual([...needed(plain)], [[1, ["known"]]]);
    assert.equal(plain.unknownExtent, 1);
    const asked = await select(catalog, options({ unknownExtent: true, cells: [1, 5] }));
    assert.deepEqual([...needed(asked)], [[1, ["known", "lost"]], [5, ["lost"]]]);
  });
});

Deno.test("granules that lie far apart in the file are found with and without a condition", async () => {
  const rows = Array.from({ length: 30_000 }, (_, i) =>
    sampleRow({
      id: `g${String(i).padStart(5, "0")}`,
      cells: BigUint64Array.of(BigInt(i)),
      geometry: null,
      bbox: null,
      size_bytes: i,
    }));
  const parents = [0, 1, 900, 1874];
  const wanted = rows.filter(({ size_bytes }) => parents.includes(Math.floor(size_bytes! / 16)));
  await withCatalog(rows, async (_, file) => {
    await writeCellIndex(file);
    const catalog = await openCatalog(file);
    try {
      const all = await select(catalog, options({ cells: parents }));
      assert.deepEqual(all.granules, wanted);
      const odd = await select(catalog, options({ cells: parents, where: "size_bytes % 2 = 1" }));
      assert.deepEqual(odd.granules, wanted.filter(({ size_bytes }) => size_bytes! % 2 === 1));
    } finally {
      catalog.close();
    }
  });
});

Deno.test("an order that is none is refused", async () => {
  await withCatalog([sampleRow()], async (catalog) => {
    for (const order of [-1, 25, 1.5]) await assert.rejects(select(catalog, options({ order })), /order/);
  });
});

Deno.test("a few granules are fetched by one statement, many by a table of their numbers", async () => {
  const cells = (cell: bigint) => ({ cells: BigUint64Array.of(cell), geometry: null, bbox: null });
  const rows = Array.from(
    { length: 300 },
    (_, i) => sampleRow({ id: `g${i}`, ...cells(i < 3 ? 7n : 70_000n) }),
  );
  await withCatalog(rows, async (catalog) => {
    const statements: string[] = [];
    const { connection } = catalog.duck;
    for (const method of ["run", "runAndReadAll", "stream"] as const) {
      const own = connection[method].bind(connection) as (...args: unknown[]) => Promise<never>;
      connection[method] = (sql: string, ...rest: unknown[]) => (statements.push(sql), own(sql, ...rest));
    }
    const few = await select(catalog, options({ cells: [0] }));
    assert.deepEqual(few.granules.map(({ id }) => id), ["g0", "g1", "g2"]);
    assert.equal(statements.length, 2);
    assert.equal((await select(catalog, options())).granules.length, 300);
    assert.equal(statements.length, 5);
  });
});
