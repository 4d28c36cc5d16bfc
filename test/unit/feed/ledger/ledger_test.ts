/** One suite for both databases. */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Engine, Statements } from "../../../../feed/ledger/engine.ts";
import { keepNotices, markBadNotice, newNotices, noticeCounts } from "../../../../feed/ledger/inbox.ts";
import { openLedger } from "../../../../feed/ledger/open.ts";
import {
  countIn,
  type Offer,
  registerAbsent,
  registerDeletions,
  registerOffers,
} from "../../../../feed/ledger/register.ts";
import { countGaps, usualSilence } from "../../../../feed/ledger/gaps.ts";
import { addSpan, ensureFeed, moveSpan, openSpans, stampFeed } from "../../../../feed/ledger/progress.ts";
import {
  DEFAULT_RETRY_RULE,
  extendLease,
  failTask,
  finishTasks,
  leaseTasks,
  requeueTasks,
  taskCounts,
} from "../../../../feed/ledger/tasks.ts";
import { recentFootprints } from "../../../../feed/footprints.ts";
import { feedStatus } from "../../../../feed/status.ts";
import { HAS_POSTGRES, startPostgres } from "../../../support/postgres.ts";

const FEED = "s2";

function offer(id: string, changed: number, more: Partial<Offer> = {}): Offer {
  return {
    sourceId: `source-${id}`,
    collection: "C",
    id,
    changed,
    revised: changed,
    startMs: changed - 1000,
    leftOut: null,
    row: JSON.stringify({ id, changed }),
    tasks: [{ asset: "product", version: `v${changed}`, work: "{}" }],
    ...more,
  };
}

const rowsOf = (engine: Engine) =>
  engine.transaction((sql) =>
    sql.all("SELECT id, changed, state, granule_row FROM granule ORDER BY source_id")
  );
const tasksOf = (engine: Engine) =>
  engine.transaction((sql) => sql.all("SELECT id, version, state FROM task ORDER BY id, version"));

const DAY = 86_400_000;

function gate(): { open(): void; passed: Promise<void> } {
  let open = () => {};
  const passed = new Promise<void>((resolve) => open = resolve);
  return { open: () => open(), passed };
}

/** Until so many other transactions wait for a lock. */
async function waiting(sql: Statements, count: number): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    const [row] = await sql.all("SELECT count(*) AS n FROM pg_locks WHERE NOT granted");
    if (Number(row.n) >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("nobody waits");
}

/** Every order of the list. */
function permutations<T>(list: readonly T[]): T[][] {
  if (list.length < 2) return [[...list]];
  return list.flatMap((one, i) =>
    permutations([...list.slice(0, i), ...list.slice(i + 1)]).map((rest) => [one, ...rest])
  );
}

const SUITE: Record<string, (engine: Engine, second: () => Promise<Engine>) => Promise<void>> = {
  "a granule offered twice is one row and one task": async (engine) => {
    const register = (offers: Offer[]) => engine.transaction((sql) => registerOffers(sql, FEED, offers, 1));
    assert.equal(await register([offer("a", 10), offer("b", 11), offer("a", 10)]), 2);
    assert.equal(await register([offer("b", 11), offer("a", 10)]), 0);
    assert.deepEqual((await rowsOf(engine)).map((row) => row.id), ["a", "b"]);
    assert.equal((await tasksOf(engine)).length, 2);
  },
  "a transaction that throws leaves no row, no task and no cursor": async (engine) => {
    await engine.transaction((sql) => addSpan(sql, FEED, 0, 100));
    await assert.rejects(engine.transaction(async (sql) => {
      await registerOffers(sql, FEED, [offer("a", 10)], 1);
      await moveSpan(sql, FEED, 0, 10, false);
      throw new Error("killed");
    }));
    assert.deepEqual([await rowsOf(engine), await tasksOf(engine)], [[], []]);
    assert.deepEqual(await engine.transaction((sql) => openSpans(sql, FEED)), [{
      from: 0,
      to: 100,
      cursor: 0,
    }]);
  },
  "news and deletions in any order give the same rows": async (engine) => {
    const events: ((feed: string) => Promise<unknown>)[] = [
      (feed) => engine.transaction((sql) => registerOffers(sql, feed, [offer("a", 10)], 1)),
      (feed) => engine.transaction((sql) => registerOffers(sql, feed, [offer("a", 20)], 1)),
      (feed) =>
        engine.transaction((sql) =>
          registerDeletions(sql, feed, [{ sourceId: "source-a", at: 30, collection: "C", id: "a" }], 1)
        ),
      (feed) =>
        engine.transaction((sql) => registerOffers(sql, feed, [offer("a", 10, { sourceId: "other" })], 1)),
    ];
    const seen = new Set<string>();
    for (const [index, order] of permutations(events).entries()) {
      for (const event of order) await event(`f${index}`);
      const rows = await engine.transaction((sql) =>
        sql.all("SELECT source_id, id, changed, state FROM granule WHERE feed = $1 ORDER BY source_id", [
          `f${index}`,
        ])
      );
      seen.add(JSON.stringify(rows));
    }
    assert.deepEqual([...seen], [JSON.stringify([
      { source_id: "other", id: "a", changed: 10, state: "live" },
      { source_id: "source-a", id: "a", changed: 30, state: "deleted" },
    ])]);
  },
  "what walks do not find comes back when it is seen, its task too": async (engine) => {
    const at = (state: string) =>
      engine.transaction((sql) => sql.all("SELECT n FROM task WHERE state = $1", [state]));
    await engine.transaction((sql) => registerOffers(sql, FEED, [offer("a", 10)], 1));
    await engine.transaction((sql) => registerAbsent(sql, FEED, ["source-a"]));
    assert.equal(await engine.transaction((sql) => countIn(sql, FEED, 0, 100)), 0);
    assert.equal((await at("dropped")).length, 1);
    await engine.transaction((sql) => registerOffers(sql, FEED, [offer("a", 10)], 1));
    assert.equal(await engine.transaction((sql) => countIn(sql, FEED, 0, 100)), 1);
    assert.equal((await at("waiting")).length, 1);
  },
  "a granule that the filter leaves out is known and has no task": async (engine) => {
    await engine.transaction((sql) => registerOffers(sql, FEED, [offer("a", 10, { leftOut: "tile" })], 1));
    assert.equal(await engine.transaction((sql) => countIn(sql, FEED, 0, 100)), 1);
    assert.deepEqual(await tasksOf(engine), []);
  },
  "a lease that ran out is leased again, and its first owner ends nothing": async (engine) => {
    await engine.transaction((sql) => registerOffers(sql, FEED, [offer("a", 10), offer("b", 10)], 1));
    const lease = (owner: string, now: number) =>
      engine.transaction((sql) => leaseTasks(sql, FEED, { owner, now, leaseMs: 100, limit: 1 }));
    const [first] = await lease("one", 5);
    const [second] = await lease("two", 6);
    assert.notEqual(first.n, second.n);
    assert.deepEqual(await lease("three", 7), []);
    assert.equal(await engine.transaction((sql) => extendLease(sql, "two", second.n, 500)), true);
    const [again] = await lease("three", 200);
    assert.deepEqual([again.n, again.attempts], [first.n, 2]);
    assert.equal(await engine.transaction((sql) => finishTasks(sql, "one", [first.n])), 0);
    assert.equal(await engine.transaction((sql) => extendLease(sql, "one", first.n, 900)), false);
    assert.equal(await engine.transaction((sql) => finishTasks(sql, "three", [first.n])), 1);
    assert.equal((await engine.transaction((sql) => taskCounts(sql, FEED))).done, 1);
  },
  "a task that fails waits longer each time, then is dead until it is requeued": async (engine) => {
    await engine.transaction((sql) => registerOffers(sql, FEED, [offer("a", 10)], 0));
    const rule = { ...DEFAULT_RETRY_RULE, mostAttempts: 3, firstWaitMs: 100 };
    let now = 0;
    for (const [wait, state] of [[100, "waiting"], [200, "waiting"], [400, "dead"]] as const) {
      const [task] = await engine.transaction((sql) =>
        leaseTasks(sql, FEED, { owner: "me", now, leaseMs: 10, limit: 5 })
      );
      assert.equal(await engine.transaction((sql) => failTask(sql, "me", task, "503", now, rule)), state);
      const early = { owner: "me", now: now + wait - 1, leaseMs: 10, limit: 5 };
      assert.deepEqual(await engine.transaction((sql) => leaseTasks(sql, FEED, early)), []);
      now += wait;
    }
    const requeue = (dryRun: boolean) =>
      engine.transaction((sql) => requeueTasks(sql, FEED, { dead: true }, now, dryRun));
    assert.deepEqual((await requeue(true)).map(({ id, error }) => [id, error]), [["a", "503"]]);
    assert.equal((await engine.transaction((sql) => taskCounts(sql, FEED))).dead, 1);
    await requeue(false);
    const [task] = await engine.transaction((sql) =>
      leaseTasks(sql, FEED, { owner: "me", now, leaseMs: 10, limit: 5 })
    );
    assert.equal(task.attempts, 1);
  },
  "two connections lease no task twice": async (engine, second) => {
    const other = await second();
    try {
      const offers = Array.from({ length: 300 }, (_, i) => offer(`g${i}`, 10));
      await engine.transaction((sql) => registerOffers(sql, FEED, offers, 1));
      const drain = async (one: Engine, owner: string): Promise<number[]> => {
        const taken: number[] = [];
        for (;;) {
          const tasks = await one.transaction((sql) =>
            leaseTasks(sql, FEED, { owner, now: 5, leaseMs: 1e6, limit: 7 })
          );
          if (tasks.length === 0) return taken;
          taken.push(...tasks.map(({ n }) => n));
          await one.transaction((sql) => finishTasks(sql, owner, tasks.map(({ n }) => n)));
        }
      };
      const taken = (await Promise.all([drain(engine, "a"), drain(other, "b")])).flat();
      assert.deepEqual([taken.length, new Set(taken).size], [300, 300]);
    } finally {
      await other.close();
    }
  },
  "a notice that cannot be read is kept as bad": async (engine) => {
    await engine.transaction((sql) => keepNotices(sql, FEED, [{ source: "cdse", received: 1, body: "{" }]));
    const [notice] = await engine.transaction((sql) => newNotices(sql, FEED, 10));
    await engine.transaction((sql) => markBadNotice(sql, notice.n, "not JSON"));
    assert.deepEqual(await engine.transaction((sql) => noticeCounts(sql, FEED)), { waiting: 0, bad: 1 });
  },

  "a ledger of version 1 is brought to version 3 and goes on": async (engine, second) => {
    await engine.transaction((sql) =>
      registerOffers(sql, FEED, [offer("a", 1000), offer("b", 2000, { leftOut: "tile not listed" })], 7)
    );
    const before = [await rowsOf(engine), await tasksOf(engine)];
    // Version 1 had neither these columns nor these tables, and marked parts otherwise.
    await engine.transaction(async (sql) => {
      await sql.all("DROP INDEX granule_part");
      for (const column of ["revised", "part_day", "change", "first_change"]) {
        await sql.all(`ALTER TABLE granule DROP COLUMN ${column}`);
      }
      await sql.all("ALTER TABLE ledger DROP COLUMN id");
      for (const table of ["subscription", "push_gap", "part"]) await sql.all(`DROP TABLE ${table}`);
      await sql.all(
        "CREATE TABLE part (feed TEXT NOT NULL, collection TEXT NOT NULL, day BIGINT NOT NULL, dirty BIGINT NOT NULL)",
      );
      await sql.all("UPDATE ledger SET version = 1");
    });
    for (let time = 0; time < 2; time++) {
      const migrated = await second();
      try {
        assert.deepEqual([await rowsOf(migrated), await tasksOf(migrated)], before);
        const revised = await migrated.transaction((sql) =>
          sql.all("SELECT changed, revised FROM granule ORDER BY changed")
        );
        const parts = await migrated.transaction((sql) => sql.all("SELECT day, changes FROM part"));
        assert.deepEqual(
          parts.map((row) => [row.day, row.changes]),
          [[0, 1]],
          "all is to be published again",
        );
        assert.deepEqual(revised.map((row) => [row.changed, row.revised]), [[1000, 1000], [2000, 2000]]);
        // What it knew is no news, what is later is.
        assert.equal(
          await migrated.transaction((sql) => registerOffers(sql, FEED, [offer("a", 1000)], 8)),
          0,
        );
      } finally {
        await migrated.close();
      }
    }
    assert.equal(await engine.transaction((sql) => registerOffers(sql, FEED, [offer("a", 1001)], 9)), 1);
    await engine.transaction((sql) => sql.all("UPDATE ledger SET version = 4"));
    await assert.rejects(second(), /a ledger of version 4, wanted 3/);
    await engine.transaction((sql) => sql.all("UPDATE ledger SET version = 3"));
  },

  "of one new granule in the same moment with two days, the later word takes it out of the former's part":
    async (
      engine,
      second,
    ) => {
      const [other, third] = [await second(), await second()];
      const words = [offer("a", DAY), offer("a", 3 * DAY)];
      const deletion = { sourceId: "source-b", at: 2 * DAY, collection: "C", id: "b" };
      const former = gate();
      const first = engine.transaction(async (sql) => {
        await registerOffers(sql, FEED, [words[0], offer("b", DAY)], 1);
        former.open();
        // A database that locks rows lets the other come as far as the row; one that locks all is not asked.
        if (engine.kind === "postgres") await waiting(sql, 2);
      });
      await former.passed;
      if (engine.kind === "sqlite") await first;
      const later = other.transaction((sql) => registerOffers(sql, FEED, [words[1]], 1));
      const gone = third.transaction((sql) => registerDeletions(sql, FEED, [deletion], 1));
      try {
        assert.deepEqual([await later, await gone, await first], [1, 1, undefined]);
        const parts = await engine.transaction((sql) =>
          sql.all("SELECT day, changes, moved FROM part ORDER BY day")
        );
        // The part of the first day changed three times: it took both in, lost one to another day, and one for good.
        assert.deepEqual([parts.map(({ day }) => day), parts[0].changes], [[0, 2], 3]);
        assert.ok(Number(parts[0].moved) > 1, JSON.stringify(parts));
        assert.deepEqual((await rowsOf(engine)).map(({ id, state }) => [id, state]), [["a", "live"], [
          "b",
          "deleted",
        ]]);
      } finally {
        await other.close();
        await third.close();
      }
    },
  "the usual silence is the 99th of a hundred of the feed's own gaps": async (engine) => {
    const usual = (stated?: number) => engine.transaction((sql) => usualSilence(sql, FEED, stated));
    const hear = (times: readonly number[]) =>
      engine.transaction(async (sql) => {
        await ensureFeed(sql, FEED, 0, "{}");
        await countGaps(sql, FEED, times);
        await stampFeed(sql, FEED, { pushed: times[times.length - 1] });
      });
    assert.equal(await usual(), null);
    assert.deepEqual(await usual(5000), { since: null, lengthMs: 5000 });
    // 198 gaps of 20 minutes, and among them one of an hour and one of a day, in batches of three.
    const minutes = [...Array(99).fill(20), 60, ...Array(99).fill(20), 1440];
    const times = minutes.reduce((all, gap) => [...all, all[all.length - 1] + gap * 60_000], [0]);
    for (let at = 0; at < times.length; at += 3) await hear(times.slice(at, at + 3));
    const silence = await usual();
    assert.equal(silence?.since, times[times.length - 1]);
    const length = (silence?.lengthMs ?? 0) / 60_000;
    assert.ok(length >= 20 && length < 20 * 2 ** 0.25 + 0.001, String(length));
    // Many notices at once make no silence of a second.
    for (let at = 0; at < 20; at += 1) {
      await hear(Array.from({ length: 1000 }, (_, i) => times[times.length - 1] + at * 1000 + i));
    }
    assert.equal((await usual())?.lengthMs, 600_000);
    const [{ gaps }] = await engine.transaction((sql) => sql.all("SELECT sum(gaps) AS gaps FROM push_gap"));
    assert.ok(Number(gaps) <= 11_000, "old counts fade");
  },
  "who reads does not wait for one that writes, and sees what was committed": async (engine, second) => {
    const written = gate(), read = gate();
    const writing = engine.transaction(async (sql) => {
      await ensureFeed(sql, FEED, 5, "{}");
      await registerOffers(sql, FEED, [offer("a", 10)], 1);
      written.open();
      await read.passed;
    });
    try {
      await written.passed;
      const other = await second();
      try {
        const status = await feedStatus(other, FEED, 1, undefined, 20);
        assert.deepEqual([status.watermark, status.days, status.tasks.waiting], [null, [], 0]);
        assert.deepEqual(await recentFootprints(other, FEED, 1, 10, 20), []);
        read.open();
        await writing;
        const [day] = (await feedStatus(other, FEED, 1, undefined, 20)).days;
        assert.deepEqual([day.kept, day.known], [1, 1]);
      } finally {
        await other.close();
      }
    } finally {
      read.open();
      await writing;
    }
  },
};

for (const [name, test] of Object.entries(SUITE)) {
  Deno.test(`SQLite: ${name}`, async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-ledger-"));
    const open = () => openLedger({ address: path.join(folder, "ledger.sqlite") });
    const engine = await open();
    try {
      await test(engine, open);
    } finally {
      await engine.close();
      fs.rmSync(folder, { recursive: true });
    }
  });
}

Deno.test({
  name: "PostgreSQL: the same suite",
  ignore: !HAS_POSTGRES,
  // The driver's timers end with its connections, not at once.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(context) {
    const server = await startPostgres();
    try {
      for (const [name, test] of Object.entries(SUITE)) {
        await context.step(name, async () => {
          const engine = await openLedger({ address: server.url });
          try {
            for (const table of ["granule", "task", "span", "inbox", "part", "feed", "push_gap"]) {
              await engine.transaction((sql) => sql.all(`DELETE FROM ${table}`));
            }
            await test(engine, () => openLedger({ address: server.url }));
          } finally {
            await engine.close();
          }
        });
      }
    } finally {
      await server.close();
    }
  },
});

Deno.test("a ledger opened for this process alone is refused to a second one", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-ledger-"));
  const address = path.join(folder, "ledger.sqlite");
  const engine = await openLedger({ address, exclusive: true });
  try {
    await assert.rejects(openLedger({ address, exclusive: true }), /locked/);
    assert.equal(fs.existsSync(`${address}-shm`), false);
  } finally {
    await engine.close();
    fs.rmSync(folder, { recursive: true });
  }
});

Deno.test("a damaged ledger is named, with what to do, by what reads and by what writes", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-ledger-"));
  const address = path.join(folder, "ledger.sqlite");
  try {
    const made = await openLedger({ address });
    const many = Array.from({ length: 500 }, (_, i) => offer(`a${i}`, i + 1));
    await made.transaction((sql) => registerOffers(sql, FEED, many, 1));
    await made.close();
    const bytes = fs.readFileSync(address);
    // All pages but the first, which says that it is a database.
    fs.writeFileSync(address, bytes.fill(0, 4096));
    const damaged = {
      tag: "io",
      message: /ledger\.sqlite: cannot use the ledger: .*damaged: bring back a copy/,
    };
    await assert.rejects(openLedger({ address }), damaged);
    fs.writeFileSync(address, "no database, but a text that is longer than the head of one".repeat(20));
    await assert.rejects(openLedger({ address }), damaged);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
