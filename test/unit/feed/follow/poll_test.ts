/** Following a simulated service: nothing missing, nothing twice, whatever goes wrong. */
import assert from "node:assert/strict";
import type { Engine } from "../../../../feed/ledger/engine.ts";
import { openLedger } from "../../../../feed/ledger/open.ts";
import { feedProgress } from "../../../../feed/ledger/progress.ts";
import { backfill, poll } from "../../../../feed/follow/poll.ts";
import { Deadline } from "../../../../feed/follow/deadline.ts";
import { registerOffers } from "../../../../feed/ledger/register.ts";
import { FEED, follow, liveRows, SETTLE, visibleRows } from "./followed.ts";
import { DAY, EPOCH, type Hazards, HOUR, killable, MINUTE, offerOf, World } from "./world.ts";

const HAZARDS: Record<string, Hazards> = {
  "none": {},
  "index lag": { lag: true },
  "lag and deletions": { lag: true, deletions: true },
  "kills and faults": { kills: 0.02, faults: 0.05 },
  "bursts in one millisecond": { bursts: true, lag: true },
  "no deletion feed": { deletions: true, lag: true, noDeletionFeed: true },
  "all": { lag: true, deletions: true, revisions: true, bursts: true, faults: 0.03, kills: 0.01 },
};

for (const [name, hazards] of Object.entries(HAZARDS)) {
  Deno.test(`nothing is missing and nothing is twice: ${name}`, async () => {
    for (const clockError of [0, 40 * MINUTE, -40 * MINUTE]) {
      for (const seed of [1, 2]) {
        const world = new World(seed, 300, 3, { ...hazards, clockError });
        const kill = (engine: Engine) =>
          killable(
            engine,
            () =>
              world.random() < (world.hazards.kills ?? 0)
                ? (world.random() < 0.5 ? "before" : "after")
                : null,
          );
        const { live, expected, short, doubles, without } = await follow(world, 2 * HOUR, kill);
        assert.ok(expected.length > 200);
        assert.deepEqual(live, expected, `seed ${seed}, clock ${clockError}`);
        assert.deepEqual({ short, doubles, without }, { short: 0, doubles: 0, without: 0 });
      }
    }
  });
}

Deno.test("a kill at every commit, one after the other, leaves the same rows", async () => {
  const hazards = { lag: true, deletions: true, revisions: true, bursts: true };
  const calm = await follow(new World(5, 30, 1, { ...hazards }), 16 * HOUR);
  let commits = 0;
  await follow(new World(5, 30, 1, { ...hazards }), 16 * HOUR, (engine) =>
    killable(engine, () => {
      commits += 1;
      return null;
    }));
  assert.ok(commits > 50);
  for (let at = 1; at <= commits; at += 1) {
    for (const when of ["before", "after"] as const) {
      let count = 0;
      const world = new World(5, 30, 1, { ...hazards });
      const { live, expected, short } = await follow(
        world,
        16 * HOUR,
        (engine) => killable(engine, () => ++count === at ? when : null),
      );
      assert.deepEqual({ live, short }, { live: expected, short: 0 }, `killed ${when} commit ${at}`);
    }
  }
  assert.deepEqual(calm.live, calm.expected);
});

/** Asks from the last asking on: what most scripts do. */
async function sinceLastRun(world: World, overlap: number): Promise<number> {
  const known = new Set<string>();
  let last = EPOCH;
  while (world.now < EPOCH + (world.days + 6) * DAY) {
    const now = world.now;
    const all = world.asked({ from: last - overlap, to: now });
    for (const item of all) known.add(item.id);
    last = now;
    world.now += 2 * HOUR;
    await Promise.resolve();
  }
  return world.visible().filter((item) => !known.has(item.id)).length;
}

Deno.test("asking since the last run loses granules in the same worlds", async () => {
  let lost = 0;
  let lostWithOverlap = 0;
  for (const seed of [1, 2, 3]) {
    lost += await sinceLastRun(new World(seed, 300, 3, { lag: true }), 0);
    lostWithOverlap += await sinceLastRun(new World(seed, 300, 3, { lag: true }), 6 * HOUR);
  }
  assert.ok(lost > 10, `${lost} lost`);
  assert.ok(lostWithOverlap > 0, `${lostWithOverlap} lost with six hours of overlap`);
});

Deno.test("whole-second windows a day lose the last second of the day", () => {
  const world = new World(3, 3000, 3, {});
  world.now = EPOCH + 10 * DAY;
  const known = new Set<string>();
  for (let day = 0; day < world.days + 1; day++) {
    const from = EPOCH + day * DAY;
    for (const item of world.asked({ from, to: from + DAY - 999 })) known.add(item.id);
  }
  assert.ok(world.visible().some((item) => !known.has(item.id)));
});

Deno.test("a quiet poll asks twice", async () => {
  const world = new World(1, 100, 1, {});
  const engine = await openLedger({ address: ":memory:" });
  const options = { engine, feed: FEED, source: world.source(), from: EPOCH, settleMs: SETTLE };
  world.now = EPOCH + 2 * DAY;
  await poll(options);
  world.now += 5 * MINUTE;
  await poll(options);
  world.now += 5 * MINUTE;
  const before = world.requests;
  await poll(options);
  await engine.close();
  assert.equal(world.requests - before, 2);
});

Deno.test("a poll that meets its deadline goes on where it stopped", async () => {
  const world = new World(1, 300, 2, {});
  world.now = EPOCH + 2 * DAY;
  const engine = await openLedger({ address: ":memory:" });
  const source = world.source();
  const options = { engine, feed: FEED, source, from: EPOCH, settleMs: SETTLE };
  let pages = 0;
  let left = 3;
  const counting = {
    ...source,
    page: (...args: Parameters<typeof source.page>) => (pages += 1, left -= 1, source.page(...args)),
  };
  class AfterPages extends Deadline {
    override get near() {
      return left <= 0;
    }
  }
  let polls = 0;
  for (let more = true; more; polls += 1) {
    left = 3;
    more = (await poll({ ...options, source: counting, deadline: new AfterPages(0) })).more;
    assert.ok(polls < 50);
  }
  assert.ok(polls > 3);
  assert.deepEqual(await liveRows(engine), visibleRows(world));
  assert.ok(pages < 45, `${pages} pages for 300 granules in pages of 20`);
  await engine.close();
});

Deno.test("a push registers at once and moves no span", async () => {
  const world = new World(1, 50, 1, {});
  const engine = await openLedger({ address: ":memory:" });
  const options = { engine, feed: FEED, source: world.source(), from: EPOCH, settleMs: SETTLE };
  world.now = EPOCH + HOUR;
  await poll(options);
  const before = await engine.transaction((sql) => feedProgress(sql, FEED));
  world.now = EPOCH + 12 * HOUR;
  const newest = world.visible().slice(-1);
  await engine.transaction((sql) => registerOffers(sql, FEED, newest.map(offerOf), 1));
  assert.ok((await liveRows(engine)).includes(`${newest[0].id}@${newest[0].changed}`));
  assert.deepEqual(await engine.transaction((sql) => feedProgress(sql, FEED)), before);
  await poll(options);
  assert.deepEqual(await liveRows(engine), visibleRows(world));
  await engine.close();
});

Deno.test("a backfill brings the days before the feed began, counted", async () => {
  const world = new World(1, 100, 3, {});
  world.now = EPOCH + 6 * DAY;
  const engine = await openLedger({ address: ":memory:" });
  const options = { engine, feed: FEED, source: world.source(), from: EPOCH + 2 * DAY, settleMs: SETTLE };
  await poll(options);
  const part = (await liveRows(engine)).length;
  assert.ok(part < 60);
  assert.equal(await backfill(engine, FEED, { from: EPOCH, to: EPOCH + 5 * DAY }), 2);
  const { short } = await poll(options);
  assert.deepEqual(await liveRows(engine), visibleRows(world));
  assert.deepEqual(short, []);
  const days = await engine.transaction((sql) =>
    sql.all("SELECT day, available, known FROM day ORDER BY day")
  );
  assert.equal(days.reduce((sum, day) => sum + Number(day.known), 0), 100);
  await engine.close();
});

Deno.test("many granules that vanish at once are not taken out", async () => {
  const world = new World(1, 100, 1, { noDeletionFeed: true });
  const engine = await openLedger({ address: ":memory:" });
  const options = { engine, feed: FEED, source: world.source(), from: EPOCH, settleMs: SETTLE };
  world.now = EPOCH + 1.5 * DAY;
  await poll(options);
  for (const item of world.items.slice(0, 50)) item.gone = world.now;
  const notes: string[] = [];
  await poll({ ...options, onNote: (note) => notes.push(note) });
  assert.equal((await liveRows(engine)).length, 100);
  assert.match(notes[0], /50 granules are no longer found/);
  await poll({ ...options, mostAbsent: 100 });
  assert.deepEqual(await liveRows(engine), visibleRows(world));
  await engine.close();
});
