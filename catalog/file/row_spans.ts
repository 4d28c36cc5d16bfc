/** Rows of a catalog that follow each other, by their numbers in its file. */
export interface RowSpan {
  first: number;
  rows: number;
}

/** Rows that lie further apart than this are worth a span more. */
const FAR_ROWS = 8192;

/** At most `most` spans that together hold all of the rows, which ascend, and leave out the widest gaps between them. */
export function spansAround(rows: Float64Array, most: number): RowSpan[] {
  const gaps: number[] = [];
  for (let i = 1; i < rows.length; i++) if (rows[i] - rows[i - 1] > FAR_ROWS) gaps.push(i);
  const widest = gaps.sort((a, b) => rows[b] - rows[b - 1] - (rows[a] - rows[a - 1])).slice(0, most - 1);
  const begins = rows.length === 0 ? [] : [0, ...widest.sort((a, b) => a - b)];
  return begins.map((begin, i) => {
    const end = begins[i + 1] ?? rows.length;
    return { first: rows[begin], rows: rows[end - 1] - rows[begin] + 1 };
  });
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
