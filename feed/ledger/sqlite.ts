/** SQLite by node:sqlite: in WAL, every commit on the disk before it is answered. */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { GranaryError } from "../../core/errors.ts";
import type { Engine, SqlRow, SqlValue, Statements } from "./engine.ts";

const BUSY_WAIT_MS = 30_000;
const LONGEST_PAUSE_MS = 8;
const STATEMENTS_KEPT = 200;
/** What SQLite says of a file, rather than of a statement. */
const FILE_FAULT = /malformed|not a database|disk is full|disk I\/O/i;

interface SqliteOptions {
  /**
   * For network file systems, which have no shared memory: this process alone opens the file, and a
   * second one finds it locked.
   */
  exclusive?: boolean;
}

export function openSqlite(file: string, options: SqliteOptions = {}): Engine {
  const engine = openConnection(file, options);
  // In exclusive mode there is one connection; in memory each has a database of its own.
  if (options.exclusive) return { ...engine, snapshot: engine.transaction };
  let reader: DatabaseSync | undefined;
  let last: Promise<unknown> = Promise.resolve();
  return {
    ...engine,
    snapshot(work) {
      const run = last.then(async () => {
        reader ??= openReader(file);
        const prepared = new Map<string, Prepared>();
        reader.exec("BEGIN");
        try {
          return await work(statementsOf(file, reader, prepared));
        } finally {
          reader.exec("ROLLBACK");
        }
      });
      last = run.then(() => {}, () => {});
      return run;
    },
    async close() {
      await last;
      reader?.close();
      await engine.close();
    },
  };
}

/** A connection for reading beside the one that writes. */
function openReader(file: string): DatabaseSync {
  try {
    const reader = new DatabaseSync(file);
    reader.exec(`PRAGMA busy_timeout = ${BUSY_WAIT_MS}`);
    reader.exec("PRAGMA query_only = ON");
    return reader;
  } catch (error) {
    throw ledgerError(file, error);
  }
}

function statementsOf(
  file: string,
  database: DatabaseSync,
  prepared: Map<string, Prepared>,
): Statements {
  const all = (sql: string, values: readonly SqlValue[]) => {
    try {
      const { statement, places } = prepare(database, prepared, sql);
      return statement.all(...places.map((place) => values[place] ?? null)) as unknown as SqlRow[];
    } catch (error) {
      throw FILE_FAULT.test((error as Error).message) ? ledgerError(file, error) : error;
    }
  };
  return {
    all: (sql, values = []) => Promise.resolve().then(() => all(sql, values)),
    forLease: () => Promise.resolve(), // reads along indices by itself
  };
}

function openConnection(file: string, options: SqliteOptions): Omit<Engine, "snapshot"> {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(file);
    database.exec(`PRAGMA busy_timeout = ${options.exclusive ? 0 : BUSY_WAIT_MS}`);
    if (options.exclusive) database.exec("PRAGMA locking_mode = EXCLUSIVE");
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = FULL");
    // In exclusive mode the lock is taken by the first write, and then kept.
    if (options.exclusive) database.exec("BEGIN IMMEDIATE; COMMIT");
    // From here on waiting is done by begin(), which leaves the process free meanwhile.
    database.exec("PRAGMA busy_timeout = 0");
  } catch (error) {
    throw ledgerError(file, error);
  }
  const statements = statementsOf(file, database, new Map());
  let last: Promise<unknown> = Promise.resolve();
  return {
    kind: "sqlite",
    name: file,
    transaction(work) {
      // One connection, so one transaction at a time; other processes wait in the database.
      const run = last.then(async () => {
        await begin(database, file);
        try {
          const result = await work(statements);
          database.exec("COMMIT");
          return result;
        } catch (error) {
          if (database.isTransaction) database.exec("ROLLBACK");
          throw error;
        }
      });
      // The next one starts whether this one failed or not; its caller hears from `run`.
      last = run.then(() => {}, () => {});
      return run;
    },
    async close() {
      await last;
      database.close();
    },
  };
}

/** Begins a transaction that writes; waits for that of another connection. */
async function begin(database: DatabaseSync, file: string): Promise<void> {
  const giveUp = Date.now() + BUSY_WAIT_MS;
  for (;;) {
    try {
      database.exec("BEGIN IMMEDIATE");
      return;
    } catch (error) {
      if (!/locked|busy/i.test((error as Error).message) || Date.now() > giveUp) {
        throw ledgerError(file, error);
      }
      await new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * LONGEST_PAUSE_MS));
    }
  }
}

interface Prepared {
  statement: StatementSync;
  /** For each `?`, the index of its value. */
  places: readonly number[];
}

function prepare(database: DatabaseSync, prepared: Map<string, Prepared>, sql: string): Prepared {
  const known = prepared.get(sql);
  if (known !== undefined) return known;
  const places: number[] = [];
  const numbered = sql.replaceAll(/ FOR UPDATE( SKIP LOCKED)?/g, "").replaceAll(/\$(\d+)/g, (_, digits) => {
    places.push(Number(digits) - 1);
    return "?";
  });
  const made = { statement: database.prepare(numbered), places };
  if (prepared.size >= STATEMENTS_KEPT) prepared.clear();
  prepared.set(sql, made);
  return made;
}

function ledgerError(file: string, error: unknown): GranaryError {
  const words = (error as Error).message;
  return new GranaryError("io", `${file}: cannot use the ledger: ${words} (${adviceFor(words)})`, {
    cause: error,
  });
}

function adviceFor(words: string): string {
  if (/locked|busy/i.test(words)) {
    return "another process has it open alone or holds a long write; end it, or use PostgreSQL for several machines";
  }
  if (/malformed|not a database/i.test(words)) {
    return "the file is damaged: bring back a copy of it, or follow into a new ledger";
  }
  return /full/i.test(words) ? "free some space" : "the folder must exist and be writable";
}
