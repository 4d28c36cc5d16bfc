/**
 * The dimension `time` of a store: CF coordinate and bounds of its windows, and the coordinates along `cells`,
 * which no window owns.
 */
import { compressChunk } from "../zarr/chunk.ts";
import type { StoreSpec } from "./contract.ts";
import { levelLayout, ranksOfShard } from "./layout.ts";
import { TIME, TIME_BOUNDS } from "./metadata.ts";
import { encodeCoarseLevel, ShardWriter } from "./writer.ts";

/** Every coordinate of a store with windows of time, by key, shard by shard. */
export function* coordinateObjects(spec: StoreSpec): Generator<[string, Uint8Array]> {
  for (const order of spec.levels) {
    yield* timeObjects(spec, order);
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
