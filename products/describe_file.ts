/** What an HDF5 file holds, as plain data for people and programs. */
import type { Hdf5File, Hdf5Scalar } from "../core/hdf5/contract.ts";
import { granuleFacts } from "./granule_facts.ts";

export interface Hdf5Description {
  file: string;
  size_bytes: number;
  collection: string | null;
  /** ISO 8601, UTC. */
  start_datetime: string | null;
  end_datetime: string | null;
  groups: { path: string; attributes: Attributes }[];
  datasets: DatasetDescription[];
}

interface DatasetDescription {
  path: string;
  shape: number[];
  dtype: string;
  chunks: number[] | null;
  filters: string[];
  /** Null where the reader cannot tell. */
  stored_bytes: number | null;
  attributes: Attributes;
}

type Attributes = Record<string, Hdf5Scalar | Hdf5Scalar[]>;

/** Paths longer than this can only come from links that form a circle. */
const MOST_DEPTH = 32;

/** Objects described; a file with more is no granule. */
const MOST_OBJECTS = 100_000;

/** Describes every group and dataset, groups before what is in them, in name order. */
export function describeHdf5(file: Hdf5File, sizeBytes: number): Hdf5Description {
  const { collection, start, end } = granuleFacts(file);
  const description: Hdf5Description = {
    file: file.name,
    size_bytes: sizeBytes,
    collection,
    start_datetime: start === null ? null : new Date(start).toISOString(),
    end_datetime: end === null ? null : new Date(end).toISOString(),
    groups: [],
    datasets: [],
  };
  const walk = (group: string, depth: number): void => {
    description.groups.push({ path: group || "/", attributes: file.attributes(group || "/") ?? {} });
    for (const name of file.list(group || "/") ?? []) {
      if (description.groups.length + description.datasets.length >= MOST_OBJECTS) return;
      const path = `${group}/${name}`;
      const dataset = file.dataset(path);
      if (dataset !== undefined) {
        description.datasets.push({
          path,
          shape: [...dataset.shape],
          dtype: dataset.dtype,
          chunks: dataset.chunks && [...dataset.chunks],
          filters: [...dataset.filters],
          stored_bytes: Number.isFinite(dataset.storedBytes) ? dataset.storedBytes : null,
          attributes: dataset.attributes(),
        });
      } else if (depth < MOST_DEPTH && file.list(path) !== undefined) walk(path, depth + 1);
    }
  };
  walk("", 0);
  return description;
}
