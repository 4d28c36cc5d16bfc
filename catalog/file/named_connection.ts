/** The connection of a catalog, which reports damage by the catalog's name wherever it is met. */
import type { DuckDBConnection, DuckDBResult } from "@duckdb/node-api";
import { damageError } from "../../core/tables/reading.ts";

export function namedConnection(connection: DuckDBConnection, name: string): DuckDBConnection {
  const reported = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw damageError(name, error);
    }
  };
  const streamed = (result: DuckDBResult): DuckDBResult => {
    const fetch = result.fetchChunk.bind(result);
    // Whatever reads rows of a result reads them by this.
    result.fetchChunk = () => reported(fetch);
    return result;
  };
  const own: Pick<DuckDBConnection, "run" | "runAndReadAll" | "stream"> = {
    run: (...given) => reported(() => connection.run(...given)),
    runAndReadAll: (...given) => reported(() => connection.runAndReadAll(...given)),
    stream: async (...given) => streamed(await reported(() => connection.stream(...given))),
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
