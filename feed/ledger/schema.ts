/**
 * A feed's tables, the same on SQLite and PostgreSQL.
 *
 * A granule is known by the source's own id of it (`source_id`): one name may live under two ids, one of
 * which is deleted later. `changed` is the time by which the source's windows find a granule; what the source
 * says of it is ordered by `revised`, by the source's clock, so that events give the same rows in whatever
 * order they come.
 */
import { inputError } from "../../core/errors.ts";
import { type Engine, numberOf } from "./engine.ts";

const LEDGER_VERSION = 2;

/** `state` of a granule: `absent` is one that walks no longer find, and that comes back when it is seen. */
export type GranuleState = "live" | "filtered" | "deleted" | "absent";

const TABLES = (serial: string): readonly string[] => [
  `CREATE TABLE IF NOT EXISTS ledger (version BIGINT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS feed (
     name TEXT PRIMARY KEY, followed_from BIGINT NOT NULL, watermark BIGINT NOT NULL,
     polled BIGINT, pushed BIGINT, swept BIGINT, definition TEXT NOT NULL, deletions_to BIGINT, sweep_at BIGINT)`,
  `CREATE TABLE IF NOT EXISTS span (
     feed TEXT NOT NULL, from_ms BIGINT NOT NULL, to_ms BIGINT NOT NULL, cursor_ms BIGINT NOT NULL,
     walked BIGINT NOT NULL, PRIMARY KEY (feed, from_ms))`,
  `CREATE TABLE IF NOT EXISTS day (
     feed TEXT NOT NULL, day BIGINT NOT NULL, available BIGINT, known BIGINT NOT NULL, checked BIGINT NOT NULL,
     PRIMARY KEY (feed, day))`,
  `CREATE TABLE IF NOT EXISTS granule (
     feed TEXT NOT NULL, source_id TEXT NOT NULL, collection TEXT NOT NULL, id TEXT NOT NULL,
     changed BIGINT NOT NULL, revised BIGINT NOT NULL, start_ms BIGINT, state TEXT NOT NULL, reason TEXT, granule_row TEXT NOT NULL,
     seen BIGINT NOT NULL, PRIMARY KEY (feed, source_id))`,
  `CREATE INDEX IF NOT EXISTS granule_changed ON granule (feed, changed)`,
  `CREATE INDEX IF NOT EXISTS granule_start ON granule (feed, collection, start_ms)`,
  `CREATE INDEX IF NOT EXISTS granule_name ON granule (feed, collection, id)`,
  `CREATE TABLE IF NOT EXISTS task (
     n ${serial}, feed TEXT NOT NULL, source_id TEXT NOT NULL, asset TEXT NOT NULL, version TEXT NOT NULL,
     id TEXT NOT NULL, day BIGINT NOT NULL, work TEXT NOT NULL, state TEXT NOT NULL, attempts BIGINT NOT NULL,
     due BIGINT NOT NULL, owner TEXT, error TEXT, UNIQUE (feed, source_id, asset, version))`,
  `CREATE INDEX IF NOT EXISTS task_open ON task (feed, n) WHERE state <> 'done'`,
  `CREATE TABLE IF NOT EXISTS inbox (
     n ${serial}, feed TEXT NOT NULL, source TEXT NOT NULL, received BIGINT NOT NULL, body TEXT NOT NULL,
     state TEXT NOT NULL, error TEXT)`,
  `CREATE INDEX IF NOT EXISTS inbox_new ON inbox (feed, n) WHERE state = 'new'`,
  `CREATE TABLE IF NOT EXISTS part (
     feed TEXT NOT NULL, collection TEXT NOT NULL, day BIGINT NOT NULL, dirty BIGINT NOT NULL,
     file TEXT, rows BIGINT NOT NULL, PRIMARY KEY (feed, collection, day))`,
  `CREATE TABLE IF NOT EXISTS subscription (feed TEXT PRIMARY KEY, id TEXT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS push_gap (
     feed TEXT NOT NULL, step BIGINT NOT NULL, gaps BIGINT NOT NULL, PRIMARY KEY (feed, step))`,
  `CREATE TABLE IF NOT EXISTS host_slot (
     host TEXT NOT NULL, slot BIGINT NOT NULL, owner TEXT NOT NULL, until BIGINT NOT NULL,
     PRIMARY KEY (host, slot))`,
];

const SERIAL = {
  sqlite: "INTEGER PRIMARY KEY AUTOINCREMENT",
  postgres: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
} as const;

/** Version 1 took the time of windows for the order of words, too. */
const FROM_VERSION_1 = [
  "ALTER TABLE granule ADD COLUMN revised BIGINT NOT NULL DEFAULT 0",
  "UPDATE granule SET revised = changed",
  `UPDATE ledger SET version = ${LEDGER_VERSION}`,
];

/** Makes the tables that are missing. Refuses a ledger that another version of granary made. */
export async function prepareLedger(engine: Engine): Promise<void> {
  await engine.transaction(async (sql) => {
    // Two processes that start at once would make the same tables twice.
    if (engine.kind === "postgres") await sql.all("SELECT pg_advisory_xact_lock(7203458)::text AS locked");
    for (const statement of TABLES(SERIAL[engine.kind])) await sql.all(statement);
    const [found] = await sql.all("SELECT version FROM ledger");
    if (found === undefined) await sql.all("INSERT INTO ledger (version) VALUES ($1)", [LEDGER_VERSION]);
    else if (numberOf(found, "version") === 1) {
      for (const statement of FROM_VERSION_1) await sql.all(statement);
    } else if (numberOf(found, "version") !== LEDGER_VERSION) {
      throw inputError(
        `${engine.name}: a ledger of version ${found.version}, wanted ${LEDGER_VERSION} ` +
          "(another version of granary made it; follow into a new ledger)",
      );
    }
  });
}
