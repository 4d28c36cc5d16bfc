/** TIFFs that stay as they are: every block is decoded on its way, and the file is read once. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { deflateSync } from "node:zlib";
import { FolderTarget } from "../../../../../core/access/folder_target.ts";
import { putTiff } from "../../../../../core/geotiff/keep/put.ts";
import { type TiffRoute, tiffRoute } from "../../../../../core/geotiff/keep/route.ts";
import { temporaryFolder } from "../../../../support/binary.ts";
import { countingSource } from "../../../../support/memory_source.ts";
import { tiffBytes, type TiffImageBytes } from "../../../../support/tiff_bytes.ts";

const SIDE = 600, TILE = 512;

/** An image of 2 x 2 tiles, or an overview of one. */
function image(
  side: number,
  subfile: number,
  compression: number,
  blocks: readonly Uint8Array[],
): TiffImageBytes {
  const short = (...values: number[]) => ({ type: "short", values } as const);
  const double = (...values: number[]) => ({ type: "double", values } as const);
  return {
    blocks,
    fields: {
      254: { type: "long", values: [subfile] },
      256: short(side),
      257: short(side),
      258: short(8),
      259: short(compression),
      262: short(1),
      277: short(1),
      322: short(TILE),
      323: short(TILE),
      324: { type: "offsets" },
      325: { type: "lengths" },
      33550: double(1, 1, 0),
      33922: double(0, 0, 0, 10, 50, 0),
      34735: short(1, 1, 0, 2, 1024, 0, 1, 2, 2048, 0, 1, 4326),
    },
  };
}

/** Noise, so that the blocks are long. */
function tile(seed: number): Uint8Array {
  const cells = new Uint8Array(TILE * TILE);
  for (let i = 0, state = seed; i < cells.length; i++) cells[i] = (state = state * 48271 % 2147483647) & 15;
  return cells;
}

const TILES = [1, 2, 3, 4, 5].map(tile);

/** Tiled, with an overview whose block lies behind those of the image: its parts want another order. */
function made(pack: (cells: Uint8Array) => Uint8Array, compression: number): Uint8Array {
  const blocks = TILES.map(pack);
  return tiffBytes([
    image(SIDE, 0, compression, blocks.slice(0, 4)),
    image(SIDE / 2, 1, compression, [blocks[4]]),
  ]);
}

async function put(bytes: Uint8Array, folder: string, key: string, decoded = false) {
  const source = countingSource("a.tif", bytes);
  const route = await tiffRoute(source, { blocks: true });
  assert.notEqual(route.kind, "encoded");
  const opened = source.log.length;
  const target = new FolderTarget(folder);
  const kept = route as Exclude<TiffRoute, { kind: "encoded" }>;
  const written = await putTiff(source, kept, target, key, { replace: false, decoded });
  const read = source.log.slice(opened).reduce((sum, { length }) => sum + length, 0);
  return {
    kind: route.kind,
    written,
    read,
    bytes: () => new Uint8Array(fs.readFileSync(path.join(folder, key))),
  };
}

/** A copy with one byte of the stored block changed. */
function broken(bytes: Uint8Array, block: Uint8Array): Uint8Array {
  const at = Buffer.from(bytes).indexOf(block);
  assert.ok(at > 0);
  const copy = bytes.slice();
  copy[at + (block.length >> 1)] ^= 0x10;
  return copy;
}

Deno.test("a damaged block fails a file that stays, of the image and of an overview, in order or to be put there", async () => {
  const folder = temporaryFolder("granary-check-blocks-");
  const tiled = made((cells) => deflateSync(cells), 8);
  const reordered = await put(tiled, folder, "ordered.tif");
  assert.equal(reordered.kind, "reordered");
  const cog = reordered.bytes();
  const copied = await put(cog, folder, "copied.tif");
  assert.equal(copied.kind, "copied");
  assert.deepEqual(copied.bytes(), cog);
  for (const [i, cells] of TILES.entries()) {
    const block = deflateSync(cells);
    for (const file of [tiled, cog]) {
      await assert.rejects(
        put(broken(file, block), folder, "bad.tif"),
        /a\.tif: its block \d+ cannot be decoded/,
      );
    }
    // Somebody else has decoded the image, and nobody its overview.
    const others = put(broken(cog, block), folder, `decoded-${i}.tif`, true);
    if (i < 4) assert.equal((await others).kind, "copied");
    else await assert.rejects(others, /its block 0 cannot be decoded/);
  }
  assert.ok(!fs.existsSync(path.join(folder, "bad.tif")));
});

Deno.test("a file is read once for its bytes and their check", async () => {
  const folder = temporaryFolder("granary-check-blocks-");
  const tiled = made((cells) => deflateSync(cells), 8);
  const { read, bytes } = await put(tiled, folder, "a.tif");
  assert.ok(read <= tiled.length, `${read} of ${tiled.length}`);
  assert.equal((await put(bytes(), folder, "b.tif")).read, bytes().length);
});

Deno.test("blocks that are not compressed are held to their length", async () => {
  const folder = temporaryFolder("granary-check-blocks-");
  assert.equal((await put(made((cells) => cells, 1), folder, "a.tif")).kind, "reordered");
  const short = made((cells) => cells.subarray(0, 1000), 1);
  await assert.rejects(put(short, folder, "b.tif"), /its block 0 has 1000 bytes/);
});

Deno.test("a large COG without overviews stays, and it is told what it lacks", async () => {
  const folder = temporaryFolder("granary-check-blocks-");
  const whole = (await put(made((cells) => deflateSync(cells), 8), folder, "a.tif")).bytes();
  const kept = await tiffRoute(countingSource("a.tif", whole), { blocks: true });
  assert.deepEqual(kept.kind === "copied" && kept.better, []);
  const lone = tiffBytes([image(SIDE, 0, 8, TILES.slice(0, 4).map((cells) => deflateSync(cells)))]);
  const route = await tiffRoute(countingSource("b.tif", lone), { blocks: true });
  assert.match(
    route.kind === "copied" ? route.better.join() : route.because,
    /^it is 600 x 600 and has no overviews$/,
  );
  assert.equal(route.kind, "copied");
});
