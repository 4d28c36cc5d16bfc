/**
 * A simulated service for followers: granules that appear late in its index, are revised and deleted, stand
 * many at one millisecond or in a day's last second; a service that fails, a clock that is wrong, and a
 * process that is killed at any commit.
 */
import type { Engine } from "../../../../feed/ledger/engine.ts";
import type { Offer } from "../../../../feed/ledger/register.ts";
import type { FollowSource, Page, Window } from "../../../../feed/follow/source.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const EPOCH = Date.UTC(2026, 0, 1);

export interface Hazards {
  lag?: boolean;
  /** Of the few that come late; 10 h by default. */
  longestLag?: number;
  deletions?: boolean;
  revisions?: boolean;
  bursts?: boolean;
  faults?: number;
  kills?: number;
  clockError?: number;
  noCounts?: boolean;
  noDeletionFeed?: boolean;
}

interface Version {
  changed: number;
  visible: number;
}

interface Item {
  id: string;
  versions: Version[];
  gone: number;
}

export class Killed extends Error {}
class Unavailable extends Error {}

/** Numbers in [0, 1) from a seed (a linear congruential generator over 2^32, upper bits mixed). */
export function randoms(seed: number): () => number {
  let state = BigInt(seed) * 2654435761n + 12345n;
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    const bits = Number((state >> 33n) ^ (state >> 60n)) >>> 0;
    return (bits % 1_000_003) / 1_000_003;
  };
}

interface Named {
  id: string;
  changed: number;
}

function inOrder(a: Named, b: Named): number {
  return a.changed - b.changed || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

export class World {
  readonly items: Item[] = [];
  readonly random: () => number;
  now = EPOCH;
  requests = 0;

  constructor(seed: number, count: number, readonly days: number, readonly hazards: Hazards) {
    this.random = randoms(seed);
    const { random } = this;
    for (let i = 0; i < count; i++) {
      let changed = EPOCH + Math.floor(random() * days * DAY);
      if (hazards.bursts && random() < 0.4) {
        changed = EPOCH + Math.floor((changed - EPOCH) / (12 * HOUR)) * 12 * HOUR;
      }
      if (random() < 0.01) changed = Math.floor(changed / DAY) * DAY + DAY - 1 - Math.floor(random() * 900);
      const visible = changed + this.#lag();
      const versions = [{ changed, visible }];
      if (hazards.revisions && random() < 0.2) {
        const again = visible + Math.floor(random() * 2 * DAY) + 1;
        versions.push({ changed: again, visible: again + this.#lag() });
      }
      const gone = hazards.deletions && random() < 0.05
        ? versions[versions.length - 1].visible + 1 + Math.floor(random() * 2 * DAY)
        : Infinity;
      this.items.push({ id: `g${i}`, versions, gone });
    }
  }

  #lag(): number {
    if (!this.hazards.lag) return 0;
    return Math.floor(
      this.random() < 0.05
        ? this.random() * (this.hazards.longestLag ?? 10 * HOUR)
        : this.random() * 2 * MINUTE,
    );
  }

  /** What is in the index now, ascending. */
  visible(): { id: string; changed: number }[] {
    const found: { id: string; changed: number }[] = [];
    for (const { id, versions, gone } of this.items) {
      if (gone <= this.now) continue;
      const version = versions.filter((one) => one.visible <= this.now).at(-1);
      if (version !== undefined) found.push({ id, changed: version.changed });
    }
    return found.sort(inOrder);
  }

  request(): void {
    this.requests += 1;
    this.now += Math.floor(500 + this.random() * 2000);
    if (this.random() < (this.hazards.faults ?? 0)) throw new Unavailable("503");
  }

  killMaybe(): void {
    if (this.random() < (this.hazards.kills ?? 0)) throw new Killed("killed");
  }

  asked({ from, to }: Window) {
    return this.visible().filter((item) => item.changed >= from && item.changed < to);
  }

  source(pageSize = 20): FollowSource {
    // deno-lint-ignore no-this-alias -- the source's methods speak of the world
    const world = this;
    return {
      pageSize,
      now: () => Promise.resolve(world.now + (world.hazards.clockError ?? 0)),
      count: async (window) => {
        await Promise.resolve(world.request());
        return world.hazards.noCounts ? null : world.asked(window).length;
      },
      page: async (window, next): Promise<Page> => {
        await Promise.resolve(world.request());
        // After the last one of the page before, in the order of time and name.
        const after = next === null ? null : JSON.parse(next) as { id: string; changed: number };
        const left = world.asked(window).filter((one) => after === null || inOrder(after, one) < 0);
        const page = left.slice(0, pageSize);
        return {
          offers: page.map(offerOf),
          next: page.length < left.length ? JSON.stringify(page.at(-1)) : null,
        };
      },
      has: async (id) => {
        await Promise.resolve(world.request());
        return world.visible().some((item) => item.id === id);
      },
      ...(world.hazards.noDeletionFeed ? {} : {
        async *deletions({ from, to }: Window) {
          await Promise.resolve(world.request());
          yield world.items.filter(({ gone }) => gone <= world.now && gone >= from && gone < to)
            .map(({ id, gone }) => ({ sourceId: id, at: gone, collection: "C", id }));
        },
      }),
    };
  }
}

export function offerOf({ id, changed }: { id: string; changed: number }): Offer {
  return {
    sourceId: id,
    collection: "C",
    id,
    changed,
    revised: changed,
    startMs: changed,
    leftOut: null,
    row: "{}",
    tasks: [{ asset: "product", version: String(changed), work: "{}" }],
  };
}

/** An engine that is killed before or after a commit, as `when` says for each one. */
export function killable(engine: Engine, when: () => "before" | "after" | null): Engine {
  return {
    ...engine,
    async transaction(work) {
      const kill = when();
      const result = await engine.transaction(async (sql) => {
        const done = await work(sql);
        if (kill === "before") throw new Killed("before the commit");
        return done;
      });
      if (kill === "after") throw new Killed("after the commit");
      return result;
    },
  };
}
