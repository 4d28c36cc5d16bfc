/** Spans of rows that a question is limited to. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { spansAround } from "../../../../catalog/file/row_spans.ts";

const FAR = 8192;

Deno.test("spans hold every row, begin and end with one, and leave out only what is far", () => {
  const numbers = fc.uniqueArray(fc.integer({ min: 0, max: 1_000_000 }), { maxLength: 60 });
  fc.assert(fc.property(numbers, fc.integer({ min: 1, max: 8 }), (found, most) => {
    const rows = Float64Array.from(found).sort();
    const spans = spansAround(rows, most);
    assert(spans.length <= most);
    const within = (row: number) => spans.filter(({ first, rows }) => row >= first && row < first + rows);
    for (const row of rows) assert.equal(within(row).length, 1);
    const gaps = rows.slice(1).map((row, i) => row - rows[i]).sort().reverse();
    spans.forEach((span, i) => {
      assert(rows.includes(span.first) && rows.includes(span.first + span.rows - 1));
      if (i === 0) return;
      const gap = span.first - (spans[i - 1].first + spans[i - 1].rows - 1);
      assert(gap > FAR && gap >= (gaps[most - 2] ?? 0));
    });
    if (spans.length < most) {
      assert.equal(spans.length, rows.length === 0 ? 0 : gaps.filter((gap) => gap > FAR).length + 1);
    }
  }));
});
