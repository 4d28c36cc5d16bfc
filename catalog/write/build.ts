/** Builds a catalog of rows from anywhere, from nothing or onto one that is there. */
import type { DuckOptions } from "../../core/tables/duckdb.ts";
import type { GranuleRow } from "../granule.ts";
import { openCatalog } from "../file/open_catalog.ts";
import type { CatalogQuery } from "../schema.ts";
import { writeCatalog, type WriteResult } from "./write.ts";

export interface BuildOptions extends DuckOptions {
  rows: AsyncIterable<GranuleRow> | Iterable<GranuleRow>;
  output: string;
  cellOrder: number;
  /** What fed the catalog; a function is called after the last row. */
  queries: readonly CatalogQuery[] | (() => readonly CatalogQuery[]);
  /** A catalog whose rows come first; new rows replace them by revision, or when equally new. */
  onto?: string | undefined;
  /** Rows of that catalog to leave out. */
  removed?: ((row: GranuleRow) => boolean) | undefined;
  signal?: AbortSignal | undefined;
  /** Called with the count of rows so far. */
  onRows?: ((rows: number) => void) | undefined;
}

export interface BuildResult extends WriteResult {
  /** Rows of the former catalog that were left out. */
  removed: number;
}

/** Writes the catalog. It appears whole, or the former one stays. */
export async function buildCatalog(options: BuildOptions): Promise<BuildResult> {
  const { onto } = options;
  if (onto === undefined) return { ...await writeCatalog(options.output, options.rows, options), removed: 0 };
  const former = await openCatalog(onto, options);
  let removed = 0;
  async function* both(): AsyncGenerator<GranuleRow> {
    for await (const { rows } of former.rows()) {
      for (const row of rows) {
        if (options.removed?.(row)) removed += 1;
        else yield row;
      }
    }
    yield* options.rows;
  }
  const fed = () => {
    const { queries } = options;
    return [...former.metadata.queries, ...typeof queries === "function" ? queries() : queries];
  };
  try {
    const result = await writeCatalog(options.output, both(), { ...options, queries: fed });
    return { ...result, removed };
  } finally {
    former.close();
  }
}
