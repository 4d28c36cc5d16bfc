/** Whether a cell index says what its catalog says. */
import type { Catalog } from "../file/open_catalog.ts";
import { cellLists, NO_CELLS_ORDER, type PassOptions } from "./cell_lists.ts";
import type { RowSpan } from "../file/row_spans.ts";
import { pagesEnd } from "./index_parts.ts";
import { hasItsSum } from "./index_sum.ts";
import { DamagedIndexError, indexMetadata, openCellIndex } from "./read_index.ts";

interface IndexFinding {
  level: "error" | "warning";
  message: string;
}

/** What is wrong with the index beside a catalog, each cell once; nothing where there is no index. */
export async function* cellIndexFindings(
  catalog: Catalog,
  options: PassOptions = {},
): AsyncGenerator<IndexFinding> {
  try {
    yield* comparedFindings(catalog, options);
  } catch (error) {
    if (!(error instanceof DamagedIndexError)) throw error;
    yield { level: "error", message: error.message };
  }
}

async function* comparedFindings(catalog: Catalog, options: PassOptions): AsyncGenerator<IndexFinding> {
  if (catalog.cellIndex === undefined) return;
  const { name } = catalog.cellIndex;
  const index = await openCellIndex(catalog);
  const again = "granary catalog index makes it again";
  if (index === undefined) {
    const metadata = await indexMetadata(catalog.duck.connection, catalog.cellIndex.path);
    if (metadata !== undefined && !hasItsSum(catalog.cellIndex.path, pagesEnd(metadata.parts))) {
      yield {
        level: "error",
        message: `${name}: is damaged: its bytes are not those that were written (${again})`,
      };
      return;
    }
    yield { level: "warning", message: `${name}: is no index of this catalog as it is now (${again})` };
    return;
  }
  const unknown = index.unknown.reduce((sum, { rows }) => sum + rows, 0);
  if (unknown > 0) {
    yield {
      level: "warning",
      message: `${name}: does not know ${unknown} of the catalog's ${index.size} rows (${again})`,
    };
  }
  const isKnown = knownBy(index.unknown);
  const lists = await cellLists(catalog, options);
  const wanted = new Map<string, number>();
  for (const { order, cell, list } of lists.entries()) wanted.set(`${order}/${cell}`, list);
  const wrong: string[] = [];
  for (const order of index.orders) {
    await index.cells(order, null, (cell, rows) => {
      const key = `${order}/${cell}`;
      const list = wanted.get(key);
      wanted.delete(key);
      const own = list === undefined ? [] : lists.rowsOf(list).filter(isKnown);
      if (own.length !== rows.length || own.some((row, i) => row !== rows[i])) wrong.push(key);
    }, options.signal);
  }
  for (const [key, list] of wanted) if (lists.rowsOf(list).some(isKnown)) wrong.push(key);
  for (const key of wrong) {
    const what = key.startsWith(`${NO_CELLS_ORDER}/`) ? "the granules without cells" : `cell ${key}`;
    yield { level: "error", message: `${name}: names other rows for ${what} than the catalog (${again})` };
  }
}

function knownBy(unknown: readonly RowSpan[]): (row: number) => boolean {
  if (unknown.length === 0) return () => true;
  return (row) => !unknown.some(({ first, rows }) => row >= first && row < first + rows);
}
