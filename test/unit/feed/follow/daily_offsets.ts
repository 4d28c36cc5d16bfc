/**
 * A follower as many are: it looks at the last five days each day, in windows of whole seconds, pages from the
 * newest by an offset that it keeps, and sends a message for each new row after the commit. It is there to be
 * compared with: what it loses shows that the simulated service can make a follower lose something.
 */
import { DAY, EPOCH, HOUR, Killed, type World } from "./world.ts";

const LOOK_BACK_DAYS = 5;
const PAGE = 20;
const HOUR_OF_RUN = 12;

export interface Lost {
  /** Visible at the end and in no row. */
  missing: { id: string; changed: number }[];
  /** Rows whose message was never sent. */
  unsent: string[];
}

/** `ceiling` is the highest offset that the service answers. */
export async function followByDailyOffsets(world: World, ceiling = Infinity): Promise<Lost> {
  const rows = new Set<string>();
  const sent = new Set<string>();
  const fetched = new Map<number, number>();

  async function walkDay(from: number): Promise<void> {
    for (let offset = fetched.get(from) ?? 0; offset <= ceiling;) {
      await Promise.resolve(world.request());
      const newestFirst = world.asked({ from, to: from + DAY - 999 }).reverse();
      const page = newestFirst.slice(offset, offset + PAGE);
      if (page.length === 0) return;
      const news = page.filter(({ id }) => !rows.has(id));
      for (const { id } of news) rows.add(id);
      offset += page.length;
      fetched.set(from, offset); // the commit
      world.killMaybe();
      for (const { id } of news) sent.add(id);
    }
  }

  const last = EPOCH + (world.days + LOOK_BACK_DAYS + 1) * DAY;
  for (let today = EPOCH + DAY; today <= last; today += DAY) {
    world.now = Math.max(world.now, today + HOUR_OF_RUN * HOUR);
    for (let back = 1; back <= LOOK_BACK_DAYS;) {
      try {
        await walkDay(today - back * DAY);
        back += 1;
      } catch (error) {
        // Begun again, as a queue or a scheduler would.
        if (!(error instanceof Killed) && (error as Error).message !== "503") throw error;
      }
    }
  }
  const seen = world.visible();
  return {
    missing: seen.filter(({ id }) => !rows.has(id)),
    unsent: seen.map(({ id }) => id).filter((id) => rows.has(id) && !sent.has(id)),
  };
}
