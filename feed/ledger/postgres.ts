/** PostgreSQL, for a feed that more than one machine works on. */
import postgres from "postgres";
import { GranaryError } from "../../core/errors.ts";
import type { Engine, SqlRow, Statements } from "./engine.ts";

const CONNECTIONS = 4;
const CONNECT_SECONDS = 15;
/** Serialization failure and deadlock: the transaction was undone, and may be run again. */
const RUN_AGAIN = new Set(["40001", "40P01"]);
const MOST_RUNS = 5;
const INT8 = 20;
const NUMERIC = 1700;
/** For one transaction: settings of a session would not outlive it behind a pool of connections. */
const FOR_LEASE = `SELECT ${
  [
    // What a planner knows of a table that has only just been filled makes it sort all open tasks.
    ...["bitmapscan", "seqscan", "sort", "hashjoin", "mergejoin"].map((way) => `enable_${way}`),
    // A lease that a crash of the database forgets is due again; its owner's end of the task finds it no more.
    "synchronous_commit",
  ].map((setting) => `set_config('${setting}', 'off', true)`).join(", ")
}`;

export function openPostgres(url: string): Engine {
  const name = nameOf(url);
  const client = postgres(url, {
    max: CONNECTIONS,
    connect_timeout: CONNECT_SECONDS,
    onnotice: () => {}, // "relation already exists, skipping" at every start
    types: {
      whole: { to: INT8, from: [INT8, NUMERIC], serialize: String, parse: Number },
    },
  });
  async function run<T>(mode: string, work: (sql: Statements) => Promise<T>): Promise<T> {
    for (let run = 1;; run += 1) {
      try {
        return await client.begin(mode, (transaction) =>
          work({
            all: async (sql, values = []) =>
              [...await transaction.unsafe(sql, [...values], { prepare: values.length < 50 })] as SqlRow[],
            forLease: async () => {
              await transaction.unsafe(FOR_LEASE, [], { prepare: true });
            },
          })) as T;
      } catch (error) {
        const code = String((error as { code?: unknown }).code ?? "");
        if (RUN_AGAIN.has(code) && run < MOST_RUNS) continue;
        throw databaseError(name, code, error);
      }
    }
  }
  return {
    kind: "postgres",
    name,
    transaction: (work) => run("", work),
    snapshot: (work) => run("isolation level repeatable read read only", work),
    close: () => client.end({ timeout: 5 }),
  };
}

/** The URL without the password. */
function nameOf(url: string): string {
  if (!URL.canParse(url)) return "the PostgreSQL ledger";
  const { hostname, port, pathname } = new URL(url);
  return `postgres://${hostname}${port === "" ? "" : `:${port}`}${pathname}`;
}

function databaseError(name: string, code: string, error: unknown): unknown {
  if (error instanceof GranaryError) return error;
  if (code === "28P01" || code === "28000") {
    return new GranaryError("credential", `${name}: the database refused the user or the password`);
  }
  if (/^(ECONN|ENOTFOUND|CONNECT|CONNECTION_)/.test(code) || code === "3D000") {
    return new GranaryError("io", `${name}: cannot reach the database (${(error as Error).message})`);
  }
  return error;
}
