/** Many ranges of a source by few reads: neighbours by one. */
import { copyOverlap, firstSpan, mergeRanges } from "./read_plan.ts";
import type { ByteRange } from "./source.ts";

interface MergedReads {
  /** Ranges this near to each other share a read. */
  readonly gapBytes: number;
  /** Longer reads are made of several, side by side. */
  readonly longestBytes: number;
}

/** The bytes of every range, in their order. They may be parts of one memory: not to be changed. */
export async function readMerged(
  read: (offset: number, length: number) => Promise<Uint8Array>,
  ranges: readonly ByteRange[],
  { gapBytes, longestBytes }: MergedReads,
): Promise<Uint8Array[]> {
  const spans = mergeRanges(ranges, gapBytes, longestBytes);
  const parts = await Promise.all(spans.map(({ offset, length }) => read(offset, length)));
  return ranges.map(({ offset, length }) => {
    if (length === 0) return new Uint8Array(0);
    const first = firstSpan(spans, offset);
    const start = offset - spans[first].offset;
    if (start + length <= parts[first].length) return parts[first].subarray(start, start + length);
    const joined = new Uint8Array(length);
    for (let i = first; i < spans.length && spans[i].offset < offset + length; i++) {
      copyOverlap(spans[i], parts[i], offset, joined);
    }
    return joined;
  });
}
