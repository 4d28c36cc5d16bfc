/** Opens a feed's ledger by its address: a PostgreSQL URL, or a file of SQLite. */
import type { Engine } from "./engine.ts";
import { openPostgres } from "./postgres.ts";
import { prepareLedger } from "./schema.ts";
import { openSqlite } from "./sqlite.ts";

interface LedgerAddress {
  /** `postgres://…`, or a file's path. */
  address: string;
  /** SQLite on a network file system. */
  exclusive?: boolean | undefined;
}

/** Whether a ledger is a database's URL and not a file. */
export function isPostgres(address: string): boolean {
  return /^postgres(ql)?:\/\//.test(address);
}

export async function openLedger({ address, exclusive }: LedgerAddress): Promise<Engine> {
  const engine = isPostgres(address)
    ? openPostgres(address)
    : openSqlite(address, { exclusive: exclusive === true });
  try {
    await prepareLedger(engine);
    return engine;
  } catch (error) {
    await engine.close();
    throw error;
  }
}
