/** Filters of HDF5's plugins, against files that hdf5plugin wrote: every compressor, shuffle and size of element. */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { unpackBitshuffle } from "../../../../core/codecs/bitshuffle.ts";
import { unpackBlosc } from "../../../../core/codecs/blosc.ts";
import { unpackBloscLz } from "../../../../core/codecs/blosclz.ts";
import { CodecFault } from "../../../../core/codecs/bytes.ts";
import { unpackBzip2 } from "../../../../core/codecs/bzip2.ts";
import { unpackLz4Block, unpackLz4Frame } from "../../../../core/codecs/lz4.ts";
import { unpackLzf } from "../../../../core/codecs/lzf.ts";
import { unpackSnappy } from "../../../../core/codecs/snappy.ts";
import { openFileSyncSource } from "../../../../core/access/file_source.ts";
import { openHdf5 } from "../../../../core/observations/open_granule_file.ts";
import { askPython, hasPeer } from "../../../support/python.ts";

/** Writes each kind of values by each filter; prints the values, and which datasets there are. */
const WRITE = `
import sys, json, h5py, hdf5plugin, numpy as np
rng = np.random.default_rng(7)
n = 9011
kinds = {
    "track": np.cumsum(rng.normal(size=n)).astype("f4"), "noise": rng.integers(0, 256, n).astype("u1"),
    "flags": np.repeat(np.array([0, 1, 4], "i2"), n)[:n], "shots": np.arange(n).astype("i8") * 3 + 10**15,
    "heights": np.round(rng.normal(size=n) * 50, 1), "nothing": np.zeros(n, "f4"),
}
filters = {"lzf": dict(compression="lzf"), "lzf_shuffled": dict(compression="lzf", shuffle=True, fletcher32=True),
    "bzip2": hdf5plugin.BZip2(blocksize=1), "bzip2_9": hdf5plugin.BZip2(), "lz4": hdf5plugin.LZ4(), "lz4_small": hdf5plugin.LZ4(nbytes=4096)}
for name in ["blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd"]:
    for shuffle in (0, 1, 2):
        filters[f"blosc_{name}_{shuffle}"] = hdf5plugin.Blosc(cname=name, clevel=5, shuffle=shuffle)
for name in ["none", "lz4", "zstd"]:
    filters[f"bitshuffle_{name}"] = hdf5plugin.Bitshuffle(cname=name)
filters["bitshuffle_lz4_256"] = hdf5plugin.Bitshuffle(nelems=256, cname="lz4")
said = []
with h5py.File(sys.argv[1], "w") as f:
    for k, x in kinds.items():
        for name, how in filters.items():
            try:
                f.create_dataset(f"{k}/{name}", data=x, chunks=(5003,), **how)
            except Exception as error:  # a compressor that this build has not
                continue
            said.append([k, name])
print(json.dumps({"values": {k: x.tolist() for k, x in kinds.items()}, "datasets": said}))`;

Deno.test({
  name: "every filter of a plugin that is read here gives the values that were written",
  ignore: !hasPeer("h5py", "hdf5plugin"),
  async fn() {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-plugins-"));
    try {
      const target = path.join(folder, "plugins.h5");
      const { values, datasets } = askPython(WRITE, target) as {
        values: Record<string, number[]>;
        datasets: [string, string][];
      };
      const file = await openHdf5(openFileSyncSource(target));
      const read = new Set<string>();
      for (const [kind, filter] of datasets) {
        const dataset = file.dataset(`/${kind}/${filter}`)!;
        const found = dataset.read(0, dataset.shape[0]);
        const first = values[kind].findIndex((value, i) => Number(found[i]) !== value);
        assert.equal(
          first,
          -1,
          `${kind} by ${filter}: ${found[first]} at ${first}, wanted ${values[kind][first]}`,
        );
        read.add(filter.replace(/_\d+$/, ""));
      }
      file.close();
      for (const name of ["lzf", "bzip2", "lz4", "blosc_blosclz", "blosc_lz4", "blosc_zlib", "blosc_zstd"]) {
        assert.ok(read.has(name), name);
      }
      for (const name of ["bitshuffle_none", "bitshuffle_lz4", "bitshuffle_zstd"]) {
        assert.ok(read.has(name), name);
      }
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  },
});

/** Of bytes that no compressor made each says so, whatever they are, and makes no more than was asked. */
const CODECS: Record<string, (bytes: Uint8Array, size: number) => Uint8Array> = {
  bitshuffle: (bytes, size) => unpackBitshuffle(bytes, size, [0, 4, 4, 0, 2]),
  blosc: unpackBlosc,
  blosclz: unpackBloscLz,
  bzip2: unpackBzip2,
  lz4: unpackLz4Block,
  "lz4 frame": unpackLz4Frame,
  lzf: unpackLzf,
  snappy: unpackSnappy,
};

for (const [name, unpack] of Object.entries(CODECS)) {
  Deno.test(`${name}: bytes that no compressor made are a fault, or the size that was asked`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 5000 }), (bytes, size) => {
        try {
          assert.equal(unpack(bytes, size).length, size);
        } catch (error) {
          if (!(error instanceof CodecFault)) throw error;
        }
      }),
    );
  });
}

const text = (value: string) => new TextEncoder().encode(value);
const hex = (value: string) => Uint8Array.from(value.match(/../g)!, (pair) => parseInt(pair, 16));

Deno.test("streams of the formats' own tools are read: bzip2, snappy", () => {
  // bz2.compress(b"abababababababab" * 4 + b"aaaaaaaaaaaaaaaaaaaa") and b"", of Python 3.11.
  const packed = "425a68393141592653592eb06046000012210040003000200030cc05536a620503c5dc914e14240bac181180";
  assert.deepEqual(unpackBzip2(hex(packed), 84), text("ab".repeat(32) + "a".repeat(20)));
  assert.deepEqual(unpackBzip2(hex("425a683917724538509000000000"), 0), new Uint8Array(0));
  // One bit of the block's checksum.
  const damaged = hex(packed);
  damaged[11] ^= 1;
  assert.throws(() => unpackBzip2(damaged, 84), /fails its checksum/);
  // The example of a copy that overlaps itself, by the format description: "xababab".
  assert.deepEqual(unpackSnappy(hex("07" + "08786162" + "0102"), 7), text("xababab"));
});
