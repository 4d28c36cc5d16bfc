import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { framedTiles } from "../../../../../core/geotiff/write/framed_tiles.ts";

/** As the format has it: a tile's length, its bytes, and the last four bytes before here again. */
function plainFile(header: Uint8Array, tiles: readonly (readonly Uint8Array[])[]): Buffer {
  return tiles.reduce((file: Buffer, parts) => {
    const tile = Buffer.concat(parts);
    const leader = Buffer.alloc(4);
    leader.writeUInt32LE(tile.length);
    const framed = Buffer.concat([leader, tile]);
    return Buffer.concat([file, framed, framed.subarray(-4)]);
  }, Buffer.from(header));
}

const bytes = (length: number, seed: number) => Uint8Array.from({ length }, (_, i) => i * seed >> 3);

Deno.test("tiles in parts of any length stand between their length and their last bytes", async () => {
  const header = bytes(100, 3);
  const tiles = [
    [bytes(10, 5)],
    [bytes(2, 7), bytes(70_000, 11), bytes(4, 13)],
    [bytes(65_536, 17)],
    [bytes(300_000, 19), bytes(1, 23)],
    [bytes(1, 29), bytes(2, 31)],
    ...Array.from({ length: 100 }, (_, i) => [bytes(60_000, i)]),
  ];
  const hash = createHash("sha256");
  const chunks: Buffer[] = [];
  // A chunk is another's when the next is asked for.
  for await (const chunk of framedTiles(header, tiles, hash)) chunks.push(Buffer.from(chunk));
  const expected = plainFile(header, tiles);
  assert.deepEqual(Buffer.concat(chunks), expected);
  assert.equal(hash.digest("hex"), createHash("sha256").update(expected).digest("hex"));
});
