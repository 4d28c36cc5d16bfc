/** Damaged and hostile TIFFs: an error or an answer, in bounded time and memory. */
import assert from "node:assert/strict";
import fs from "node:fs";
import { GranaryError } from "../../../../core/errors.ts";
import type { Source } from "../../../../core/access/source.ts";
import { memorySource } from "../../../../core/access/memory_source.ts";
import { openGeotiff } from "../../../../core/geotiff/open.ts";
import { hasSharedData, sharedData } from "../../../shared_data.ts";
import { plainFields, tiffBytes, type TiffValues } from "../../../support/tiff_bytes.ts";

/** Cells of a window that are asked for: what a caller's own limit would be. */
const WINDOW = 1024;

/** Opens and reads a corner and the coarsest level. */
async function use(source: Source): Promise<void> {
  const file = await openGeotiff(source, "x.tif");
  for (const grid of file.grids) {
    for (const level of new Set([0, grid.levels.length - 1])) {
      const { width, height } = grid.levels[level];
      await grid.readWindow({
        level,
        x: 0,
        y: 0,
        width: Math.min(width, WINDOW),
        height: Math.min(height, WINDOW),
        bands: grid.bands.slice(0, 4).map((_, i) => i),
      });
    }
  }
}

/** Resolves to whether it was read; anything thrown but a tagged error fails the test. */
async function isRead(bytes: Uint8Array, what: string): Promise<boolean> {
  try {
    await use(memorySource("x.tif", bytes));
    return true;
  } catch (error) {
    assert.ok(error instanceof GranaryError, `${what}: ${(error as Error)?.stack ?? error}`);
    return false;
  }
}

/** A small generator of numbers that is the same everywhere (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const damaged = (changed: Readonly<Record<number, TiffValues>>, message: RegExp) => async () => {
  const fields = { ...plainFields(64, 64, 64), ...changed };
  const bytes = tiffBytes([{ fields, blocks: [new Uint8Array(4096)] }]);
  await assert.rejects(use(memorySource("x.tif", bytes)), (error) => {
    assert.ok(error instanceof GranaryError && error.tag === "granule", String(error));
    assert.match(error.message, message);
    return true;
  });
};
const long = (...values: number[]): TiffValues => ({ type: "long", values });
const short = (...values: number[]): TiffValues => ({ type: "short", values });

Deno.test("an image of no size", damaged({ 256: long(0) }, /its image is 0 x 64/));
Deno.test("more tiles than places", damaged({ 256: long(6400) }, /places of 1 blocks and 100 blocks/));
Deno.test("tiles of no size", damaged({ 322: short(0) }, /its blocks are 0 x 64/));
Deno.test(
  "a block outside of the file",
  damaged({ 324: long(4_000_000_000) }, /its block 0 lies at bytes 4000000000/),
);
Deno.test("a block longer than the file", damaged({ 325: long(4_000_000_000) }, /its block 0 lies at bytes/));
Deno.test("a block that is too short", damaged({ 325: long(100) }, /it has 100 of 4096 bytes/));
Deno.test("deflate that is none", damaged({ 259: short(8) }, /its deflate stream is damaged/));
Deno.test("zstd that is none", damaged({ 259: short(50000) }, /its zstd stream is damaged/));
Deno.test("LZW that is none", damaged({ 259: short(5) }, /LZW/));
Deno.test("JPEG that is none", damaged({ 259: short(7) }, /its JPEG stream has no start/));
Deno.test("WebP that is none", damaged({ 259: short(50001) }, /its WebP has no start/));
Deno.test("LERC that is none", damaged({ 259: short(34887) }, /its LERC is damaged/));

Deno.test("tiles of gigabytes are refused before memory is taken", async () => {
  const fields = { ...plainFields(2_000_000_000, 2_000_000_000, 64), 322: long(2e9), 323: long(2e9) };
  const file = await openGeotiff(
    memorySource("x.tif", tiffBytes([{ fields, blocks: [new Uint8Array(64)] }])),
    "x.tif",
  );
  assert.equal(file.refused[0].rule, "block-size");
});

Deno.test("directories in a circle end", async () => {
  const bytes = tiffBytes([{ fields: plainFields(64, 64, 64), blocks: [new Uint8Array(4096)] }]);
  const count = bytes[8];
  new DataView(bytes.buffer).setUint32(10 + count * 12, 8, true);
  await assert.rejects(use(memorySource("x.tif", bytes)), /its directories go in a circle at byte 8/);
});

Deno.test("a deflate bomb is cut at its block", async () => {
  const { deflateSync } = await import("node:zlib");
  const fields = { ...plainFields(64, 64, 64), 259: short(8) };
  const bomb = tiffBytes([{ fields, blocks: [deflateSync(new Uint8Array(200_000_000))] }]);
  const before = memory();
  await assert.rejects(use(memorySource("x.tif", bomb)), /its deflate stream is damaged/);
  assert.ok(memory() - before < 50_000_000);
});

function memory(): number {
  const { rss } = Deno.memoryUsage();
  return rss;
}

Deno.test("what is no TIFF is said to be none", async () => {
  for (
    const bytes of [[], [73, 73], [73, 73, 42, 0], [77, 77, 42, 0, 0, 0, 0, 8], [
      137,
      80,
      78,
      71,
      13,
      10,
      26,
      10,
    ]]
  ) {
    await assert.rejects(
      use(memorySource("x.tif", Uint8Array.from(bytes))),
      /its first bytes are not those of a TIFF|it has no image directory/,
    );
  }
});

const FILES = [
  "HLS.L30.T15UWP.2024283T165135.v2.0.Fmask.tif",
  "cog_nodata.tif",
  "cog_dateline.tif",
  "nocog.tif",
];

for (const [seed, name] of FILES.entries()) {
  Deno.test({
    name: `${name}, mutated and cut short in hundreds of ways, is read or refused`,
    ignore: !hasSharedData,
    fn: async () => {
      const whole = new Uint8Array(fs.readFileSync(sharedData(`cog/${name}`)));
      const next = random(seed + 1);
      const front = Math.min(whole.length, 4096);
      let read = 0;
      for (let round = 0; round < 150; round++) {
        const bytes = whole.slice(0, round % 5 === 0 ? Math.floor(next() * whole.length) : whole.length);
        const changes = 1 + Math.floor(next() * 8);
        for (let change = 0; change < changes; change++) {
          const range = next() < 0.8 ? front : bytes.length;
          const at = Math.floor(next() * range);
          if (at < bytes.length) bytes[at] = next() < 0.3 ? 255 : Math.floor(next() * 256);
        }
        if (await isRead(bytes, `round ${round}`)) read += 1;
      }
      assert.ok(read > 0 && read < 150, `${read} of 150 were read: the test has changed nothing, or all`);
    },
  });
}
