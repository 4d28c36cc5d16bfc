/** What a granule's conversion depends on: the granule as its source has it, and the dataset's words. */
import type { GranuleRow } from "../../catalog/granule.ts";
import { keyOf } from "../../core/keys.ts";
import type { Dataset } from "../dataset.ts";
import { PUBLISH_VERSION } from "../version.ts";

/** The name of a granule's documents in the run directory: the same for all its revisions. */
export function recordName({ collection, id }: Pick<GranuleRow, "collection" | "id">): string {
  return keyOf([collection, id]).slice(0, 24);
}

/**
 * A revision of a granule, wherever it is read from. Where a source states neither revision nor checksum,
 * the ETag or the time of change of its file stands in.
 */
export function identityKey(row: GranuleRow): string {
  const { etag, last_modified } = row.properties as { etag?: unknown; last_modified?: unknown };
  return keyOf([
    row.collection,
    row.id,
    row.revision,
    row.size_bytes,
    row.checksum,
    row.revision === null && row.checksum === null ? etag ?? last_modified ?? null : null,
    row.assets.map(({ key, size_bytes, checksum }) => [key, size_bytes, checksum]),
  ]);
}

/** The part of a dataset that decides files and items; where they go is no part of it. */
export function configKey(dataset: Dataset): string {
  const { name, convert, time, collection } = dataset;
  return keyOf([PUBLISH_VERSION, name, convert, time, collection.itemProperties]);
}

/** A target, by which what it received is remembered; a changed one gets everything again. */
export function targetKey(dataset: Dataset, index: number): string {
  const { kind, to, stac } = dataset.targets[index];
  return keyOf([dataset.name, kind, to, stac, dataset.output, dataset.href]).slice(0, 16);
}
