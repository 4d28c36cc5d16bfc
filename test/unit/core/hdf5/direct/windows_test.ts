import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { openFileSyncSource } from "../../../../../core/access/file_source.ts";
import type { Hdf5Dataset, Hdf5File, Hdf5Values } from "../../../../../core/hdf5/contract.ts";
import { giveBack, takeMemory } from "../../../../../core/kernels/memory.ts";
import { openHdf5 } from "../../../../../core/observations/open_granule_file.ts";
import { askPython, hasPeer } from "../../../../support/python.ts";
import { memorySyncSource } from "../../../../support/memory_source.ts";
import { hasSharedData, sharedData } from "../../../../shared_data.ts";
import { bytesOf } from "../compare_files.ts";
import { LIBRARY_VERSIONS, writeHdf5 } from "../write_hdf5.ts";

/** Real files of other kinds than along-track granules: grids, swaths, netCDF-4, HDF-EOS5, text. */
const FILES = ["omi", "grids", "netcdf", "hdf5", "gedi"].flatMap((folder) =>
  hasSharedData
    ? fs.readdirSync(sharedData(folder)).filter((name) => /\.(h5|he5|nc4?)$/.test(name)).map((name) =>
      path.join(folder, name)
    )
    : []
);

/** Marsaglia's xorshift32: the same windows on every machine. */
function randomBelow(seed: number): (n: number) => number {
  let state = (Math.imul(seed, 2654435761) ^ 0x9e3779b9) | 1;
  return (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor((state >>> 0) / 2 ** 32 * n);
  };
}

function randomWindow(
  shape: readonly number[],
  below: (n: number) => number,
): { start: number[]; count: number[] } {
  const start = shape.map((size) => below(Math.max(1, size)));
  const count = shape.map((size, axis) => size === 0 ? 0 : 1 + below(Math.min(40, size - start[axis])));
  return { start, count };
}

/** A window of a whole array by plain index arithmetic. */
function cut(
  whole: Hdf5Values,
  shape: readonly number[],
  start: readonly number[],
  count: readonly number[],
) {
  const out: (number | bigint)[] = [];
  const walk = (axis: number, at: number): void => {
    if (axis === shape.length) {
      out.push(whole[at]);
      return;
    }
    for (let i = 0; i < count[axis]; i += 1) walk(axis + 1, at * shape[axis] + start[axis] + i);
  };
  walk(0, 0);
  return out;
}

function readWhole(dataset: Hdf5Dataset): Hdf5Values {
  return dataset.read(0, dataset.shape.length === 0 ? 1 : dataset.shape[0]);
}

const isNumber = ({ dtype }: Hdf5Dataset): boolean => /^[<>|][iuf]/.test(dtype);

Deno.test({
  name: "any window of real grids and swaths is the part of the whole that it names",
  ignore: !hasSharedData,
  async fn() {
    let windows = 0;
    for (const [k, name] of FILES.entries()) {
      const file = await openHdf5(openFileSyncSource(sharedData(name)));
      const below = randomBelow(k + 1);
      for (const datasetPath of file.datasets()) {
        const dataset = file.dataset(datasetPath)!;
        const size = dataset.shape.reduce((product, n) => product * n, 1);
        if (!isNumber(dataset) || size > 2e6 || (size > 2e5 && below(4) > 0)) continue;
        const whole = readWhole(dataset);
        for (let i = 0; i < 3; i += 1) {
          const { start, count } = randomWindow(dataset.shape, below);
          const found = dataset.readWindow(start, count);
          assert.deepEqual([...found], cut(whole, dataset.shape, start, count), `${name} ${datasetPath}`);
          windows += 1;
        }
      }
      file.close();
    }
    assert.ok(windows > 500, `${windows} windows`);
  },
});

Deno.test({
  name: "a window is put where a place says, forwards and backwards, in a kernel's memory or another",
  ignore: !hasSharedData,
  async fn() {
    let put = 0;
    for (const [k, name] of FILES.entries()) {
      const file = await openHdf5(openFileSyncSource(sharedData(name)));
      const below = randomBelow(k + 5);
      for (const datasetPath of file.datasets()) {
        const dataset = file.dataset(datasetPath)!;
        const { shape } = dataset;
        if (!isNumber(dataset) || shape.length === 0 || shape.includes(0)) continue;
        const { start, count } = randomWindow(shape, below);
        const found = dataset.readWindow(start, count);
        const size = found.BYTES_PER_ELEMENT;
        // Along some dimensions backwards, and with three bytes' room behind each of the last but one.
        const isBackwards = shape.map((_, axis) => axis < shape.length - 1 && below(2) === 1);
        const lengths = new Array<number>(shape.length).fill(size);
        for (let axis = shape.length - 2; axis >= 0; axis--) {
          lengths[axis] = lengths[axis + 1] * count[axis + 1] + (axis === shape.length - 2 ? 3 : 0);
        }
        const total = lengths[0] * count[0];
        const memory = below(2) === 1 ? takeMemory(total) : undefined;
        const bytes = memory === undefined
          ? new Uint8Array(total)
          : new Uint8Array(memory.buffer, memory.place(total), total);
        const strides = lengths.map((length, axis) => isBackwards[axis] ? -length : length);
        const at = lengths.reduce(
          (sum, length, axis) => sum + (isBackwards[axis] ? (count[axis] - 1) * length : 0),
          0,
        );
        if (dataset.readWindowTo?.(start, count, { bytes, at, strides })) {
          const stored = bytesOf(found);
          for (let i = 0; i < found.length; i++) {
            let to = at;
            for (let axis = count.length - 1, rest = i; axis >= 0; axis--) {
              to += rest % count[axis] * strides[axis];
              rest = Math.floor(rest / count[axis]);
            }
            const label = `${name} ${datasetPath}: element ${i}`;
            assert.deepEqual(bytes.slice(to, to + size), stored.slice(i * size, (i + 1) * size), label);
          }
          put += 1;
        }
        if (memory !== undefined) giveBack(memory);
      }
      file.close();
    }
    assert.ok(put > 50, `${put} windows`);
  },
});

Deno.test({
  name: "windows, text, scalars and dimension scales are those of h5py",
  ignore: !hasSharedData || !hasPeer("h5py", "numpy"),
  async fn() {
    const program = `
import sys, json, h5py, zlib
out = {}
plan = json.load(open(sys.argv[2]))
with h5py.File(sys.argv[1]) as f:
    for path, (start, count) in plan.items():
        d = f[path]
        here = {"shape": list(d.shape or [0] if d.shape is not None else [0])}
        here["scales"] = [[s.name for s in dim.values()] for dim in d.dims] if d.shape is not None else None
        if d.shape is not None:
            sel = tuple(slice(a, a + n) for a, n in zip(start, count))
            v = d[sel]
            if h5py.check_string_dtype(d.dtype):
                v = d.asstr("utf-8", "replace")[sel] if d.shape else d.asstr("utf-8", "replace")[()]
                here["text"] = [str(x) for x in (v.ravel() if d.shape else [v])]
            elif d.dtype.kind in "iuf":
                import numpy as np
                here["crc"] = zlib.crc32(np.ascontiguousarray(v).astype(v.dtype.newbyteorder("<")).tobytes())
        out[path] = here
print(json.dumps(out))`;
    const zlib = await import("node:zlib");
    const folder = fs.mkdtempSync(path.join(Deno.env.get("TMPDIR") ?? "/tmp", "windows-"));
    let texts = 0, numbers = 0, scaled = 0;
    for (const [k, name] of FILES.entries()) {
      const file = await openHdf5(openFileSyncSource(sharedData(name)));
      const below = randomBelow(k + 77);
      const plan: Record<string, [number[], number[]]> = {};
      for (const datasetPath of file.datasets()) {
        const { start, count } = randomWindow(file.dataset(datasetPath)!.shape, below);
        plan[datasetPath] = [start, count];
      }
      const planFile = path.join(folder, "plan.json");
      fs.writeFileSync(planFile, JSON.stringify(plan));
      const wanted = askPython(program, sharedData(name), planFile) as Record<
        string,
        { shape: number[]; scales: string[][] | null; text?: string[]; crc?: number }
      >;
      assert.deepEqual(Object.keys(wanted).sort(), file.datasets());
      for (const [datasetPath, [start, count]] of Object.entries(plan)) {
        const dataset = file.dataset(datasetPath)!;
        const peer = wanted[datasetPath];
        const label = `${name} ${datasetPath}`;
        if (peer.scales === null) continue; // a dataset without a space
        assert.deepEqual(file.dimensionScales(datasetPath), peer.scales, label);
        if (peer.scales.flat().length > 0) scaled += 1;
        if (peer.text !== undefined) {
          assert.deepEqual(dataset.readText(start, count), peer.text, label);
          texts += 1;
        } else if (peer.crc !== undefined) {
          assert.equal(zlib.crc32(bytesOf(dataset.readWindow(start, count))), peer.crc, label);
          numbers += 1;
        }
      }
      file.close();
    }
    fs.rmSync(folder, { recursive: true });
    assert.ok(numbers > 300 && texts > 5 && scaled > 20, `${numbers} ${texts} ${scaled}`);
  },
});

Deno.test("a window decodes the chunks that it touches and asks for their bytes alone", async () => {
  for (const libver of LIBRARY_VERSIONS) {
    const shape = [400, 600];
    const data = Float64Array.from(
      { length: shape[0] * shape[1] },
      (_, i) => Math.sin(i * 12.9898) * 43758.5453 % 1,
    );
    const bytes = await writeHdf5((file) => {
      file.create_dataset({ name: "grid", data, shape, chunks: [50, 60], compression: 1 });
      file.create_dataset({ name: "plain", data, shape });
    }, libver);
    const source = memorySyncSource("counted.h5", bytes);
    const file = await openHdf5(source, { reader: "direct" });
    const grid = file.dataset("/grid")!;
    const chunkBytes = grid.storedBytes / 80;
    for (
      const [start, count, chunks] of [
        [[0, 0], [50, 60], 1],
        [[49, 59], [2, 2], 4],
        [[120, 0], [1, 600], 10],
        [[0, 599], [400, 1], 8],
      ] as [number[], number[], number][]
    ) {
      const before = { asked: source.counters.bytes, decoded: file.counters!.chunksDecoded };
      assert.deepEqual([...grid.readWindow(start, count)], cut(data, shape, start, count));
      assert.equal(file.counters!.chunksDecoded - before.decoded, chunks, `${libver} ${start}`);
      const asked = source.counters.bytes - before.asked;
      // Neighbours are asked for together with up to 4,096 bytes between them.
      assert.ok(asked < chunks * (chunkBytes * 1.2 + 4096), `${libver} ${start}: ${asked} bytes`);
    }
    const plain = file.dataset("/plain")!;
    const before = source.counters.bytes;
    assert.deepEqual([...plain.readWindow([100, 200], [3, 5])], cut(data, shape, [100, 200], [3, 5]));
    assert.ok(source.counters.bytes - before < 3 * 600 * 8, `${source.counters.bytes - before} bytes`);
    assert.throws(() => grid.readWindow([399, 0], [2, 1]), RangeError);
    assert.throws(() => grid.readWindow([0], [1]), RangeError);
    file.close();
  }
});

Deno.test("windows that were fetched ahead are read without another request", async () => {
  const shape = [6, 200, 300];
  const data = Float32Array.from({ length: 360_000 }, (_, i) => Math.fround(Math.cos(i) * 1e6));
  const bytes = await writeHdf5((file) => {
    file.create_dataset({ name: "cube", data, shape, chunks: [1, 100, 100], compression: 1 });
    file.create_dataset({ name: "plain", data, shape });
  });
  const source = memorySyncSource("counted.h5", bytes);
  const file = await openHdf5(source, { reader: "direct" });
  const windows = [
    { path: "/cube", start: [2, 90, 90], count: [1, 20, 20] },
    { path: "/plain", start: [4, 0, 10], count: [2, 3, 7] },
  ];
  file.prefetch!(windows);
  const asked = source.counters.bytes;
  for (const { path, start, count } of windows) {
    assert.deepEqual([...file.dataset(path)!.readWindow(start, count)], cut(data, shape, start, count));
  }
  assert.equal(source.counters.bytes, asked);
  file.close();
});

Deno.test("text of fixed and variable length is read by both readers in every format", async () => {
  const words = [
    "alpha",
    "",
    "Ünïcode °C",
    "a rather long line of text, longer than its neighbours",
    "e",
    "six",
  ];
  for (const libver of LIBRARY_VERSIONS) {
    const bytes = await writeHdf5((file) => {
      file.create_dataset({ name: "variable", data: words, shape: [2, 3] });
      file.create_dataset({ name: "fixed", data: words, shape: [6], dtype: "S64" });
      file.create_dataset({
        name: "packed",
        data: words,
        shape: [6],
        dtype: "S64",
        chunks: [4],
        compression: 3,
      });
      file.create_dataset({ name: "one", data: "GROUP=GridStructure\n\tEND_GROUP" });
      file.create_dataset({ name: "number", data: 42.5 });
    }, libver);
    for (const reader of ["direct", "h5wasm"] as const) {
      const file: Hdf5File = await openHdf5(memorySyncSource("text.h5", bytes), { reader });
      assert.deepEqual(file.datasets(), ["/fixed", "/number", "/one", "/packed", "/variable"]);
      const text = (path: string, start?: number[], count?: number[]) =>
        file.dataset(path)!.readText(start, count);
      assert.deepEqual(text("/variable"), words, `${libver} ${reader}`);
      assert.deepEqual(text("/variable", [1, 0], [1, 2]), words.slice(3, 5));
      assert.deepEqual(text("/fixed"), words);
      assert.deepEqual(text("/packed", [3], [3]), words.slice(3));
      assert.deepEqual(text("/one"), ["GROUP=GridStructure\n\tEND_GROUP"]);
      assert.deepEqual([...file.dataset("/number")!.readWindow([], [])], [42.5]);
      assert.throws(() => file.dataset("/number")!.readText(), /holds <f8 values \(wanted text\)/);
      assert.throws(() => file.dataset("/one")!.readWindow([], []), /holds string values/);
      file.close();
    }
  }
});

Deno.test({
  name: "object references lead to paths, and hard links in a circle end",
  ignore: !hasPeer("h5py"),
  async fn() {
    const folder = fs.mkdtempSync(path.join(Deno.env.get("TMPDIR") ?? "/tmp", "references-"));
    for (const libver of ["earliest", "latest"]) {
      const target = path.join(folder, `${libver}.h5`);
      askPython(
        `
import sys, h5py, numpy as np
with h5py.File(sys.argv[1], "w", libver=sys.argv[2]) as f:
    g = f.create_group("g"); d = g.create_dataset("d", data=np.zeros((2, 3)))
    for n, size in (("y", 2), ("x", 3)):
        s = g.create_dataset(n, data=np.arange(size, dtype="f4")); s.make_scale(n)
    d.dims[0].attach_scale(g["y"]); d.dims[1].attach_scale(g["x"])
    g["up"] = f["/"]; g["again"] = d; f["soft"] = h5py.SoftLink("/g/d"); f["lost"] = h5py.SoftLink("/nowhere")
    h = f.create_group("gone"); r = h.ref
    f.attrs["to"] = np.array([d.ref, g.ref], dtype=h5py.ref_dtype)
    f.attrs["one"] = g["x"].ref
    f.attrs["null"] = np.array([h5py.Reference()], dtype=h5py.ref_dtype)
print("0")`,
        target,
        libver,
      );
      for (const reader of ["direct", "h5wasm"] as const) {
        const file = await openHdf5(openFileSyncSource(target), { reader });
        assert.deepEqual(file.dimensionScales("/g/d"), [["/g/y"], ["/g/x"]], `${libver} ${reader}`);
        assert.deepEqual(file.dimensionScales("/soft"), [["/g/y"], ["/g/x"]]);
        assert.deepEqual(file.dimensionScales("/g/x"), [[]]);
        assert.equal(file.dimensionScales("/g/none"), undefined);
        assert.equal(file.references("/", "none"), undefined);
        if (reader === "direct") {
          assert.deepEqual(file.datasets(), ["/g/again", "/g/x", "/g/y"]);
          assert.deepEqual(file.references("/", "to"), ["/g/again", "/g"]);
          assert.deepEqual(file.references("/", "one"), ["/g/x"]);
          assert.deepEqual(file.references("/", "null"), [null]);
        }
        file.close();
      }
    }
    fs.rmSync(folder, { recursive: true });
  },
});
