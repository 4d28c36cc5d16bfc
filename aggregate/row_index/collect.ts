/** Collects the runs that an aggregation meets and writes them as the row index beside its catalog. */
import fs from "node:fs";
import { inputError } from "../../core/errors.ts";
import { type DuckOptions, openDuck } from "../../core/tables/duckdb.ts";
import type { Plan } from "../plan/plan.ts";
import type { IndexedGranule } from "../../catalog/row_index/index_file.ts";
import { duckIndex } from "../../catalog/row_index/duck_index.ts";
import { indexOrder } from "../../catalog/row_index/index_reader.ts";
import type { GroupRuns } from "../../core/observations/row_runs.ts";

class RowIndexCollector {
  #granules: IndexedGranule[] = [];

  constructor(readonly plan: Plan, readonly order: number) {}

  add(granule: number, runs: GroupRuns[]): void {
    const { collection, id, size_bytes, checksum } = this.plan.granules[granule];
    this.#granules.push({ collection, id, size_bytes, checksum, runs });
  }

  /**
   * Writes the index of what was read whole; granules of an index that is there already, of the same
   * order, are kept. Returns the count of granules added.
   */
  async write(file: string, options: DuckOptions): Promise<number> {
    const granules = this.#granules;
    if (granules.length === 0) return 0;
    const keep = await keptIndex(file, this.order, options) ? file : undefined;
    async function* all(): AsyncGenerator<IndexedGranule> {
      yield* granules;
    }
    const { writeRowIndex } = await import("../../catalog/row_index/index_file.ts");
    await writeRowIndex(file, all(), {
      order: this.order,
      keep,
      memoryBytes: options.memoryBytes,
      threads: options.threads,
      scratch: options.scratch,
    });
    return granules.length;
  }
}

async function keptIndex(file: string, order: number, options: DuckOptions): Promise<boolean> {
  if (!fs.existsSync(file)) return false;
  const duck = await openDuck(options);
  try {
    return indexOrder(file, await duckIndex(duck, file).stated()) === order;
  } finally {
    duck.close();
  }
}

/** Collects a row index, where one of an order is asked for and the run can make it. */
export function rowIndexCollector(order: number | undefined, plan: Plan): RowIndexCollector | undefined {
  if (order === undefined) return undefined;
  const { latitude, levels, plane } = plan.store;
  if (plane !== undefined) {
    throw inputError(
      "a run on a projected grid writes no row index: its cells are not HEALPix (leave --write-row-index out)",
    );
  }
  if (latitude !== "authalic") throw inputError("a geodetic run writes no row index: its cells are authalic");
  if (order > levels[0]) {
    throw inputError(`a row index of order ${order} is finer than the run's cells, of order ${levels[0]}`);
  }
  return new RowIndexCollector(plan, order);
}
