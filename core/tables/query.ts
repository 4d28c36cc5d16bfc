/** Small helpers for questions that granary itself asks of DuckDB. */
import type { DuckDBConnection, DuckDBDataChunk, DuckDBResult, DuckDBValue } from "@duckdb/node-api";

export type PlainValue = string | number | bigint | boolean | null;

/** All rows of a query as objects of plain values; 64-bit integers that a number holds become numbers. */
export async function queryRows(
  connection: DuckDBConnection,
  sql: string,
  values: DuckDBValue[] = [],
): Promise<Record<string, PlainValue>[]> {
  const reader = await connection.runAndReadAll(sql, values);
  const names = reader.deduplicatedColumnNames();
  return reader.getRows().map((row) => Object.fromEntries(row.map((value, i) => [names[i], plain(value)])));
}

/** The chunks of a result that is streamed, of which DuckDB makes the next while one is looked at. */
export async function* chunksAhead(result: DuckDBResult): AsyncGenerator<DuckDBDataChunk> {
  const ask = () => {
    const asked = result.fetchChunk();
    // Whoever waits for it learns of a failure.
    asked.catch(() => {});
    return asked;
  };
  let ahead = ask();
  try {
    for (let chunk = await ahead; chunk !== null && chunk.rowCount > 0; chunk = await ahead) {
      ahead = ask();
      yield chunk;
    }
  } finally {
    // The connection is free again when this has come.
    await ahead.catch(() => {});
  }
}

function plain(value: DuckDBValue): PlainValue {
  if (typeof value === "bigint") return smallest(value);
  return value === null || typeof value !== "object" ? value as PlainValue : String(value);
}

/** A bigint as a number where that loses nothing. */
export function smallest(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
