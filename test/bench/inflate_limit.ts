/**
 * The least that any reader of granules must do: undoing the deflate of the chunks that an aggregation reads, on one
 * core, from memory, in the runtime that the binary is made of.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import type { Cost } from "./measure.ts";

export type InflateLibrary = "zlib" | "libdeflate";

/** Writes each chunk of the datasets of some names: its length, that of what it holds (little-endian u32), its bytes. */
const EXTRACT = `
import h5py, struct, sys
out, names, files = open(sys.argv[1], "wb"), set(sys.argv[2].split(",")), sys.argv[3:]
def take(name, item):
    if isinstance(item, h5py.Dataset) and item.compression == "gzip" and name.split("/")[-1] in names:
        size = item.dtype.itemsize * item.chunks[0]
        for i in range(item.id.get_num_chunks()):
            data = item.id.read_direct_chunk(item.id.get_chunk_info(i).chunk_offset)[1]
            out.write(struct.pack("<II", len(data), size) + data)
for file in files:
    with h5py.File(file) as h5: h5.visititems(take)
`;

/** Inflates all once to be warm, then once more; prints the processor's seconds of that. */
const INFLATE = `
const fs = require("node:fs"), zlib = require("node:zlib"), process = require("node:process");
const [file, library] = process.argv.slice(2), all = fs.readFileSync(file), chunks = [];
for (let at = 0; at < all.length;) {
  const length = all.readUInt32LE(at), size = all.readUInt32LE(at + 4), begin = at + 8;
  chunks.push({ size, stream: all.subarray(begin, begin + length), raw: all.subarray(begin + 2, begin + 2 + size) });
  at = begin + length;
}
const inflateOne = library === "zlib"
  ? ({ stream, size }) => zlib.inflateSync(stream, { chunkSize: size + 1 })
  : ({ raw }) => Bun.inflateSync(raw, { library });
const inflateAll = () => {
  for (const chunk of chunks) if (inflateOne(chunk).length !== chunk.size) throw new Error("a chunk has another size");
};
inflateAll();
const begun = process.cpuUsage();
inflateAll();
const { user, system } = process.cpuUsage(begun);
console.log((user + system) / 1e6);
`;

/** The chunks of the datasets of some names in `files`, put into `folder`. */
export class InflateLimit {
  readonly #chunks: string;
  readonly #program: string;

  constructor(
    python: string,
    files: readonly string[],
    datasets: readonly string[],
    folder: string,
    readonly runtime: string,
  ) {
    this.#chunks = path.join(folder, "chunks.bin");
    this.#program = path.join(folder, "inflate.cjs");
    fs.writeFileSync(this.#program, INFLATE);
    run(python, ["-c", EXTRACT, this.#chunks, datasets.join(","), ...files]);
  }

  /** Of one core, without the program's start: wall time is taken to be processor time. */
  measure(library: InflateLibrary): Cost {
    const seconds = Number(run(this.runtime, [this.#program, this.#chunks, library]));
    return { wall: seconds, cpu: seconds, peakBytes: null, stdout: "" };
  }
}

function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program}: ${error?.message ?? stderr}`);
  return stdout;
}
