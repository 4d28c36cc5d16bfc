import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import zlib from "node:zlib";
import { openFileSyncSource } from "../../../../../core/access/file_source.ts";
import { readGranule } from "../../../../../core/observations/granule.ts";
import { openHdf5 } from "../../../../../core/observations/open_granule_file.ts";
import { decodeChunk } from "../../../../../core/hdf5/direct/chunk_filters.ts";
import { askPython, hasPeer } from "../../../../support/python.ts";
import { memorySyncSource } from "../../../../support/memory_source.ts";
import { hasSharedData, sharedData } from "../../../../shared_data.ts";
import { writeHdf5 } from "../write_hdf5.ts";

const REQUEST = {
  groups: ["gt*"],
  latitude: "/{group}/land_ice_segments/latitude",
  longitude: "/{group}/land_ice_segments/longitude",
  columns: [{ name: "h", path: "/{group}/land_ice_segments/h_li" }],
  filters: [],
};

async function readFault(name: string) {
  const file = await openHdf5(openFileSyncSource(sharedData(`../faults/${name}`)), { request: REQUEST });
  try {
    const groups = [];
    const steps = readGranule(file, REQUEST);
    for (let step = steps.next();; step = steps.next()) {
      if (step.done) return { groups, warnings: step.value.warnings };
      groups.push(step.value);
    }
  } finally {
    file.close();
  }
}

Deno.test({
  name: "4-byte lengths, half floats and zstd are read; what lies in other files is named",
  ignore: !hasSharedData,
  async fn() {
    const heights = Array.from({ length: 40 }, (_, i) => 100 + i);
    for (const name of ["bug_lengths4.h5", "bug_float16.h5", "bug_zstd.h5", "bug_external_beam.h5"]) {
      const { groups, warnings } = await readFault(name);
      assert.deepEqual([...groups[0].columns[0]], heights, name);
      if (name !== "bug_external_beam.h5") assert.deepEqual(warnings, []);
      else {
        assert.equal(warnings.length, 1);
        assert.match(warnings[0], /^\/gt1r is a link to \S+ in the file \S+, which is not followed/);
      }
    }
    await assert.rejects(
      readFault("bug_virtual.h5"),
      /h_li lie in bug_virtual_source\.h5:\S* \(a virtual dataset/,
    );
  },
});

Deno.test("a dataset behind a link to another file, or to nothing, is identified by the link", async () => {
  const bytes = await writeHdf5((file) => {
    const group = file.create_group("gt1l");
    for (const name of ["lat", "lon"]) group.create_dataset({ name, data: Float64Array.of(1, 2) });
    group.create_external_link("other.h5", "/beam/h", "h");
    group.create_soft_link("/nowhere", "lost");
    file.create_soft_link("/round", "round");
    file.create_external_link("gone.h5", "/", "gt1r");
  });
  const request = { ...REQUEST, latitude: "/{group}/lat", longitude: "/{group}/lon" };
  const read = async (column: string) => {
    const file = await openHdf5(memorySyncSource("linked.h5", bytes));
    return [...readGranule(file, { ...request, groups: ["gt1l"], columns: [{ name: "h", path: column }] })];
  };
  await assert.rejects(
    read("/gt1l/h"),
    /\/gt1l\/h is a link to \/beam\/h in the file other\.h5, which is not followed/,
  );
  await assert.rejects(read("/gt1l/lost"), /\/gt1l\/lost is a soft link to \/nowhere, which is not there/);
  await assert.rejects(read("/round"), /\/round is a soft link to \/round, which leads in a circle/);
  await assert.rejects(
    read("/gt1l/lat/member"),
    /\/gt1l\/lat is a dataset of <f8 values, and members of it are not read/,
  );
  const file = await openHdf5(memorySyncSource("linked.h5", bytes));
  assert.throws(
    () => [...readGranule(file, { ...request, groups: ["gt1r"] })],
    /gt1r is a link to \/ in the file gone\.h5/,
  );
  const library = await openHdf5(memorySyncSource("linked.h5", bytes), { reader: "h5wasm" });
  for (const at of ["/gt1l/h", "/gt1l/lost", "/gt1r", "/gt1l/lat"]) {
    assert.equal(library.linkOut(at), file.linkOut(at), at);
  }
  library.close();
});

Deno.test("zstd is undone, and what is no zstd, or too long, is a fault", () => {
  const zstd = [{ id: 32015, name: "zstd", values: [3] }];
  const data = Uint8Array.from({ length: 4096 }, (_, i) => i % 7);
  const stored = zlib.zstdCompressSync(data);
  assert.deepEqual(Uint8Array.from(decodeChunk(stored, 0, zstd, 4096)), data);
  assert.throws(() => decodeChunk(stored, 0, zstd, 4000));
  assert.throws(() => decodeChunk(data, 0, zstd, 4096), /no Zstandard data/);
});

Deno.test({
  name: "external storage, foreign filters, bit fields, half floats and long doubles: read or named",
  ignore: !hasPeer("h5py", "hdf5plugin"),
  async fn() {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "outside-"));
    const target = path.join(folder, "odd.h5");
    askPython(
      `
import sys, os, h5py, hdf5plugin, numpy as np
os.chdir(os.path.dirname(sys.argv[1]))
x = np.arange(40, dtype="f4")
with h5py.File("odd.h5", "w") as f:
    f.create_dataset("away", data=x, external=[("raw.bin", 0, 160)])
    f.create_dataset("blosc2", data=x, **hdf5plugin.Blosc2()); f.create_dataset("zfp", data=x, **hdf5plugin.Zfp())
    f.create_dataset("zstd", data=x, **hdf5plugin.Zstd(), shuffle=True)
    f.create_dataset("half", data=np.array([1.5, -0.1, 6e-8, 65504, np.inf, np.nan, -0.0], dtype=">f2"))
    f.create_dataset("long", data=x.astype("g"))
    f.create_dataset("pair", data=np.zeros(3, dtype=[("a", "i4"), ("b", "f8")]))
    t = h5py.h5t.STD_B16LE.copy(); s = h5py.h5s.create_simple((3,))
    d = h5py.h5d.create(f.id, b"bits", t, s); d.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([1, 2, 65535], dtype="u2"), t)
    layout = h5py.VirtualLayout(shape=(40,), dtype="f4"); layout[:] = h5py.VirtualSource(".", "zstd", shape=(40,))
    f.create_dataset("whole", data=x); l2 = h5py.VirtualLayout(shape=(40,), dtype="f4")
    l2[:] = h5py.VirtualSource(".", "whole", shape=(40,)); f.create_virtual_dataset("within", l2, fillvalue=-1)
    l3 = h5py.VirtualLayout(shape=(80,), dtype="f4"); l3[:40] = h5py.VirtualSource(".", "whole", shape=(40,))
    l3[40:] = h5py.VirtualSource("far.h5", "/v", shape=(40,)); f.create_virtual_dataset("mixed", l3, fillvalue=-1)
print(0)`,
      target,
    );
    const file = await openHdf5(openFileSyncSource(target));
    const read = (name: string) => [...file.dataset(name)!.read(0, file.dataset(name)!.shape[0])];
    const counted = Array.from({ length: 40 }, (_, i) => i);
    assert.deepEqual(read("/zstd"), counted);
    assert.deepEqual(read("/half"), [1.5, -0.0999755859375, 2 ** -24, 65504, Infinity, NaN, -0]);
    assert.deepEqual(read("/bits"), [1, 2, 65535]);
    assert.deepEqual(read("/within"), counted);
    assert.throws(() => read("/away"), /the values of \/away lie in raw\.bin \(external storage/);
    assert.throws(() => read("/mixed"), /the values of \/mixed lie in far\.h5:\/v \(a virtual dataset/);
    for (const [name, id] of [["blosc2", 32026], ["zfp", 32013]]) {
      assert.throws(
        () => read(`/${name}`),
        new RegExp(`/${name} is packed with the filter ${name} \\(${id}\\)`),
      );
    }
    assert.throws(() => read("/long"), /holds float of \d+ bits values/);
    assert.throws(() => read("/pair"), /holds compound values/);
    file.close();
    fs.rmSync(folder, { recursive: true });
  },
});
