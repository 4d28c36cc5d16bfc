/**
 * A program of the least size that does what only a compiled binary can get wrong: DuckDB from embedded
 * files, and a worker by a relative URL. Prints one JSON line.
 */
import { DuckDBInstance } from "@duckdb/node-api";
import { askWorker } from "./asker.ts";

const instance = await DuckDBInstance.create(":memory:");
const connection = await instance.connect();
const [[version]] = (await connection.runAndReadAll("select version()")).getRows() as [[string]];
connection.closeSync();
instance.closeSync();
console.log(JSON.stringify({ duckdb: version, worker: await askWorker(20) }));
