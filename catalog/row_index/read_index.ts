/** Asks a row index which rows of which granules lie in a run's parents. */
import fs from "node:fs";
import { inputError } from "../../core/errors.ts";
import type { GranuleRow } from "../granule.ts";
import { type Duck, sqlString } from "../../core/tables/duckdb.ts";
import { reading } from "../../core/tables/reading.ts";
import { ROWS_KEY } from "../schema.ts";
import { HEAD_CELL, ROWS_FORMAT } from "./index_format.ts";
import type { GroupRuns } from "../../core/observations/row_runs.ts";

/** The runs of one granule in the parents of a run, by group. */
type GranuleRuns = Map<string, GroupRuns>;

interface FoundRows {
  /** The order of the index's cells. */
  order: number;
  /** One a granule: its runs, or null where the index does not know it or knows another file of its name. */
  granules: (GranuleRuns | null)[];
  /** The size of each granule's file when it was indexed, as far as it is known. */
  sizes: (number | null)[];
  /** Granules that the index knows with another size or checksum. */
  stale: number;
}

/** More runs than this are not worth their memory: the run reads all rows instead. */
const MOST_RUNS = 20_000_000;

/** Parents in a row become one range, so that a region is a few comparisons. */
const MOST_RANGES = 2000;

/**
 * The runs of `granules` in `parents` (nested ids at `parentOrder`, ascending), each group's by row.
 * "coarse" where the index is coarser than the parents and says nothing about them, "large" where it has
 * too many runs to be of use. `duck` may read the file.
 */
export async function findRows(
  file: string,
  parents: readonly number[],
  parentOrder: number,
  granules: readonly GranuleRow[],
  duck: Duck,
): Promise<FoundRows | "coarse" | "large"> {
  const order = await indexOrder(duck, file);
  if (order < parentOrder) return "coarse";
  const numbers = new Map(granules.map((row, i) => [`${row.collection}\n${row.id}`, i]));
  const found: FoundRows = {
    order,
    granules: granules.map(() => null),
    sizes: granules.map(() => null),
    stale: 0,
  };
  const known = await reading(file, () => knownGranules(duck, file));
  known.forEach(({ sizeBytes, checksum }, key) => {
    const number = numbers.get(key);
    if (number === undefined) return;
    const row = granules[number];
    found.sizes[number] = sizeBytes;
    const sameSize = row.size_bytes === null || sizeBytes === null || row.size_bytes === sizeBytes;
    const sameSum = row.checksum === null || checksum === null || row.checksum === checksum;
    if (sameSize && sameSum) found.granules[number] = new Map();
    else found.stale += 1;
  });
  const depth = order - parentOrder;
  const fits = await reading(file, () => collectRuns(duck, file, parents, depth, numbers, found));
  return fits ? found : "large";
}

export async function indexOrder(duck: Duck, file: string): Promise<number> {
  if (!fs.existsSync(file)) throw inputError(`${file}: there is no such row index`);
  const reader = await duck.connection.runAndReadAll(
    `SELECT decode(value) FROM parquet_kv_metadata(${sqlString(file)}) WHERE decode(key) = '${ROWS_KEY}'`,
  ).catch((error: unknown) => {
    throw inputError(`${file}: not a Parquet file (${(error as Error).message.split("\n")[0]})`);
  });
  const text = reader.getRows()[0]?.[0];
  if (typeof text !== "string") {
    throw inputError(`${file}: not a row index of granary (make one with granary catalog build --row-index)`);
  }
  const { format, order } = JSON.parse(text) as { format: number; order: number };
  if (format !== ROWS_FORMAT) {
    throw inputError(
      `${file}: row index of format ${format}, this granary reads ${ROWS_FORMAT} (make it again)`,
    );
  }
  return order;
}

/** The granules that the index has, by their head rows. */
async function knownGranules(
  duck: Duck,
  file: string,
): Promise<Map<string, { sizeBytes: number | null; checksum: string | null }>> {
  const reader = await duck.connection.runAndReadAll(
    `SELECT collection, id, size_bytes, checksum
     FROM read_parquet(${sqlString(file)}) WHERE cell = ${HEAD_CELL}`,
  );
  return new Map(
    reader.getRows().map(([collection, id, size, checksum]) => [
      `${collection}\n${id}`,
      {
        sizeBytes: size === null ? null : Number(size),
        checksum: checksum === null ? null : String(checksum),
      },
    ]),
  );
}

async function collectRuns(
  duck: Duck,
  file: string,
  parents: readonly number[],
  depth: number,
  numbers: ReadonlyMap<string, number>,
  found: FoundRows,
): Promise<boolean> {
  const ranges = rangesOf(parents, 4 ** depth);
  // Of alternatives alone DuckDB reads every row group, of one range those that it touches.
  const hull = `cell BETWEEN ${ranges[0].from} AND ${ranges.at(-1)!.to}`;
  const condition = ranges.length > MOST_RANGES
    ? hull
    : `${hull} AND (${ranges.map(({ from, to }) => `cell BETWEEN ${from} AND ${to}`).join(" OR ")})`;
  const result = await duck.connection.stream(
    `SELECT collection, id, "group", cell::DOUBLE, first_row, rows
     FROM read_parquet(${sqlString(file)}) WHERE ${condition}`,
  );
  const wanted = new Set(parents);
  let count = 0;
  const lists = new Map<number, Map<string, { cell: number[]; first: number[]; rows: number[] }>>();
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    count += chunk.rowCount;
    if (count > MOST_RUNS) return false;
    const vectors = Array.from({ length: 6 }, (_, c) => chunk.getColumnVector(c));
    for (let i = 0; i < chunk.rowCount; i++) {
      const cell = vectors[3].getItem(i) as number;
      const number = numbers.get(`${vectors[0].getItem(i)}\n${vectors[1].getItem(i)}`);
      if (number === undefined || found.granules[number] === null) continue;
      if (ranges.length > MOST_RANGES && !wanted.has(Math.floor(cell / 4 ** depth))) continue;
      const groups = lists.get(number) ?? new Map();
      lists.set(number, groups);
      const group = String(vectors[2].getItem(i));
      const runs = groups.get(group) ?? { cell: [], first: [], rows: [] };
      groups.set(group, runs);
      runs.cell.push(cell);
      runs.first.push(vectors[4].getItem(i) as number);
      runs.rows.push(vectors[5].getItem(i) as number);
    }
  }
  for (const [number, groups] of lists) {
    for (const [group, { cell, first, rows }] of groups) {
      const byRow = Uint32Array.from(first.keys()).sort((a, b) => first[a] - first[b]);
      found.granules[number]!.set(group, {
        group,
        cell: Float64Array.from(byRow, (i) => cell[i]),
        first: Uint32Array.from(byRow, (i) => first[i]),
        rows: Uint32Array.from(byRow, (i) => rows[i]),
      });
    }
  }
  return true;
}

function rangesOf(parents: readonly number[], children: number): { from: number; to: number }[] {
  const ranges: { from: number; to: number }[] = [];
  for (const parent of parents) {
    const from = parent * children, to = from + children - 1;
    const last = ranges.at(-1);
    if (last !== undefined && last.to + 1 === from) last.to = to;
    else ranges.push({ from, to });
  }
  return ranges;
}
