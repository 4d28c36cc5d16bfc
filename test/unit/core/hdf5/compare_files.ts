/** Compares two open HDF5 files, object by object. */
import assert from "node:assert/strict";
import type { Hdf5File, Hdf5Values } from "../../../../core/hdf5/contract.ts";

export interface Comparison {
  /** Datasets whose every byte is equal. */
  equal: number;
  /** Datasets of other types than numbers. */
  other: number;
  attributes: number;
  /** Datasets that the first file's reader refuses, with its words. */
  refused: Record<string, string>;
}

/** The bytes of a typed array. */
export function bytesOf(values: Hdf5Values): Uint8Array {
  return new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
}

/** Every element of every number dataset, by path. */
export function* numberDatasets(file: Hdf5File, path = ""): Generator<[string, Hdf5Values]> {
  for (const name of file.list(path || "/") ?? []) {
    const dataset = file.dataset(`${path}/${name}`);
    if (!dataset) yield* numberDatasets(file, `${path}/${name}`);
    else if (/^[<>|][iuf]/.test(dataset.dtype)) {
      yield [dataset.path, dataset.read(0, dataset.shape.length === 0 ? 1 : dataset.shape[0])];
    }
  }
}

/**
 * Asserts that names, shapes, types and bytes are equal; if `thorough`, attributes and parts of datasets too
 * (many files of one product repeat them).
 */
export function compareFiles(found: Hdf5File, wanted: Hdf5File, thorough = true): Comparison {
  const comparison: Comparison = { equal: 0, other: 0, attributes: 0, refused: {} };
  const compareAttributes = (path: string): void => {
    if (!thorough) return;
    const b = wanted.attributes(path);
    assert.deepEqual(found.attributes(path), b, `attributes of ${path}`);
    comparison.attributes += Object.keys(b ?? {}).length;
  };
  const walk = (group: string): void => {
    compareAttributes(group || "/");
    const names = wanted.list(group || "/");
    assert.deepEqual(found.list(group || "/"), names, group);
    for (const name of names ?? []) {
      const path = `${group}/${name}`;
      const b = wanted.dataset(path);
      let a;
      try {
        a = found.dataset(path);
      } catch (error) {
        comparison.refused[path] = (error as Error).message;
        continue;
      }
      assert.equal(a === undefined, b === undefined, path);
      if (!a || !b) {
        walk(path);
        continue;
      }
      compareAttributes(path);
      assert.deepEqual(
        [a.shape, a.dtype, a.chunks, a.filters],
        [b.shape, b.dtype, b.chunks, b.filters],
        path,
      );
      if (!/^[<>|][iuf]/.test(b.dtype)) {
        comparison.other += 1;
        continue;
      }
      const rows = b.shape.length === 0 ? 1 : b.shape[0];
      const whole = b.read(0, rows);
      let again;
      try {
        again = a.read(0, rows);
      } catch (error) {
        comparison.refused[path] = (error as Error).message;
        continue;
      }
      assert.equal(again.constructor, whole.constructor, path);
      assert.ok(Buffer.from(bytesOf(again)).equals(bytesOf(whole)), `bytes of ${path}`);
      if (thorough && rows >= 3) {
        const width = whole.length / rows;
        assert.deepEqual(a.read(1, rows - 2), whole.slice(width, whole.length - width), `rows of ${path}`);
      }
      comparison.equal += 1;
    }
  };
  walk("");
  return comparison;
}
