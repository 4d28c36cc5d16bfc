/** The connection of a catalog, which reports damage by the catalog's name wherever it is met. */
import type { DuckDBConnection, DuckDBResult } from "@duckdb/node-api";
import { damageError } from "../../core/tables/reading.ts";

/** Views of the catalog are made when it is opened: a later statement that reads a file reads one beside it. */
const READS_ANOTHER = /\bread_parquet\(/;

export function namedConnection(connection: DuckDBConnection, name: string): DuckDBConnection {
  const reported = async <T>(sql: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw READS_ANOTHER.test(sql) ? error : damageError(name, error);
    }
  };
  const streamed = (sql: string, result: DuckDBResult): DuckDBResult => {
    const fetch = result.fetchChunk.bind(result);
    // Whatever reads rows of a result reads them by this.
    result.fetchChunk = () => reported(sql, fetch);
    return result;
  };
  const own: Pick<DuckDBConnection, "run" | "runAndReadAll" | "stream"> = {
    run: (sql, ...rest) => reported(sql, () => connection.run(sql, ...rest)),
    runAndReadAll: (sql, ...rest) => reported(sql, () => connection.runAndReadAll(sql, ...rest)),
    stream: async (sql, ...rest) => streamed(sql, await reported(sql, () => connection.stream(sql, ...rest))),
  };
  return new Proxy(connection, {
    get(target, key) {
      if (key in own) return own[key as keyof typeof own];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
    // Whoever puts a method of its own in place of one of these calls that one, and not itself.
    set: (target, key, value) => Reflect.set(key in own ? own : target, key, value),
  });
}
