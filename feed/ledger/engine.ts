/** The two databases that hold a feed's state, as one: statements in a transaction, values as plain data. */

/** Whole numbers stay below 2^53; times are milliseconds since 1970 UTC. */
export type SqlValue = string | number | null;
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** Statements of one transaction. Parameters are `$1`, `$2`, … in both databases. */
export interface Statements {
  all(sql: string, values?: readonly SqlValue[]): Promise<SqlRow[]>;
  /**
   * Makes the transaction one of leases: tables are read along their indices, whatever a planner knows of their sizes,
   * and the disk need not be waited for, since a lease that is lost is due again.
   */
  forLease(): Promise<void>;
}

export interface Engine {
  readonly kind: "sqlite" | "postgres";
  /** How messages call it; no password is in it. */
  readonly name: string;
  /** Runs `work` and commits; when `work` throws, nothing of it stays. */
  transaction<T>(work: (sql: Statements) => Promise<T>): Promise<T>;
  /** Reads one state of the ledger, however long `work` takes; writers go on meanwhile. */
  snapshot<T>(work: (sql: Statements) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** A column that the schema declares as a whole number or as a count. */
export function numberOf(row: SqlRow | undefined, column: string): number {
  return Number(row?.[column] ?? 0);
}

export function textOf(row: SqlRow, column: string): string {
  return String(row[column] ?? "");
}

export function textOrNull(row: SqlRow, column: string): string | null {
  const value = row[column];
  return value === null || value === undefined ? null : String(value);
}
