/** The row groups of a catalog's file, each known by the cells in it, wherever it lies in the file. */
import { createHash, type Hash } from "node:crypto";
import fs from "node:fs";
import { sqlString } from "../../core/tables/duckdb.ts";
import type { DuckDBConnection } from "@duckdb/node-api";

export interface RowGroup {
  /** The number of its first row in the file. */
  first: number;
  rows: number;
  /** Of the bytes of its cells: the same cells, row by row, and a group that an update copies keeps it. */
  digest: string;
}

/** In the order of the file. The bytes of all cells are read. */
export async function rowGroupsOf(connection: DuckDBConnection, path: string): Promise<RowGroup[]> {
  const reader = await connection.runAndReadAll(
    `SELECT row_group_id::INTEGER, row_group_num_rows::DOUBLE, concat_ws('|', path_in_schema, type, compression, num_values),
       least(data_page_offset, coalesce(nullif(dictionary_page_offset, 0), data_page_offset))::DOUBLE,
       total_compressed_size::DOUBLE
     FROM parquet_metadata(${sqlString(path)})
     WHERE split_part(path_in_schema, ', ', 1) IN ('cells', 'cell_order') ORDER BY row_group_id, column_id`,
  );
  const groups = new Map<number, { rows: number; hash: Hash }>();
  const fd = fs.openSync(path, "r");
  try {
    for (const row of reader.getRows()) {
      const [group, rows, said, offset, length] = row as [number, number, string, number, number];
      const { hash } = groups.get(group) ??
        groups.set(group, { rows, hash: createHash("sha256") }).get(group)!;
      hash.update(`${rows} ${said} ${length}\n`);
      hashRange(fd, offset, length, hash);
    }
  } finally {
    fs.closeSync(fd);
  }
  let first = 0;
  return [...groups.values()].map(({ rows, hash }) => {
    const group = { first, rows, digest: hash.digest("hex").slice(0, 32) };
    first += rows;
    return group;
  });
}

const BUFFER_BYTES = 1024 * 1024;

/** Adds a range of an open file to a hash, as far as the file has it; nothing of one that ends before it begins. */
export function hashRange(fd: number, offset: number, length: number, hash: Hash): void {
  const buffer = new Uint8Array(Math.max(0, Math.min(length, BUFFER_BYTES)));
  for (let at = 0; at < length;) {
    const count = fs.readSync(fd, buffer, 0, Math.min(buffer.length, length - at), offset + at);
    // A footer that says more than there is: DuckDB fails on it, too.
    if (count === 0) return;
    hash.update(buffer.subarray(0, count));
    at += count;
  }
}

/**
 * The state of a file, which no write to it leaves as it is: its number, size and time of change, which no program can
 * set. Undefined where the system counts such times in whole seconds, within which a file may change twice.
 */
export function stateOf(path: string): string | undefined {
  const { dev, ino, size, ctimeNs } = fs.statSync(path, { bigint: true });
  return ctimeNs % 1_000_000_000n === 0n ? undefined : [dev, ino, size, ctimeNs].join(" ");
}
