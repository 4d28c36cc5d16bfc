/** Connections that a host allows a user, shared by all processes that work from one ledger. */
import type { Engine } from "../ledger/engine.ts";

/** The Copernicus Data Space allows so many downloads at once. */
const HOST_SLOTS = 4;
const HOLD_MS = 60_000;

/** Takes up to `want` free slots of a host, for a minute; returns how many the owner holds now. */
export async function takeSlots(
  engine: Engine,
  host: string,
  owner: string,
  want: number,
  now = Date.now(),
): Promise<number> {
  return await engine.transaction(async (sql) => {
    let held = 0;
    for (let slot = 0; slot < HOST_SLOTS && held < want; slot += 1) {
      const taken = await sql.all(
        `INSERT INTO host_slot (host, slot, owner, until) VALUES ($1, $2, $3, $4)
         ON CONFLICT (host, slot) DO UPDATE SET owner = excluded.owner, until = excluded.until
         WHERE host_slot.until < $5 OR host_slot.owner = excluded.owner RETURNING slot`,
        [host, slot, owner, now + HOLD_MS, now],
      );
      held += taken.length;
    }
    return held;
  });
}

export async function freeSlots(engine: Engine, owner: string): Promise<void> {
  await engine.transaction((sql) => sql.all("DELETE FROM host_slot WHERE owner = $1", [owner]));
}
