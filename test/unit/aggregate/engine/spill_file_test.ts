import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { GranaryError } from "../../../../core/errors.ts";
import {
  type IndexSource,
  readSpillIndex,
  viewSpilled,
  writeSpillFile,
} from "../../../../aggregate/engine/spill_file.ts";
import { layOutSegment, segmentBytes } from "../../../../aggregate/engine/segment.ts";
import type { SpillEntry } from "../../../../aggregate/engine/contract.ts";
import type { SegmentEntry } from "../../../../aggregate/engine/contract.ts";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-runs-"));
globalThis.addEventListener("unload", () => fs.rmSync(folder, { recursive: true, force: true }));

const entries: fc.Arbitrary<SegmentEntry[]> = fc.uniqueArray(
  fc.record({
    shard: fc.integer({ min: 0, max: 5 }),
    granule: fc.integer({ min: 0, max: 9 }),
    group: fc.integer({ min: 0, max: 5 }),
    slab: fc.nat(3),
    offset: fc.constant(0),
    bytes: fc.integer({ min: 1, max: 20 }).map((words) => 8 * words),
    rows: fc.nat(1000),
  }),
  { selector: ({ shard, granule, group }) => `${shard} ${granule} ${group}`, maxLength: 20 },
);

/** Bytes that belong to one segment and no other. */
function payload(
  { shard, granule, group, bytes }: Pick<SegmentEntry, "shard" | "granule" | "group" | "bytes">,
) {
  return Uint8Array.from({ length: bytes }, (_, i) => (shard * 67 + granule * 13 + group * 5 + i) & 255);
}

function sourceOf(bytes: Uint8Array): IndexSource {
  return {
    name: "scratch/1.runs",
    sizeBytes: bytes.length,
    read(offset, length) {
      assert.ok(offset >= 0 && length >= 0 && offset + length <= bytes.length, "reads inside the file only");
      return bytes.slice(offset, offset + length);
    },
  };
}

function write(list: readonly SegmentEntry[]): { bytes: Uint8Array; entries: SpillEntry[] } {
  const file = path.join(folder, "a.runs");
  const written = writeSpillFile(file, list, payload);
  const bytes = new Uint8Array(fs.readFileSync(file));
  assert.equal(written.bytes, bytes.length);
  return { bytes, entries: written.entries };
}

const isRefused = (error: unknown) =>
  error instanceof GranaryError && error.tag === "io" &&
  error.message.startsWith("scratch/1.runs: not a whole spill");

Deno.test("a spill file gives every segment back by its index, those of a shard side by side", async () => {
  await fc.assert(
    fc.asyncProperty(entries, async (list) => {
      const { bytes, entries: reported } = write(list);
      const index = await readSpillIndex(sourceOf(bytes));
      assert.deepEqual(index, reported);
      const order = (a: SpillEntry, b: SpillEntry) =>
        a.shard - b.shard || a.granule - b.granule || a.group - b.group;
      assert.deepEqual(
        index.map(({ offset: _, ...rest }) => rest),
        [...list].sort(order).map(({ slab: _slab, offset: _offset, ...rest }) => rest)
          .map(({ shard, granule, group, bytes, rows }) => ({ shard, granule, group, rows, bytes })),
      );
      let end = 8;
      for (const entry of index) {
        assert.equal(entry.offset, end);
        end += entry.bytes;
        assert.deepEqual(bytes.slice(entry.offset, end), payload(entry));
      }
    }),
    { seed: 9, numRuns: 60 },
  );
});

const sample: SegmentEntry[] = Array.from({ length: 5 }, (_, i) => ({
  shard: i >> 1,
  granule: i,
  group: i % 3,
  slab: 0,
  offset: 0,
  bytes: 8 * (i + 1),
  rows: i,
}));

Deno.test("a spill file cut short anywhere is refused", async () => {
  const { bytes } = write(sample);
  for (let length = 0; length < bytes.length; length++) {
    await assert.rejects(readSpillIndex(sourceOf(bytes.slice(0, length))), isRefused, `${length} bytes`);
  }
});

Deno.test("a spill file with bytes after its end is refused", async () => {
  const { bytes } = write(sample);
  await assert.rejects(readSpillIndex(sourceOf(Uint8Array.from([...bytes, 0]))), isRefused);
});

Deno.test("any changed bits of index and footer are refused, or change nothing", async () => {
  const { bytes, entries: whole } = write(sample);
  const end = whole.at(-1)!;
  const indexStart = end.offset + end.bytes;
  let refused = 0;
  const expectRefused = async (changed: Uint8Array) => {
    try {
      assert.deepEqual(await readSpillIndex(sourceOf(changed)), whole);
    } catch (error) {
      if (!isRefused(error)) throw error;
      refused += 1;
    }
  };
  for (let at = indexStart; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const changed = bytes.slice();
      changed[at] ^= 1 << bit;
      await expectRefused(changed);
    }
  }
  // All but the four spare bytes of the footer are accounted for.
  assert.equal(refused, 8 * (bytes.length - indexStart - 4));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: indexStart, max: bytes.length - 1 }), fc.nat(255)), {
        minLength: 1,
        maxLength: 40,
      }),
      async (changes) => {
        const changed = bytes.slice();
        for (const [at, byte] of changes) changed[at] = byte;
        await expectRefused(changed);
      },
    ),
    { seed: 10, numRuns: 500 },
  );
});

Deno.test("a footer that points at nothing is refused before anything is read there", async () => {
  const { bytes } = write(sample);
  for (
    const [offset, length] of [[bytes.length - 32, 0], [bytes.length + 96, -128], [NaN, NaN], [8.5, 3.5]]
  ) {
    const changed = bytes.slice();
    const view = new DataView(changed.buffer, changed.length - 32);
    view.setFloat64(0, offset, true);
    view.setFloat64(8, length, true);
    view.setUint32(16, 0, true); // the CRC-32 of nothing
    await assert.rejects(readSpillIndex(sourceOf(changed)), isRefused, `${offset} ${length}`);
  }
});

Deno.test("a file that cannot be written whole leaves nothing behind", () => {
  const empty = fs.mkdtempSync(path.join(folder, "empty-"));
  assert.throws(() =>
    writeSpillFile(path.join(empty, "b.runs"), sample, (entry) => {
      if (entry.granule === 3) throw new Error("the memory is gone");
      return payload(entry);
    }), /the memory is gone/);
  assert.deepEqual(fs.readdirSync(empty), []);
});

Deno.test("a segment whose damaged bytes would lead out of the reduction's memory is refused, with the file's name", () => {
  const shape = { parents: 2, rows: 5, childBytes: 2 as const, widths: Uint8Array.of(4) };
  const buffer = new ArrayBuffer(segmentBytes(shape));
  const segment = layOutSegment(buffer, 0, shape);
  segment.ranks.set([3, 8]);
  segment.counts.set([2, 3]);
  segment.children.set([0, 63, 5, 5, 62]);
  const view = () => viewSpilled("scratch/1.runs", buffer, 0, 64);
  const refused = (words: RegExp) =>
    assert.throws(
      view,
      (error: Error) =>
        error instanceof GranaryError && error.tag === "io" &&
        error.message.startsWith("scratch/1.runs: not a whole") &&
        words.test(error.message),
    );
  assert.deepEqual([...view().children], [0, 63, 5, 5, 62]);
  segment.children[1] = 64;
  refused(/cell 64 of 64 a parent/);
  segment.children[1] = 63;
  segment.counts[1] = 4;
  refused(/parents of 6 rows in a segment of 5/);
  segment.counts[1] = 3;
  new Uint32Array(buffer, 4, 1)[0] = 5000;
  refused(/longer than its place/);
});
