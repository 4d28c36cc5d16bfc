import assert from "node:assert/strict";
import fs from "node:fs";
import { UnsupportedHdf5 } from "../../../../../core/hdf5/direct/cursor.ts";
import { openDirectFile } from "../../../../../core/hdf5/direct/direct_file.ts";
import type { Hdf5Dataset, Hdf5File, Hdf5Values } from "../../../../../core/hdf5/contract.ts";
import { openHdf5 } from "../../../../../core/observations/open_granule_file.ts";
import { GranaryError } from "../../../../../core/errors.ts";
import { memorySyncSource } from "../../../../support/memory_source.ts";
import { hasSharedData, sharedData } from "../../../../shared_data.ts";
import { bytesOf } from "../compare_files.ts";
import { LIBRARY_VERSIONS, writeHdf5 } from "../write_hdf5.ts";

/** Marsaglia's xorshift32: the same cases on every machine. */
function randomFrom(seed: number): () => number {
  let state = (Math.imul(seed, 2654435761) ^ 0x9e3779b9) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** A damaged copy: cut, or with a few bits flipped, bytes overwritten and words filled. */
function damage(whole: Uint8Array, seed: number): Uint8Array {
  const random = randomFrom(seed);
  const below = (n: number) => Math.floor(random() * n);
  if (below(8) === 0) return whole.slice(0, below(whole.length));
  const bytes = whole.slice();
  for (let faults = 1 + below(4); faults > 0; faults -= 1) {
    const at = below(bytes.length);
    const kind = below(4);
    if (kind === 0) bytes[at] = below(256);
    else if (kind === 1) bytes.fill([0, 1, 127, 255][below(4)], at, at + 1 + below(8));
    else bytes[at] ^= 1 << below(8);
  }
  return bytes;
}

/** Objects looked at in one damaged file: links may form a circle. */
const MOST_OBJECTS = 200;

/** Reads everything; what is refused must be refused by a granule error that names the file. */
function readEverything(file: Hdf5File): Map<string, Hdf5Values> {
  const values = new Map<string, Hdf5Values>();
  let left = MOST_OBJECTS;
  const walk = (group: string, depth: number): void => {
    for (const name of guarded(() => file.list(group || "/")) ?? []) {
      if (left-- <= 0 || depth > 5) return;
      const path = `${group}/${name}`;
      const dataset = guarded(() => file.dataset(path));
      guarded(() => file.attributes(path));
      if (!dataset) walk(path, depth + 1);
      else {
        guarded(() => dataset.storedBytes);
        const read = guarded(() => readNumbers(dataset));
        if (read) values.set(path, read);
      }
    }
  };
  walk("", 0);
  return values;
}

function readNumbers(dataset: Hdf5Dataset): Hdf5Values | undefined {
  if (!/^[<>|][iuf]/.test(dataset.dtype)) return undefined;
  return dataset.read(0, dataset.shape.length === 0 ? 1 : dataset.shape[0]);
}

function guarded<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof UnsupportedHdf5) return undefined;
    if (!(error instanceof GranaryError) || error.tag !== "granule") throw error;
    assert.match(error.message, /^damaged\.h5: /);
    return undefined;
  }
}

/** Reads damaged copies by the direct reader; every value that it gives must be libhdf5's, if that reads it. */
async function fuzz(
  whole: Uint8Array,
  cases: number,
  firstSeed: number,
): Promise<{ read: number; same: number }> {
  const counts = { read: 0, same: 0 };
  for (let seed = firstSeed; seed < firstSeed + cases; seed += 1) {
    const source = memorySyncSource("damaged.h5", damage(whole, seed));
    const direct = guarded(() => openDirectFile(source));
    const values = direct ? readEverything(direct) : new Map<string, Hdf5Values>();
    counts.read += values.size;
    if (values.size === 0) continue;
    let library: Hdf5File;
    try {
      library = await openHdf5(source, { reader: "h5wasm" });
    } catch (error) {
      if (!(error instanceof GranaryError)) throw error;
      continue;
    }
    for (const [path, found] of values) {
      const wanted = guarded(() => {
        const dataset = library.dataset(path);
        return dataset && readNumbers(dataset);
      });
      if (!wanted) continue;
      assert.equal(found.constructor, wanted.constructor, `case ${seed}: ${path}`);
      assert.ok(Buffer.from(bytesOf(found)).equals(bytesOf(wanted)), `case ${seed}: ${path}`);
      counts.same += 1;
    }
    library.close();
  }
  return counts;
}

for (const libver of LIBRARY_VERSIONS) {
  Deno.test(`damaged files as ${libver} writes them give an error or libhdf5's values`, async () => {
    const values = Int32Array.from({ length: 60 }, (_, i) => (i * 7919) % 1000);
    const whole = await writeHdf5((file) => {
      file.create_dataset({ name: "plain", data: values });
      file.create_dataset({ name: "fixed", data: values, chunks: [16], compression: 6 });
      file.create_dataset({ name: "growing", data: values, chunks: [4], maxshape: [null] });
      file.create_dataset({ name: "deflated", data: values, chunks: [16], maxshape: [null], compression: 6 });
      const grid = { data: values, shape: [10, 6], chunks: [4, 4], maxshape: [null, null] };
      file.create_dataset({ name: "grid", ...grid });
      const many = file.create_group("many");
      for (let i = 0; i < 12; i += 1) {
        many.create_dataset({ name: `d${i}`, data: Float64Array.of(i) });
        many.create_attribute(`a${i}`, Float64Array.of(i));
      }
      many.create_attribute("words", ["one", "two"]);
    }, libver);
    const { read, same } = await fuzz(whole, 80, 1000);
    assert.ok(read > 500 && same > 500, `${read} read, ${same} compared`);
  });
}

for (const name of ["SDS_fle_shuf_def.h5", "chunked_shufzip_twoD.h5", "variable_subset_ATL24_data.h5"]) {
  Deno.test({
    name: `damaged copies of ${name} give an error or libhdf5's values`,
    ignore: !hasSharedData,
    async fn() {
      const { same } = await fuzz(new Uint8Array(fs.readFileSync(sharedData(`hdf5/${name}`))), 80, 2000);
      assert.ok(same > 5, `${same} compared`);
    },
  });
}
