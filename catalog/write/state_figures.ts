/** Footers of large catalogs say what the files hold, which is otherwise counted by reading them. */
import { type Duck, sqlString } from "../../core/tables/duckdb.ts";
import { addKeys, bytesBeforeMetadata } from "../../core/tables/parquet_row_groups.ts";
import { countFigures, type StatedFigures } from "../file/figures.ts";
import { FIGURES_KEY, ROW_GROUP_ROWS } from "../schema.ts";

/** With more collections and bases than this a footer would be long. */
const MOST_LINES = 1000;

/** Adds the figures of a catalog's file, of `rows` rows, to its footer. Small files are counted as soon as read. */
export async function stateFigures({ connection }: Duck, file: string, rows: number): Promise<void> {
  if (rows <= ROW_GROUP_ROWS) return;
  const table = `read_parquet(${sqlString(file)})`;
  const figures = await countFigures({ connection, table, paths: [file] });
  if (figures.collections.length + figures.bases.length > MOST_LINES) return;
  // More bytes than a number holds are counted by who asks.
  if (figures.collections.some(({ size_bytes }) => typeof size_bytes === "bigint")) return;
  const stated: StatedFigures = { data_bytes: bytesBeforeMetadata(file), ...figures };
  addKeys(file, new Map([[FIGURES_KEY, JSON.stringify(stated)]]));
}
