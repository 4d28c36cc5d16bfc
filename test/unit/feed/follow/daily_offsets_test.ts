/** What a follower by daily offsets loses in worlds where a feed loses nothing. */
import assert from "node:assert/strict";
import { followByDailyOffsets, type Lost } from "./daily_offsets.ts";
import { follow } from "./followed.ts";
import { DAY, type Hazards, HOUR, killable, World } from "./world.ts";

const SEEDS = [1, 2];

interface Compared extends Lost {
  count: number;
}

/** Both followers over the same worlds; a feed must lose nothing there. */
async function compare(hazards: Hazards, count = 600, ceiling?: number): Promise<Compared> {
  const sum: Compared = { count: 0, missing: [], unsent: [] };
  for (const seed of SEEDS) {
    const made = () => new World(seed, count, 3, { ...hazards });
    const world = made();
    const feed = await follow(world, 4 * HOUR, (engine) =>
      killable(engine, () => {
        if (world.random() >= (world.hazards.kills ?? 0)) return null;
        return world.random() < 0.5 ? "before" : "after";
      }));
    assert.deepEqual(feed.live, feed.expected, `seed ${seed}`);
    assert.deepEqual([feed.short, feed.doubles, feed.without], [0, 0, 0]);
    const lost = await followByDailyOffsets(made(), ceiling);
    sum.count += count;
    sum.missing.push(...lost.missing);
    sum.unsent.push(...lost.unsent);
  }
  return sum;
}

const inLastSecond = ({ changed }: { changed: number }) => changed % DAY > DAY - 1000;

Deno.test("windows to 23:59:59 lose a day's last second, and nothing else in calm weather", async () => {
  const { missing, unsent } = await compare({});
  const there = SEEDS.flatMap((seed) => new World(seed, 600, 3, {}).items)
    .filter(({ versions }) => inLastSecond(versions[0]));
  assert.ok(there.length > 3);
  assert.deepEqual(missing.map(({ id }) => id).sort(), there.map(({ id }) => id).sort());
  assert.deepEqual(unsent, []);
});

Deno.test("offsets from the newest pass by what comes late, however often the day is looked at", async () => {
  const { missing } = await compare({ lag: true, longestLag: 40 * HOUR });
  assert.ok(missing.filter((one) => !inLastSecond(one)).length > 3, `${missing.length} missing`);
});

Deno.test("an offset that the service answers no more loses the rest of each day", async () => {
  const { missing, count } = await compare({}, 1500, 200);
  // 220 of some 500 a day are within reach.
  assert.ok(missing.length / count > 0.5 && missing.length / count < 0.6, `${missing.length} of ${count}`);
});

Deno.test("a message that is sent after the commit is lost by a kill between the two", async () => {
  const { unsent } = await compare({ kills: 0.05, faults: 0.02 });
  assert.ok(unsent.length > 3, `${unsent.length} unsent`);
});
