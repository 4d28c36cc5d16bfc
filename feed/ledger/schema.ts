/**
 * A feed's tables, the same on SQLite and PostgreSQL.
 *
 * A granule is known by the source's own id of it (`source_id`): one name may live under two ids, one of
 * which is deleted later. `changed` is the time by which the source's windows find a granule; what the source
 * says of it is ordered by `revised`, by the source's clock, so that events give the same rows in whatever
 * order they come.
 *
 * Publishing reads what changed by part (a collection's UTC day of starts): each registration that changes what a
 * catalog shows of a part raises the part's `changes` and stamps its granules with the new number (`change`). The
 * part's row is locked from there to the commit, so that numbers are committed in their order.
 */
import { inputError } from "../../core/errors.ts";
import { DAY_MS } from "./days.ts";
import { type Engine, numberOf, type Statements, textOf } from "./engine.ts";

const LEDGER_VERSION = 3;

/** `state` of a granule: `absent` is one that walks no longer find, and that comes back when it is seen. */
export type GranuleState = "live" | "filtered" | "deleted" | "absent";

const TABLES = (serial: string): readonly string[] => [
  `CREATE TABLE IF NOT EXISTS ledger (version BIGINT NOT NULL, id TEXT)`,
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
     seen BIGINT NOT NULL, part_day BIGINT NOT NULL DEFAULT 0, change BIGINT NOT NULL DEFAULT 0,
     first_change BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (feed, source_id))`,
  `CREATE INDEX IF NOT EXISTS granule_changed ON granule (feed, changed)`,
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
     feed TEXT NOT NULL, collection TEXT NOT NULL, day BIGINT NOT NULL, changes BIGINT NOT NULL,
     moved BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (feed, collection, day))`,
  `CREATE TABLE IF NOT EXISTS filtered_by (feed TEXT PRIMARY KEY, rules TEXT NOT NULL)`,
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

/** Indices of columns that a ledger of an older version gets first. */
const LATER_INDICES = [
  "CREATE INDEX IF NOT EXISTS granule_part ON granule (feed, collection, part_day, change, source_id)",
];

const CHANGES: Readonly<Record<number, readonly string[]>> = {
  // Took the time of windows for the order of words, too.
  1: [
    "ALTER TABLE granule ADD COLUMN revised BIGINT NOT NULL DEFAULT 0",
    "UPDATE granule SET revised = changed",
  ],
  // Marked parts alone; all are published anew.
  2: [
    "ALTER TABLE ledger ADD COLUMN id TEXT",
    "ALTER TABLE granule ADD COLUMN part_day BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE granule ADD COLUMN change BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE granule ADD COLUMN first_change BIGINT NOT NULL DEFAULT 0",
    `UPDATE granule SET change = 1, first_change = 1,
       part_day = (coalesce(start_ms, 0) - ((coalesce(start_ms, 0) % ${DAY_MS}) + ${DAY_MS}) % ${DAY_MS}) / ${DAY_MS}`,
    "DROP INDEX IF EXISTS granule_start",
    "DROP TABLE part",
  ],
};

/**
 * Makes the tables that are missing. Refuses a ledger that another version of granary made. One that is as it should be
 * is only read: who asks for a feed's status does not wait for its writers.
 */
export async function prepareLedger(engine: Engine): Promise<void> {
  if (await engine.snapshot((sql) => isPrepared(engine.kind, sql))) return;
  await engine.transaction(async (sql) => {
    // Two processes that start at once would make the same tables twice.
    if (engine.kind === "postgres") await sql.all("SELECT pg_advisory_xact_lock(7203458)::text AS locked");
    const tables = TABLES(SERIAL[engine.kind]);
    await sql.all(tables[0]);
    const [found] = await sql.all("SELECT version FROM ledger");
    const former = found === undefined ? LEDGER_VERSION : numberOf(found, "version");
    if (former !== LEDGER_VERSION && CHANGES[former] === undefined) {
      throw inputError(
        `${engine.name}: a ledger of version ${former}, wanted ${LEDGER_VERSION} ` +
          "(another version of granary made it; follow into a new ledger)",
      );
    }
    for (let version = former; version < LEDGER_VERSION; version += 1) {
      for (const statement of CHANGES[version]) await sql.all(statement);
    }
    for (const statement of [...tables, ...LATER_INDICES]) await sql.all(statement);
    if (found === undefined) {
      await sql.all("INSERT INTO ledger (version, id) VALUES ($1, $2)", [
        LEDGER_VERSION,
        crypto.randomUUID(),
      ]);
    } else if (former !== LEDGER_VERSION) {
      await sql.all("UPDATE ledger SET version = $1, id = $2", [LEDGER_VERSION, crypto.randomUUID()]);
      await sql.all(
        `INSERT INTO part (feed, collection, day, changes)
         SELECT DISTINCT feed, collection, part_day, 1 FROM granule WHERE state = 'live'`,
      );
    }
  });
}

async function isPrepared(kind: Engine["kind"], sql: Statements): Promise<boolean> {
  const names = await sql.all(
    kind === "sqlite"
      ? "SELECT name FROM sqlite_master"
      : "SELECT relname::text AS name FROM pg_class WHERE pg_table_is_visible(oid)",
  );
  const found = new Set(names.map((row) => textOf(row, "name")));
  const statements = [...TABLES(SERIAL[kind]), ...LATER_INDICES].join("\n");
  for (const [, name] of statements.matchAll(/IF NOT EXISTS (\w+)/g)) {
    if (!found.has(name)) return false;
  }
  const [row] = await sql.all("SELECT version FROM ledger");
  return row !== undefined && numberOf(row, "version") === LEDGER_VERSION;
}

/** What tells this ledger from any other: a catalog that was published from another one is made anew. */
export async function ledgerId(sql: Statements): Promise<string> {
  const [row] = await sql.all("SELECT id FROM ledger");
  return textOf(row ?? {}, "id");
}
