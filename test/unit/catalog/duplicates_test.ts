import assert from "node:assert/strict";
import fc from "fast-check";
import { describeDuplicates, type DuplicateColumns, findDuplicates } from "../../../catalog/duplicates.ts";

function row(id: string, more: Partial<DuplicateColumns> = {}): DuplicateColumns {
  return {
    id,
    collection: "ATL06.006",
    provider: "NSIDC_CPRD",
    revision: null,
    start_datetime: null,
    end_datetime: null,
    bbox: null,
    path: `2020/${id}`,
    size_bytes: null,
    checksum: null,
    ...more,
  };
}

const ONE = "ATL06_20200102000000_00690611_006_01.h5";
const TWO = "ATL06_20200102000000_00690611_006_02.h5";
const box = { xmin: 1, ymin: 2, xmax: 3, ymax: 4 };
const seen = { start_datetime: 1e12, end_datetime: 1e12 + 5000, bbox: box, size_bytes: 77 };

/** What is taken, and what is said of the rest. */
function folded(rows: DuplicateColumns[]): [string[], string] {
  const found = findDuplicates(rows);
  const out = new Set(found.map(({ row }) => row));
  return [rows.filter((_, r) => !out.has(r)).map(({ id }) => id), describeDuplicates(found, rows)];
}

Deno.test("the latest processing is taken, whatever the order", () => {
  const said = `${ONE} is an earlier processing of ${TWO}`;
  assert.deepEqual(folded([row(ONE), row(TWO)]), [[TWO], said]);
  assert.deepEqual(folded([row(TWO), row(ONE)]), [[TWO], said]);
});

Deno.test("a whole granule is taken instead of its subsets, even of a later processing", () => {
  const subset = `processed_${TWO}`;
  assert.deepEqual(folded([row(subset), row(ONE), row(ONE.replace(".h5", "_subsetted.h5"))])[0], [ONE]);
  assert.equal(folded([row(subset), row(ONE)])[1], `${subset} is a subset of ${ONE}`);
});

Deno.test("parts that were cut of one granule are all kept, reprocessings of one part are not", () => {
  const part = (beam: string, name = ONE) => row(name.replace(".h5", `_${beam}.h5`));
  assert.equal(findDuplicates([part("gt1l"), part("gt2l"), part("gt3l")]).length, 0);
  assert.deepEqual(folded([part("gt1l"), part("gt1l", TWO), part("gt2l")])[0], [
    part("gt1l", TWO).id,
    part("gt2l").id,
  ]);
});

Deno.test("equal size and checksum are the same bytes, under any names and collections", () => {
  const bytes = { size_bytes: 5, checksum: "md5:00" };
  const [kept, said] = folded([row("b", bytes), row("a", { ...bytes, collection: "OTHER.1" }), row("c")]);
  assert.deepEqual([kept, said], [["b", "c"], "a has the bytes of b"]);
  assert.equal(findDuplicates([row("a", bytes), row("b", { ...bytes, size_bytes: 6 })]).length, 0);
  assert.equal(findDuplicates([row("a", { size_bytes: 5 }), row("b", { size_bytes: 5 })]).length, 0);
});

Deno.test("one file at two providers is found by its path, or by size, times and box", () => {
  const elsewhere = row("SC:ATL06.006:2302332", { provider: "MIRROR", path: `a/${ONE}` });
  assert.deepEqual(folded([row(ONE), elsewhere])[0], [ONE]);
  assert.deepEqual(folded([row("x", seen), row("y", { ...seen, provider: "MIRROR" })])[0], ["x"]);
  assert.equal(
    folded([row("x", seen), row("x", { ...seen, collection: "ATL06.006", provider: "MIRROR" })])[1],
    "x (ATL06.006, NSIDC_CPRD) holds the observations of x (ATL06.006, MIRROR)",
  );
});

Deno.test("files of one pass at one provider are not taken for one another", () => {
  assert.equal(findDuplicates([row("tmin", seen), row("tmax", seen)]).length, 0);
  const mirrored = { ...seen, provider: "MIRROR" };
  // Which of the two the mirror has, nobody knows.
  assert.equal(findDuplicates([row("tmin", seen), row("tmax", seen), row("a", mirrored)]).length, 0);
  for (const other of [{ size_bytes: 78 }, { start_datetime: 2 }, { bbox: { ...box, xmax: 5 } }]) {
    assert.equal(findDuplicates([row("x", seen), row("y", { ...mirrored, ...other })]).length, 0);
  }
});

Deno.test("what is taken does not depend on the order of rows, and each duplicate has one that is taken", () => {
  const names = fc.constantFrom(
    ...[
      ONE,
      TWO,
      `processed_${ONE}`,
      `processed_${TWO}`,
      "a",
      "b",
      "ATL06_20210102000000_00690611_006_01.h5",
    ],
  );
  const some = fc.uniqueArray(
    fc.record({ id: names, checksum: fc.constantFrom(null, "md5:1", "md5:2"), size_bytes: fc.constant(9) }),
    { selector: ({ id }) => id, maxLength: 7 },
  ).map((list) => list.map(({ id, ...more }) => row(id, more)));
  fc.assert(
    fc.property(some, fc.infiniteStream(fc.nat()), (rows, keys) => {
      const shuffled = rows.map((one) => ({ one, key: keys.next().value as number }))
        .sort((a, b) => a.key - b.key).map(({ one }) => one);
      const [kept] = folded(rows);
      assert.deepEqual(new Set(folded(shuffled)[0]), new Set(kept));
      const found = findDuplicates(rows);
      const left = new Set(found.map(({ row }) => row));
      assert.equal(left.size, found.length);
      for (const { instead } of found) assert.ok(!left.has(instead));
    }),
    { seed: 7, numRuns: 300 },
  );
});

Deno.test("many duplicates are named in part and counted", () => {
  const bytes = { size_bytes: 5, checksum: "md5:00" };
  const rows = ["a", "b", "c", "d", "e", "f"].map((id) => row(id, bytes));
  assert.equal(
    describeDuplicates(findDuplicates(rows), rows),
    "b has the bytes of a; c has the bytes of a; d has the bytes of a; and 2 more",
  );
});
