/** Which granules of a catalog hold the same observations, by the rule of `duplicates.ts`. */
import { openCatalog } from "../file/open_catalog.ts";
import { type DuplicateColumns, foldDuplicates } from "../duplicates.ts";

/** Of more rows than this, those are looked at that share their bytes, or their start, with another. */
const LOOKED_AT_WHOLE = 100_000;

/** How many, and the first of them in words; null where there are none. */
export async function duplicatesIn(
  file: string,
  options: { signal?: AbortSignal } = {},
): Promise<{ count: number; text: string } | null> {
  const catalog = await openCatalog(file);
  try {
    const { connection } = catalog.duck;
    const columns =
      `id, collection, provider, path, checksum, revision, size_bytes, start_datetime, end_datetime, bbox`;
    const from = await catalog.count() <= LOOKED_AT_WHOLE ? catalog.table : `(
      SELECT * FROM ${catalog.table}
      QUALIFY (checksum IS NOT NULL AND count(*) OVER (PARTITION BY size_bytes, checksum) > 1)
        OR count(*) OVER (PARTITION BY collection, start_datetime) > 1)`;
    const result = await connection.stream(
      `SELECT ${
        columns.replace("start_datetime, end_datetime", "epoch_us(start_datetime), epoch_us(end_datetime)")
      }
       FROM ${from} ORDER BY collection, id`,
    );
    const rows: DuplicateColumns[] = [];
    for await (const chunk of result.yieldRowsJs()) {
      options.signal?.throwIfAborted();
      for (const row of chunk) rows.push(asColumns(row));
    }
    const { left, what } = foldDuplicates(rows);
    return left.size === 0 ? null : { count: left.size, text: what };
  } finally {
    catalog.close();
  }
}

function asColumns(row: readonly unknown[]): DuplicateColumns {
  const [id, collection, provider, path, checksum, revision, size, start, end, bbox] = row;
  const number = (value: unknown) => value === null || value === undefined ? null : Number(value);
  return {
    id: String(id),
    collection: String(collection),
    provider: String(provider),
    path: String(path),
    checksum: checksum as string | null,
    revision: number(revision),
    size_bytes: number(size),
    start_datetime: number(start),
    end_datetime: number(end),
    bbox: bbox as DuplicateColumns["bbox"],
  };
}
