/** Rows of a query in the format that was asked for. */
import type { Queried } from "../../catalog/query/queried.ts";
import type { SqlFormat } from "../../catalog/query/sql.ts";
import { inputError } from "../../core/errors.ts";
import { formatCount } from "../../core/units.ts";
import type { CliContext } from "../io/context.ts";

export async function printSql(
  opened: Queried,
  query: string,
  format: SqlFormat,
  context: CliContext,
): Promise<void> {
  const { formatSql, tableOf, TABLE_ROWS } = await import("../../catalog/query/sql.ts");
  if (format === "table") {
    const { tableCell } = await import("../../core/tables/result_text.ts");
    const { columns, rows, more } = await tableOf(opened, query);
    context.out.table(columns, rows.map((row) => row.map(tableCell)));
    if (more) {
      context.log.warn(`only the first ${formatCount(TABLE_ROWS)} rows are shown; --format csv gives all`);
    }
    return;
  }
  const binary = format === "arrow" || format === "parquet";
  if (binary && context.out.isTerminal) {
    throw inputError(`${format} is not for a terminal (write it to a file: > rows.${format})`);
  }
  for await (const chunk of formatSql(opened, query, format)) {
    context.signal.throwIfAborted();
    context.out.write(chunk);
  }
}
