/** Which requests answer a set of ranges: pure functions, so that the cost of a read can be stated. */
import type { ByteRange } from "./source.ts";

/**
 * Spans that cover every range, ascending. Ranges that touch, overlap or lie at most `gapBytes` apart share
 * one; a span longer than `longestBytes` is cut into parts of equal length, so that they run side by side.
 */
export function mergeRanges(
  ranges: readonly ByteRange[],
  gapBytes: number,
  longestBytes: number,
): ByteRange[] {
  const sorted = ranges.filter(({ length }) => length > 0).sort((a, b) => a.offset - b.offset);
  const spans: { offset: number; length: number }[] = [];
  for (const { offset, length } of sorted) {
    const last = spans.at(-1);
    if (last !== undefined && offset <= last.offset + last.length + gapBytes) {
      last.length = Math.max(last.length, offset + length - last.offset);
    } else spans.push({ offset, length });
  }
  return spans.flatMap((span) => cut(span, longestBytes));
}

function cut({ offset, length }: ByteRange, longestBytes: number): ByteRange[] {
  const parts = Math.ceil(length / longestBytes);
  if (parts <= 1) return [{ offset, length }];
  const size = Math.ceil(length / parts);
  return Array.from({ length: parts }, (_, part) => ({
    offset: offset + part * size,
    length: Math.min(size, length - part * size),
  }));
}

/** Copies what `span` holds of the range at `offset` into `target`, which is the range's own bytes. */
export function copyOverlap(span: ByteRange, bytes: Uint8Array, offset: number, target: Uint8Array): void {
  const start = Math.max(span.offset, offset);
  const end = Math.min(span.offset + span.length, offset + target.length);
  if (end > start) target.set(bytes.subarray(start - span.offset, end - span.offset), start - offset);
}

/** The index of the span (of ascending, disjoint ones) that holds `offset`. */
export function firstSpan(spans: readonly ByteRange[], offset: number): number {
  let low = 0;
  let high = spans.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (spans[middle].offset <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
