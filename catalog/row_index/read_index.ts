/** Asks a row index which rows of which granules lie in a run's parents. */
import type { GranuleRow } from "../granule.ts";
import type { Duck } from "../../core/tables/duckdb.ts";
import { reading } from "../../core/tables/reading.ts";
import { duckIndex } from "./duck_index.ts";
import { type CellRange, indexOrder, type IndexReader } from "./index_reader.ts";
import { plainly } from "./plain_index.ts";
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
 * too many runs to be of use. `duck`, which may read the file, is asked for where the file has to be read by one.
 */
export async function findRows(
  file: string,
  parents: readonly number[],
  parentOrder: number,
  granules: readonly GranuleRow[],
  duck: () => Promise<Duck>,
): Promise<FoundRows | "coarse" | "large"> {
  const found = (index: IndexReader) => findRowsIn(index, file, parents, parentOrder, granules);
  return await plainly(file, found) ?? await found(duckIndex(await duck(), file));
}

async function findRowsIn(
  index: IndexReader,
  file: string,
  parents: readonly number[],
  parentOrder: number,
  granules: readonly GranuleRow[],
): Promise<FoundRows | "coarse" | "large"> {
  const order = indexOrder(file, await index.stated());
  if (order < parentOrder) return "coarse";
  const numbers = new Map(granules.map((row, i) => [`${row.collection}\n${row.id}`, i]));
  const found: FoundRows = {
    order,
    granules: granules.map(() => null),
    sizes: granules.map(() => null),
    stale: 0,
  };
  const known = await reading(file, () => index.heads());
  // The last one counts, where a granule has several.
  new Map(known.map((head) => [head.granule, head])).forEach(({ sizeBytes, checksum }, key) => {
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
  const fits = await reading(file, () => collectRuns(index, parents, depth, numbers, found));
  return fits ? found : "large";
}

async function collectRuns(
  index: IndexReader,
  parents: readonly number[],
  depth: number,
  numbers: ReadonlyMap<string, number>,
  found: FoundRows,
): Promise<boolean> {
  const ranges = rangesOf(parents, 4 ** depth);
  const hull = { from: ranges[0].from, to: ranges.at(-1)!.to };
  const wanted = new Set(parents);
  let count = 0;
  const lists = new Map<number, Map<string, { cell: number[]; first: number[]; rows: number[] }>>();
  for await (const chunk of index.runs(hull, ranges.length > MOST_RANGES ? null : ranges)) {
    count += chunk.length;
    if (count > MOST_RUNS) return false;
    for (let i = 0; i < chunk.length; i++) {
      const cell = chunk.cell(i);
      const number = numbers.get(chunk.granule(i));
      if (number === undefined || found.granules[number] === null) continue;
      if (ranges.length > MOST_RANGES && !wanted.has(Math.floor(cell / 4 ** depth))) continue;
      const groups = lists.get(number) ?? new Map();
      lists.set(number, groups);
      const group = chunk.group(i);
      const runs = groups.get(group) ?? { cell: [], first: [], rows: [] };
      groups.set(group, runs);
      runs.cell.push(cell);
      runs.first.push(chunk.first(i));
      runs.rows.push(chunk.rows(i));
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

function rangesOf(parents: readonly number[], children: number): CellRange[] {
  const ranges: CellRange[] = [];
  for (const parent of parents) {
    const from = parent * children, to = from + children - 1;
    const last = ranges.at(-1);
    if (last !== undefined && last.to + 1 === from) last.to = to;
    else ranges.push({ from, to });
  }
  return ranges;
}
