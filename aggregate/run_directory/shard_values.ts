/** Values that exact quantiles of levels above the parents are of: float64, little-endian, an object a shard and digest. */
import type { RunDirectory } from "./run_directory.ts";
import type { ShardRecord } from "./shard_records.ts";

export const VALUES = "values/";

/** Named for what the shard's objects are made under, so that a shard that is made again leaves them alone. */
export function valuesKey(shard: number, key: string, digest: number): string {
  return `${VALUES}${shard}.${key.slice(0, 16)}.${digest}`;
}

/** Whether the values of shards are there, in the number that their records say. */
export async function wholeValues(
  directory: RunDirectory,
): Promise<(record: Pick<ShardRecord, "values">) => boolean> {
  const sizes = await directory.target.sizes(VALUES);
  return ({ values }) =>
    (values ?? []).every(({ key, counts }) =>
      sizes.get(key) === 8 * counts.reduce((sum, count) => sum + count, 0)
    );
}

/** Removes values of shards that were made again since. */
export async function dropStaleValues(
  directory: RunDirectory,
  records: readonly Pick<ShardRecord, "values">[],
): Promise<void> {
  const used = new Set(records.flatMap(({ values }) => (values ?? []).map(({ key }) => key)));
  for (const key of await directory.target.list(VALUES)) {
    if (!used.has(key)) await directory.target.delete(key);
  }
}
