/** Digests of encoded chunks over many sizes and kinds of data, and of whole stores; as a program it prints them. */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import process from "node:process";
import { compressChunk } from "../../../../core/zarr/chunk.ts";
import { fixtureSpec, writeFixture } from "../../../interop/store_fixture.ts";

/** Sizes in 4-byte elements, up to 128 KiB. */
const SIZES = [1, 2, 3, 5, 64, 256, 777, 1024, 4096, 8192, 16384, 16385, 20000, 30000, 32767, 32768];

/** A walk, sparse values, runs of values, small counts, noise, rising ids, stripes of 64-bit ids. */
function sample(kind: number, length: number, random: () => number): Uint32Array {
  const floats = new Float32Array(length);
  const words = new Uint32Array(floats.buffer);
  let height = 1000;
  for (let i = 0; i < length; i++) {
    height += random() - 0.5;
    if (kind === 0) floats[i] = height;
    else if (kind === 1) floats[i] = random() < 0.05 ? height : NaN;
    else if (kind === 2) floats[i] = i % 700 < 30 ? height : NaN;
    else if (kind === 3) words[i] = random() < 0.03 ? random() * 100 : 0;
    else if (kind === 4) words[i] = random() * 4294967296;
    else if (kind === 5) words[i] = i % 2 === 0 ? 66105223 + i / 2 : 0;
    else words[i] = i % 2 === 0 ? i * 524288 : 1152921504;
  }
  return words;
}

/** One digest a size. */
export function chunkDigests(): string[] {
  let state = 7;
  const random = () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) / 4294967296;
  return SIZES.map((size) => {
    const hash = createHash("sha256");
    for (let kind = 0; kind < 7; kind++) {
      for (let repeat = 0; repeat < 4; repeat++) hash.update(compressChunk(sample(kind, size, random)));
    }
    return `${size} ${hash.digest("hex").slice(0, 16)}`;
  });
}

/** One digest a layout: every key and byte of the fixture's store. */
export async function storeDigests(): Promise<string[]> {
  const digests: string[] = [];
  for (const layout of ["compact", "sphere"] as const) {
    const hash = createHash("sha256");
    await writeFixture(fixtureSpec(layout), {
      put: (key, bytes) => Promise.resolve(void hash.update(`${key}\n`).update(bytes)),
    });
    digests.push(`${layout} ${hash.digest("hex").slice(0, 16)}`);
  }
  return digests;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log([...chunkDigests(), ...await storeDigests()].join("\n"));
}
