/** Files made by libhdf5 for tests of grids, and ways to read them whole. */
import assert from "node:assert/strict";
import type { Source } from "../../../../core/access/source.ts";
import { memorySource } from "../../../../core/access/memory_source.ts";
import { openGrids } from "../../../../core/grids/open_grids.ts";
import type { OpenGridsOptions } from "../../../../core/grids/open_options.ts";
import type { Grid, GridFile, GridValues } from "../../../../core/raster/grid.ts";
import { type Hdf5DatasetWriter, type Hdf5Writer, writeHdf5 } from "../hdf5/write_hdf5.ts";

/** The bytes as a source that counts what is read of them. */
export function countedSource(bytes: Uint8Array): Source & { requests: number; bytesRead: number } {
  const inner = memorySource("made.nc", bytes);
  return {
    ...inner,
    requests: 0,
    bytesRead: 0,
    read(offset, length, signal) {
      this.requests += 1;
      this.bytesRead += length;
      return inner.read(offset, length, signal);
    },
  };
}

export function openBytes(bytes: Uint8Array, options: OpenGridsOptions = {}): Promise<GridFile> {
  return openGrids(memorySource("made.nc", bytes), "made.nc", options);
}

/** The grids of a file that `build` writes. */
export async function madeGrids(
  build: (file: Hdf5Writer) => void,
  options: OpenGridsOptions = {},
): Promise<GridFile> {
  return await openBytes(await writeHdf5(build), options);
}

/** The file's only grid. */
export async function madeGrid(
  build: (file: Hdf5Writer) => void,
  options: OpenGridsOptions = {},
): Promise<Grid> {
  const file = await madeGrids(build, options);
  assert.equal(file.grids.length, 1, file.refused.map(({ name, reason }) => `${name}: ${reason}`).join("\n"));
  return file.grids[0];
}

export async function wholeBands(grid: Grid): Promise<readonly GridValues[]> {
  return (await grid.readWindow({ level: 0, x: 0, y: 0, width: grid.width, height: grid.height })).bands;
}

/** Writes attributes of text and of numbers: integers as int32, others as float64. */
export function attributes(
  of: Hdf5DatasetWriter | Hdf5Writer,
  values: Record<string, string | number | number[]>,
): void {
  for (const [name, value] of Object.entries(values)) of.create_attribute(name, value);
}

/** A coordinate variable. */
export function axis(
  file: Hdf5Writer,
  name: string,
  values: readonly number[],
  about: Record<string, string | number>,
  type: typeof Float32Array | typeof Float64Array = Float64Array,
): void {
  attributes(file.create_dataset({ name, data: new type(values) }), about);
}

/** `count` numbers from `first` on by `step`. */
export function steps(first: number, step: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i * step);
}
