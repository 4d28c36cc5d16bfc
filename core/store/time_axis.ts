/**
 * Coordinates that no shard owns: CF's of the dimension `time` of a store and of its plane, and in a store with windows
 * those along `cells`.
 */
import { compressChunk } from "../zarr/chunk.ts";
import type { StoreSpec } from "./contract.ts";
import { isPlane, levelLayout, ranksOfShard } from "./layout.ts";
import { TIME, TIME_BOUNDS } from "./metadata.ts";
import { type PlacedPlane, planeLevel } from "./plane.ts";
import { COORDINATE_CHUNK, X, Y } from "./plane_metadata.ts";
import { encodeCoarseLevel, ShardWriter } from "./writer.ts";

/** Every such coordinate by key, shard by shard; none of HEALPix cells without windows of time. */
export function* coordinateObjects(spec: StoreSpec): Generator<[string, Uint8Array]> {
  if (spec.time === undefined && !isPlane(spec)) return;
  for (const order of spec.levels) {
    yield* timeObjects(spec, order);
    if (isPlane(spec)) {
      yield* planeObjects(spec, order);
      continue;
    }
    if (order < spec.parentOrder) {
      yield* encodeCoarseLevel(spec, order, [], spec.variables.map(() => new Float64Array(0)));
      continue;
    }
    const { shards } = levelLayout(spec, order);
    for (let shard = 0; shard < shards; shard++) {
      const { first, end } = ranksOfShard(spec, shard);
      if (end > first) yield* new ShardWriter(spec, order, shard).finish();
    }
  }
}

function* timeObjects({ time }: StoreSpec, order: number): Generator<[string, Uint8Array]> {
  if (time === undefined) return;
  const { starts, ends } = time;
  yield [`${order}/${TIME}/c/0`, compressChunk(Float64Array.from(starts))];
  const bounds = Float64Array.from(
    { length: 2 * starts.length },
    (_, i) => (i % 2 === 0 ? starts : ends)[i >> 1],
  );
  yield [`${order}/${TIME_BOUNDS}/c/0/0`, compressChunk(bounds)];
}

/** x and y of the centres of columns and rows. */
function* planeObjects(spec: PlacedPlane, order: number): Generator<[string, Uint8Array]> {
  const { width, height, corner: [x, y], side } = planeLevel(spec, order);
  yield* centreObjects(`${order}/${X}`, width, (i) => x + (i + 0.5) * side);
  yield* centreObjects(`${order}/${Y}`, height, (i) => y - (i + 0.5) * side);
}

function* centreObjects(
  array: string,
  length: number,
  centre: (index: number) => number,
): Generator<[string, Uint8Array]> {
  const size = Math.min(length, COORDINATE_CHUNK);
  for (let from = 0; from < length; from += size) {
    const values = Float64Array.from({ length: size }, (_, i) => from + i < length ? centre(from + i) : NaN);
    yield [`${array}/c/${from / size}`, compressChunk(values)];
  }
}
