/**
 * A program of the least size that does what only a compiled binary can get wrong: DuckDB from embedded
 * files, a worker by a relative URL, and output that all arrives. Prints one JSON line, or as many bytes
 * as its first argument says.
 */
import process from "node:process";
import { DuckDBInstance } from "@duckdb/node-api";
import { BrokenPipe } from "../../../cli/io/descriptor.ts";
import { createOutput } from "../../../cli/io/output.ts";
import { askWorker } from "./asker.ts";

const out = createOutput();
if (process.argv[2] !== undefined) {
  try {
    out.write(new Uint8Array(Number(process.argv[2])).fill(0x78));
  } catch (error) {
    process.exit(error instanceof BrokenPipe ? 0 : 1);
  }
} else {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const [[version]] = (await connection.runAndReadAll("select version()")).getRows() as [[string]];
  connection.closeSync();
  instance.closeSync();
  out.write(JSON.stringify({ duckdb: version, worker: await askWorker(20) }) + "\n");
}
process.exit(0);
