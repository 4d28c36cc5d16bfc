import assert from "node:assert/strict";
import fc from "fast-check";
import {
  childBytesFor,
  layOutSegment,
  segmentBytes,
  type SegmentShape,
  viewSegment,
} from "../../../../aggregate/engine/segment.ts";

const shapes = fc.record({
  parents: fc.integer({ min: 0, max: 9 }),
  rows: fc.integer({ min: 0, max: 40 }),
  childBytes: fc.constantFrom<2 | 4>(2, 4),
  widths: fc.array(fc.constantFrom(4, 8), { maxLength: 12 }).map((widths) => Uint8Array.from(widths)),
  leftOut: fc.option(
    fc.array(fc.record({ rank: fc.nat(), time: fc.nat(), area: fc.nat() }), { maxLength: 3 }),
    {
      nil: undefined,
    },
  ),
});

/** Fills every part with numbers that tell the parts apart. */
function fill(buffer: ArrayBufferLike, offset: number, shape: SegmentShape): void {
  const segment = layOutSegment(buffer, offset, shape);
  segment.ranks.forEach((_, i) => segment.ranks[i] = 1000 + i);
  segment.counts.forEach((_, i) => segment.counts[i] = 2000 + i);
  segment.children.forEach((_, i) => segment.children[i] = 3000 + i);
  segment.columns.forEach((column, c) => column.forEach((_, i) => column[i] = 10_000 * (c + 1) + i + 0.5));
}

Deno.test("a segment reads back as it was filled, wherever it stands", () => {
  fc.assert(
    fc.property(shapes, fc.integer({ min: 0, max: 5 }), (shape, words) => {
      const offset = 8 * words;
      const buffer = new SharedArrayBuffer(offset + segmentBytes(shape));
      fill(buffer, offset, shape);
      const { leftOut, ranks, counts, children, columns } = viewSegment(buffer, offset);
      assert.deepEqual(leftOut, (shape.leftOut ?? []).map((own) => ({ ...own })));
      assert.deepEqual([...ranks], Array.from({ length: shape.parents }, (_, i) => 1000 + i));
      assert.deepEqual([...counts], Array.from({ length: shape.parents }, (_, i) => 2000 + i));
      assert.deepEqual([...children], Array.from({ length: shape.rows }, (_, i) => 3000 + i));
      assert.equal(children.BYTES_PER_ELEMENT, shape.childBytes);
      assert.deepEqual(columns.map((column) => column.BYTES_PER_ELEMENT), [...shape.widths]);
      columns.forEach((column, c) => {
        assert.deepEqual(
          [...column],
          Array.from({ length: shape.rows }, (_, i) => 10_000 * (c + 1) + i + 0.5),
        );
      });
    }),
    { seed: 1 },
  );
});

Deno.test("segments side by side do not touch each other, and each starts on 8 bytes", () => {
  fc.assert(
    fc.property(fc.array(shapes, { minLength: 2, maxLength: 6 }), (several) => {
      const sizes = several.map(segmentBytes);
      assert.ok(sizes.every((size) => size % 8 === 0));
      const total = sizes.reduce((sum, size) => sum + size, 0);
      const together = new ArrayBuffer(total);
      let offset = 0;
      several.forEach((shape, i) => {
        fill(together, offset, shape);
        offset += sizes[i];
      });
      offset = 0;
      several.forEach((shape, i) => {
        const alone = new ArrayBuffer(sizes[i]);
        fill(alone, 0, shape);
        assert.deepEqual(new Uint8Array(together, offset, sizes[i]), new Uint8Array(alone));
        offset += sizes[i];
      });
    }),
    { seed: 2 },
  );
});

Deno.test("the bytes of a segment are those that the layout documents", () => {
  const shape: SegmentShape = { parents: 1, rows: 3, childBytes: 2, widths: Uint8Array.of(4, 8) };
  const buffer = new ArrayBuffer(segmentBytes(shape));
  const segment = layOutSegment(buffer, 0, shape);
  segment.ranks[0] = 7;
  segment.counts[0] = 3;
  segment.children.set([1, 2, 65535]);
  segment.columns[0].set([1, 2, 3]);
  segment.columns[1].set([4, 5, 6]);
  const view = new DataView(buffer);
  assert.deepEqual([0, 4, 8, 12].map((at) => view.getUint32(at, true)), [1, 3, 2, 2]);
  assert.deepEqual([view.getUint8(16), view.getUint8(17)], [4, 8]);
  assert.equal(view.getUint32(24, true), 7);
  assert.equal(view.getUint32(32, true), 3);
  assert.deepEqual([40, 42, 44].map((at) => view.getUint16(at, true)), [1, 2, 65535]);
  assert.deepEqual([48, 52, 56].map((at) => view.getFloat32(at, true)), [1, 2, 3]);
  assert.deepEqual([64, 72, 80].map((at) => view.getFloat64(at, true)), [4, 5, 6]);
  assert.equal(buffer.byteLength, 88);
});

Deno.test("two bytes index the children while they can", () => {
  assert.deepEqual([1, 4096, 65536, 65537, 4 ** 9].map(childBytesFor), [2, 2, 2, 4, 4]);
});
