/** Whether what a run made of its shards is still there. */
import type { RunDirectory } from "../run_directory/run_directory.ts";
import type { ShardRecord } from "../run_directory/shard_records.ts";
import { wholeValues } from "../run_directory/shard_values.ts";
import type { StorePlace } from "./store_place.ts";

/** Tells of records whether objects in the store and values in the run directory are as they say. */
export async function wholeShards(
  directory: RunDirectory,
  place: StorePlace,
): Promise<(record: ShardRecord) => boolean> {
  const hasObjects = place.wholeShards(), hasValues = await wholeValues(directory);
  return (record) => hasObjects(record) && hasValues(record);
}
