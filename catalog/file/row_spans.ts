/** Rows of a catalog that follow each other, by their numbers in its file. */
export interface RowSpan {
  first: number;
  rows: number;
}

/** The condition that a row is in one of the spans. For one span DuckDB reads no other row groups, for several it may. */
export function spansSql(spans: readonly RowSpan[]): string {
  return spans.length === 0
    ? "false"
    : `(${
      spans.map(({ first, rows }) => `file_row_number BETWEEN ${first} AND ${first + rows - 1}`).join(" OR ")
    })`;
}

/** Whether two spans have a row in common. */
export function meets(one: RowSpan, other: RowSpan): boolean {
  return one.first < other.first + other.rows && other.first < one.first + one.rows;
}
