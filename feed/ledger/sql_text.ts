/** Text of statements that take many rows. */
import type { SqlRow, SqlValue, Statements } from "./engine.ts";

/** Parameters of one statement; both databases take more. */
const MOST_PARAMETERS = 6000;

/** `($1, $2), ($3, $4)` for `rows` rows of `columns` values, counted from `first`. */
function rowPlaces(rows: number, columns: number, first = 1): string {
  const one = (row: number) =>
    `(${Array.from({ length: columns }, (_, column) => `$${first + row * columns + column}`).join(", ")})`;
  return Array.from({ length: rows }, (_, row) => one(row)).join(", ");
}

/** Inserts rows by as few statements as may be and gives what they return. `tail` follows the values. */
export async function insertRows(
  sql: Statements,
  table: string,
  columns: readonly string[],
  rows: readonly (readonly SqlValue[])[],
  tail: string,
): Promise<SqlRow[]> {
  const returned: SqlRow[] = [];
  // Full statements are alike, so that the database prepares one of them.
  const most = Math.floor(MOST_PARAMETERS / columns.length);
  for (let at = 0; at < rows.length; at += most) {
    const some = rows.slice(at, at + most);
    const text = `INSERT INTO ${table} (${columns.join(", ")}) VALUES ${
      rowPlaces(some.length, columns.length)
    } ${tail}`;
    for (const row of await sql.all(text, some.flat())) returned.push(row);
  }
  return returned;
}

/** `$3, $4, $5` for `count` values from `first`. */
export function places(count: number, first = 1): string {
  return Array.from({ length: count }, (_, index) => `$${first + index}`).join(", ");
}
