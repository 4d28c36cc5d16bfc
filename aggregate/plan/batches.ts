/** A plan's batches: lists of granules, each a task of scattering. */
import type { GranuleRow } from "../../catalog/granule.ts";
import { JsonBytes } from "../../core/json_bytes.ts";
import type { Keys } from "../../core/keys.ts";

/** A list of granules: the unit of scattering. */
export interface PlannedBatch {
  granules: number[];
  bytes: number;
  key: string;
}

/** A scatter batch is about this much of granule files: minutes of one core, seconds to lose. */
const DEFAULT_BATCH_BYTES = 2e9;

/** A granule whose size no catalog states is taken to be this large. */
const ASSUMED_GRANULE_BYTES = 50e6;

/** What a granule's file is taken to hold. */
export function granuleBytes({ size_bytes }: Pick<GranuleRow, "size_bytes">): number {
  return size_bytes ?? ASSUMED_GRANULE_BYTES;
}

/** Consecutive granules in batches of about equal bytes, so that a batch's reads lie close together; `wanted` of
 * them, or one for every {@linkcode DEFAULT_BATCH_BYTES}; `keyOf` makes the keys. */
export function planBatches(
  granules: readonly GranuleRow[],
  ranks: readonly (readonly number[])[],
  identities: readonly string[],
  keyOf: Keys,
  wanted: number | undefined,
): PlannedBatch[] {
  const sizes = granules.map(granuleBytes);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const count = Math.min(
    granules.length,
    Math.max(1, wanted ?? Math.ceil(total / DEFAULT_BATCH_BYTES)),
  );
  const batches: PlannedBatch[] = [];
  let seen = 0;
  granules.forEach((_, granule) => {
    const remaining = granules.length - granule;
    const wantsNew = batches.length === 0 || seen >= (total * batches.length) / count ||
      remaining <= count - batches.length;
    if (wantsNew && batches.length < count) batches.push({ granules: [], bytes: 0, key: "" });
    const batch = batches[batches.length - 1];
    batch.granules.push(granule);
    batch.bytes += sizes[granule];
    seen += sizes[granule];
  });
  const needed = new JsonBytes();
  for (const batch of batches) {
    needed.clear();
    needed.ascii("[");
    batch.granules.forEach((granule, i) => {
      needed.ascii(`${i === 0 ? "" : ","}[${JSON.stringify(identities[granule])},`);
      needed.wholes(ranks[granule]);
      needed.ascii("]");
    });
    needed.ascii("]");
    batch.key = keyOf(needed.view());
  }
  return batches;
}
