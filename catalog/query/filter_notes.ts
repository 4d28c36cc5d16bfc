/** What a filter leaves out without anybody having asked for it. */
import { inputError } from "../../core/errors.ts";
import type { Catalog } from "../file/open_catalog.ts";
import { PlainCatalog } from "../file/plain_catalog.ts";
import { compareText } from "../file/row_order.ts";
import { filterSql, type GranuleFilter, rowTest, whereError } from "./filter.ts";
import { formatNumberOf } from "../../core/units.ts";
import { suggestion } from "../../core/suggest.ts";
import { collectionFits } from "../../products/collection_names.ts";

/** Ids that a note names. */
const MOST_NAMED = 3;

/** Granules that a window of time leaves out because the catalog does not know their time. */
export async function untimedGranules(
  catalog: Catalog | PlainCatalog,
  { start, end, ...others }: GranuleFilter,
): Promise<{ count: number; ids: string[] }> {
  if (start === undefined && end === undefined) return { count: 0, ids: [] };
  const ids = catalog instanceof PlainCatalog
    ? untimedRows(catalog, others)
    : await untimedIds(catalog, others);
  return { count: ids.length, ids: ids.slice(0, MOST_NAMED) };
}

function untimedRows(catalog: PlainCatalog, filter: GranuleFilter): string[] {
  const { id, start_datetime, datetime, end_datetime } = catalog.columns;
  const keeps = rowTest(catalog, filter);
  return id.filter((_, row) =>
    (start_datetime[row] ?? datetime[row] ?? end_datetime[row]) === null && keeps(row)
  )
    .sort(compareText);
}

async function untimedIds(catalog: Catalog, others: GranuleFilter): Promise<string[]> {
  const { sql, values } = await filterSql(catalog, others);
  const found = await catalog.duck.connection.runAndReadAll(
    `SELECT id FROM ${catalog.conditionTable} AS granules
     WHERE coalesce(start_datetime, datetime, end_datetime) IS NULL AND ${sql} ORDER BY id`,
    values,
  ).catch((error) => {
    throw whereError(others, error);
  });
  return found.getRows().map(([id]) => String(id));
}

/** How many granules of a catalog each value of a column has, by value. */
export async function countBy(
  catalog: Catalog | PlainCatalog,
  column: "collection" | "provider",
): Promise<Map<string, number>> {
  if (catalog instanceof PlainCatalog) {
    const found = Map.groupBy(catalog.columns[column], (name) => name);
    return new Map(
      [...found].map(([name, rows]) => [name, rows.length] as const).sort(([a], [b]) => compareText(a, b)),
    );
  }
  const reader = await catalog.duck.connection.runAndReadAll(
    `SELECT ${column}, count(*) FROM ${catalog.table} GROUP BY ${column} ORDER BY ${column}`,
  );
  return new Map(reader.getRows().map(([name, granules]) => [String(name), Number(granules)]));
}

/**
 * Sentences on what the filter leaves out by what it or the catalog does not know; for warnings.
 * @throws GranaryError "input" where no collection or no provider that it names is in the catalog
 */
export async function filterNotes(
  catalog: Catalog | PlainCatalog,
  filter: GranuleFilter,
): Promise<string[]> {
  const notes: string[] = [];
  const named = [
    ["collection", filter.collections, uselessCollection],
    ["provider", filter.providers, uselessProvider],
  ] as const;
  for (const [column, wanted, useless] of named) {
    if (wanted === undefined) continue;
    const names = [...(await countBy(catalog, column)).keys()];
    const faults = wanted.flatMap((one) => useless(one, names) ?? []);
    if (faults.length === wanted.length) throw inputError(`${catalog.name}: ${faults.join("; ")}`);
    notes.push(...faults);
  }
  const untimed = await untimedGranules(catalog, filter);
  if (untimed.count > 0) {
    notes.push(`left out: ${untimedText(untimed)} (${formatNumberOf(untimed.count, "granule")})`);
  }
  return notes;
}

/** That a wanted collection fits none of a catalog's; undefined where it does. */
export function uselessCollection(wanted: string, names: readonly string[]): string | undefined {
  if (names.some((name) => collectionFits(wanted, name))) return undefined;
  const meant = names.find((name) =>
    name.toLowerCase().startsWith(wanted.toLowerCase().replace(/\.?\*$/, ""))
  );
  const advice = meant === undefined ? nearName(wanted, names) : ` (did you mean "${meant}"?)`;
  return `--collection ${wanted} fits none of the catalog's collections, ${listed(names)}${advice}`;
}

function uselessProvider(wanted: string, names: readonly string[]): string | undefined {
  if (names.includes(wanted)) return undefined;
  return `--provider ${wanted} is none of the catalog's providers, ${listed(names)}${
    nearName(wanted, names)
  }`;
}

/** What was likely meant; all names are listed already. */
function nearName(wanted: string, names: readonly string[]): string {
  const advice = suggestion(wanted, names);
  return advice.includes("did you mean") ? advice : "";
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "which has none" : names.join(", ");
}

/** What was left out, without how many. */
export function untimedText({ count, ids }: { count: number; ids: readonly string[] }): string {
  return `granules whose time the catalog does not know, ${ids.join(", ")}${count > ids.length ? ", …" : ""}`;
}
