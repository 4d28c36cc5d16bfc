/** What a store is, for people and programs: levels, arrays, chunks, sizes on disk, how full it is. */
import type { GranaryStore } from "./open.ts";
import { cellsIn, type StoreArray, type StoreLevel } from "./levels.ts";

/** One array of a level. */
interface ArrayDescription {
  name: string;
  dtype: string;
  shape: number[];
  /** Cells a shard; null where the array has none. */
  shard: number | null;
  chunk: number;
  codecs: string[];
  fill_value: unknown;
  objects: number;
  bytes: number;
  /** Stored bytes over those of all elements unpacked. */
  ratio: number | null;
  attributes: Record<string, unknown>;
}

export interface LevelDescription {
  order: number;
  latitude: string;
  /** What the cells are, in words. */
  grid: string;
  cells: number;
  /** Cells that have a value of `counted_by`; null where counting would read too much. */
  cells_with_data: number | null;
  counted_by: string | null;
  bytes: number;
  /** Windows of time, and where the first begins and the last ends; null where the level has none. */
  time: { windows: number; start: string; end: string } | null;
  arrays: ArrayDescription[];
}

export interface StoreDescription {
  store: string;
  objects: number;
  bytes: number;
  provenance: Readonly<Record<string, unknown>> | null;
  levels: LevelDescription[];
}

/** A variable stored in more bytes than this is not read to count its cells. */
const MAX_COUNTED_BYTES = 256e6;

const ELEMENT_BYTES: Readonly<Record<string, number>> = {
  bool: 1,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  float16: 2,
  int32: 4,
  uint32: 4,
  float32: 4,
  int64: 8,
  uint64: 8,
  float64: 8,
};

/** Describes an opened store: lists its objects, and reads one variable a level to count its cells. */
export async function describeStore(store: GranaryStore, signal?: AbortSignal): Promise<StoreDescription> {
  const sizes = await store.reader.sizes("");
  const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const levels: LevelDescription[] = [];
  for (const level of store.levels) levels.push(await describeLevel(store, level, sizes, signal));
  return { store: store.name, objects: sizes.size, bytes, provenance: store.provenance, levels };
}

async function describeLevel(
  store: GranaryStore,
  level: StoreLevel,
  sizes: ReadonlyMap<string, number>,
  signal?: AbortSignal,
): Promise<LevelDescription> {
  const windows = await store.windows(level.order);
  const steps = windows === null ? 1 : windows.starts.length;
  // Ids of a plane are in no array.
  const stored = [...level.plane === null ? [level.coordinate] : [], ...level.variables];
  const arrays = stored.map((array) => describeArray(array, sizes, steps));
  // `count` says which cells have observations; else the variable that costs least to read.
  const counted = arrays.filter(({ name }) => name !== "morton" && name !== level.coordinate.name)
    .sort((a, b) => Number(b.name === "count") - Number(a.name === "count") || a.bytes - b.bytes)[0];
  let withData: number | null = null;
  // Cells of each window are another number.
  if (counted !== undefined && windows === null && counted.bytes <= MAX_COUNTED_BYTES) {
    withData = 0;
    for await (const part of store.cells(counted.name, level.order)) {
      signal?.throwIfAborted();
      withData += part.ids.length;
    }
  }
  return {
    order: level.order,
    latitude: level.latitude,
    grid: level.cells.name,
    cells: cellsIn(level),
    cells_with_data: withData,
    counted_by: withData === null ? null : counted.name,
    bytes: arrays.reduce((sum, array) => sum + array.bytes, 0),
    time: windows === null ? null : {
      windows: steps,
      start: timeText(windows.starts[0]),
      end: timeText(windows.ends[steps - 1]),
    },
    arrays,
  };
}

/** Seconds since 1970 as a time of ISO 8601; empty for what is none. */
function timeText(seconds: number | undefined): string {
  return seconds !== undefined && Math.abs(seconds) < 8.64e12 ? new Date(seconds * 1000).toISOString() : "";
}

function describeArray(
  array: StoreArray,
  sizes: ReadonlyMap<string, number>,
  steps: number,
): ArrayDescription {
  let objects = 0, bytes = 0;
  for (const [key, size] of sizes) {
    if (!key.startsWith(`${array.path}/`) || key.endsWith("/zarr.json")) continue;
    objects += 1;
    bytes += size;
  }
  const { plane } = array;
  const shape = plane === undefined ? array.shape : [plane.height, plane.width];
  const cells = shape.reduce((product, size) => product * size, 1);
  const unpacked = (array.timed ? steps : 1) * cells * (ELEMENT_BYTES[array.dtype] ?? NaN);
  return {
    name: array.name,
    dtype: array.dtype,
    shape: array.timed ? [steps, ...shape] : shape,
    shard: array.innerChunk === null ? null : array.chunk[0],
    chunk: (array.innerChunk ?? array.chunk)[0],
    codecs: array.codecs,
    fill_value: array.fillValue,
    objects,
    bytes,
    ratio: Number.isFinite(unpacked) && unpacked > 0 ? bytes / unpacked : null,
    attributes: array.attributes,
  };
}
