import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import fc from "fast-check";
import { shardOfRank } from "../../../../aggregate/plan/shards.ts";
import { GranaryError } from "../../../../core/errors.ts";
import type { SpillOutcome } from "../../../../aggregate/engine/contract.ts";
import { type Plan, planRun } from "../../../../aggregate/plan/plan.ts";
import { runSchedule } from "../../../../aggregate/schedule/schedule.ts";
import type {
  FailedGranule,
  ScheduleOptions,
  ScheduleWork,
} from "../../../../aggregate/schedule/schedule_work.ts";
import { drive, FakeExecutor, type FakeOptions } from "../engine/fake_executor.ts";
import { granuleRow, samplePipeline, selectionOf, wholeWork } from "../engine/sample_run.ts";

const SLAB = 4096;
const NEVER = { seconds: Infinity, share: 1 };

interface World {
  plan: Plan;
  slots: number;
  bytes: number[];
  segmentBytes: number;
  checkpoint: { seconds: number; share: number };
  picks: Iterator<number>;
}

const worlds: fc.Arbitrary<World> = fc.record({
  parents: fc.integer({ min: 1, max: 12 }),
  granules: fc.array(
    fc.record({
      size: fc.integer({ min: 1, max: 1e6 }),
      bytes: fc.integer({ min: 1, max: 300 }),
      mask: fc.nat(),
    }),
    { minLength: 1, maxLength: 25 },
  ),
  slots: fc.integer({ min: 1, max: 4 }),
  slabsOfMemory: fc.integer({ min: 4, max: 40 }),
  checkpoint: fc.constantFrom(NEVER, { seconds: 0, share: 0.3 }, { seconds: 0, share: 0 }),
  picks: fc.infiniteStream(fc.nat(1000)),
}).map(({ parents, granules, slots, slabsOfMemory, checkpoint, picks }) => ({
  plan: planOf(parents, granules),
  slots,
  bytes: granules.map(({ bytes }) => 8 * bytes),
  segmentBytes: slabsOfMemory * SLAB,
  checkpoint,
  picks,
}));

/** Two parents a shard; bit `rank` of a granule's mask says that it needs the parent. */
function planOf(parents: number, granules: readonly { size: number; mask: number }[]): Plan {
  const ids = Array.from({ length: parents }, (_, i) => 3 * i);
  return planRun(
    selectionOf(
      ids,
      granules.map(({ size, mask }, g) => {
        const ranks = ids.map((_, rank) => rank).filter((rank) => mask >> rank & 1);
        return {
          row: granuleRow(`${String(g).padStart(4, "0")}.h5`, { size_bytes: size }),
          ranks: ranks.length === 0 ? [0] : ranks,
        };
      }),
    ),
    samplePipeline({ shard: 2 }),
  );
}

/** Runs a world's schedule, holds it to what every run must keep, and gives back what happened. */
async function run(
  world: World,
  extra: {
    work?: ScheduleWork;
    options?: Partial<ScheduleOptions>;
    fails?: FakeOptions["fails"];
    inMemory?: FakeOptions["inMemory"];
    each?: () => void;
  } = {},
) {
  const { plan, slots, bytes } = world;
  const shardOf = shardOfRank(plan.store);
  const executor = new FakeExecutor({
    slots,
    slabBytes: SLAB,
    shardOf,
    bytesOf: (g) => bytes[g % bytes.length],
    fails: extra.fails,
    inMemory: extra.inMemory,
  });
  let files = 0;
  const saved: { outcome: SpillOutcome; granules: { granule: number; shards: number[] }[] }[] = [];
  const failed: FailedGranule[] = [];
  const scattered: number[] = [], reduced: number[] = [];
  const result = await drive(
    executor,
    runSchedule(plan, extra.work ?? wholeWork(plan), executor, {
      locate: (granule) => ({ kind: "local", url: `${granule}.h5` }),
      checkpoint: world.checkpoint,
      segmentBytes: world.segmentBytes,
      nextSpillFile: () => `${files++}.runs`,
      onError: "report",
      onScattered: ({ granule }) => void scattered.push(granule),
      onFailed: (failure) => void failed.push(failure),
      onSpilled: async (outcome, granules) => {
        await new Promise((resolve) => setImmediate(resolve));
        saved.push({ outcome, granules: granules.map(({ granule, shards }) => ({ granule, shards })) });
      },
      onReduced: async ({ shard }) => {
        await new Promise((resolve) => setImmediate(resolve));
        reduced.push(shard);
      },
      ...extra.options,
    }),
    world.picks,
    extra.each,
  );
  // A record that says that a spill file has a granule's part of a shard must be right.
  for (const { outcome, granules } of saved) {
    for (const { granule, shards } of granules) {
      for (const shard of shards) {
        const groups = outcome.entries.filter((entry) => entry.granule === granule && entry.shard === shard);
        assert.deepEqual(
          groups.map(({ group }) => group).sort(),
          [0, 1],
          "a record tells of what is in the file",
        );
      }
    }
  }
  assert.equal(result.spills, executor.files.size);
  return { executor, result, saved, failed, scattered, reduced };
}

/** The segments of a shard when every granule but some was read. */
function expectedSegments(plan: Plan, s: number, without: ReadonlySet<number>): string[] {
  return plan.shards[s].granules.filter((g) => !without.has(g)).flatMap((g) => [`${g}/0`, `${g}/1`]).sort();
}

Deno.test("every granule is scattered once and every shard reduced once, with all of its segments", async () => {
  await fc.assert(
    fc.asyncProperty(worlds, async (world) => {
      const { plan } = world;
      const { executor, result, scattered, reduced } = await run(world);
      const all = plan.granules.map((_, g) => g);
      assert.deepEqual([...executor.scattered].sort((a, b) => a - b), all);
      assert.deepEqual([...scattered].sort((a, b) => a - b), all);
      assert.deepEqual([...reduced].sort((a, b) => a - b), plan.shards.map(({ index }) => index));
      plan.shards.forEach(({ index }, s) => {
        assert.deepEqual(executor.reduced.get(index), expectedSegments(plan, s, new Set()));
      });
      assert.deepEqual([result.failed, result.left], [[], []]);
    }),
    { seed: 40, numRuns: 120 },
  );
});

/** One granule of many shards, whose parts are of one size. */
function manyShards(shards: number): World {
  const plan = planRun(
    selectionOf(
      Array.from({ length: 2 * shards }, (_, i) => 3 * i),
      [{
        row: granuleRow("0000.h5", { size_bytes: 1 }),
        ranks: Array.from({ length: 2 * shards }, (_, i) => i),
      }],
    ),
    samplePipeline({ shard: 2 }),
  );
  return {
    plan,
    slots: 2,
    bytes: [8],
    segmentBytes: 1e9,
    checkpoint: NEVER,
    picks: function* () {
      while (true) yield 0;
    }(),
  };
}

Deno.test("fewer shards wait to be durable where objects or values of them are in memory than where all is in files", async () => {
  for (const [inMemory, most] of [["objects", 8], ["values", 8], [undefined, 32]] as const) {
    let waiting = 0, mostWaiting = 0;
    await run(manyShards(50), {
      inMemory,
      options: {
        onReduced: async () => {
          mostWaiting = Math.max(mostWaiting, ++waiting);
          for (let turn = 0; turn < 45; turn++) await new Promise((resolve) => setImmediate(resolve));
          waiting -= 1;
        },
      },
    });
    // One slot may be at work when the other's shard is the last that may wait.
    assert.ok(mostWaiting >= most && mostWaiting <= most + 1, `${mostWaiting} waited`);
  }
});

Deno.test("once all granules are in, the largest shards are reduced first", async () => {
  const sizes = [3, 1, 6, 2, 5, 4];
  const { plan, picks } = manyShards(sizes.length);
  const executor = new FakeExecutor({
    slots: 1,
    slabBytes: SLAB,
    shardOf: shardOfRank(plan.store),
    bytesOf: (_, shard) => 8 * sizes[shard],
  });
  const schedule = runSchedule(plan, wholeWork(plan), executor, {
    locate: (granule) => ({ kind: "local", url: `${granule}.h5` }),
    checkpoint: NEVER,
    segmentBytes: 1e9,
    nextSpillFile: () => "none.runs",
    onError: "report",
  });
  await drive(executor, schedule, picks);
  assert.deepEqual([...executor.reduced.keys()], [2, 4, 5, 0, 3, 1]);
});

Deno.test("memory over half its budget is spilled, and stays near the budget", async () => {
  await fc.assert(
    fc.asyncProperty(worlds, async (world) => {
      const { plan, bytes, slots, segmentBytes } = world;
      const { result } = await run({ ...world, checkpoint: NEVER });
      const own = plan.granules.map((_, g) =>
        2 * plan.shards.filter((s) => s.granules.includes(g)).length * bytes[g]
      );
      const total = own.reduce((sum, n) => sum + n, 0);
      // Each slot may hold a slab that it has only begun, and a granule that began when there was room.
      const slack = slots * (2 * SLAB + 2 * Math.max(...own));
      assert.ok(
        result.peakSegmentBytes <= segmentBytes + slack,
        `${result.peakSegmentBytes} of ${segmentBytes}`,
      );
      if (total < segmentBytes / 2 - slots * 2 * SLAB - slack) assert.equal(result.spills, 0);
      if (total > 4 * segmentBytes + 4 * slack) assert.ok(result.spills > 0);
    }),
    { seed: 41, numRuns: 80 },
  );
});

const io = new GranaryError("io", "reset by peer");
const broken = new GranaryError("granule", "not HDF5");

Deno.test("faults of the way are tried again once, faults of the bytes are not; shards go on without them", async () => {
  await fc.assert(
    fc.asyncProperty(worlds, fc.integer({ min: 2, max: 5 }), async (world, every) => {
      const { plan } = world;
      const kind = (g: number) => g % every === 0 ? ["once", "always", "broken"][(g / every) % 3] : "sound";
      // A world of which nothing can be read has an end of its own, below.
      fc.pre(plan.granules.length > 1);
      const { executor, result, failed } = await run(world, {
        fails: (g, tries) =>
          kind(g) === "broken"
            ? broken
            : kind(g) === "always" || kind(g) === "once" && tries === 1
            ? io
            : undefined,
      });
      plan.granules.forEach((_, g) => {
        assert.equal(executor.tries.get(g), { once: 2, always: 2, broken: 1, sound: 1 }[kind(g)]);
      });
      const lost = plan.granules.map((_, g) => g).filter((g) => kind(g) === "always" || kind(g) === "broken");
      const numbers = (list: readonly FailedGranule[]) =>
        list.map(({ granule }) => granule).sort((a, b) => a - b);
      assert.deepEqual(numbers(failed), lost);
      assert.deepEqual(numbers(result.failed), lost);
      plan.shards.forEach(({ index }, s) => {
        assert.deepEqual(executor.reduced.get(index), expectedSegments(plan, s, new Set(lost)));
      });
    }),
    { seed: 42, numRuns: 60 },
  );
});

/** Twenty granules over four shards, two slots. */
function plainWorld(): World {
  return {
    plan: planOf(8, Array.from({ length: 20 }, (_, g) => ({ size: 1000 + g, mask: 0b1101_0110 >> g % 3 }))),
    slots: 2,
    bytes: [800],
    segmentBytes: 1e6,
    checkpoint: NEVER,
    picks: (function* () {
      for (let i = 0;; i++) yield i * 7;
    })(),
  };
}

Deno.test("granules that all fail alike end the run early, before anything is written", async () => {
  const reasons: [GranaryError, number, RegExp, string][] = [
    [
      new GranaryError("granule", "g: /gt1l/heights is not there"),
      8,
      /first 8 granules all fail alike/,
      "input",
    ],
    [io, 4, /none of the first 4 granules could be reached/, "io"],
  ];
  for (const [error, most, message, tag] of reasons) {
    let tried = 0;
    await assert.rejects(
      run(plainWorld(), {
        fails: (_, tries) => {
          if (tries === 1) tried += 1;
          return error;
        },
        options: { onReduced: () => assert.fail("a shard was written") },
      }),
      (thrown: unknown) =>
        thrown instanceof GranaryError && thrown.tag === tag && message.test(thrown.message),
    );
    // Two slots: the second may be under way when the last one fails.
    assert.ok(tried <= most + 2, String(tried));
  }
});

Deno.test("granules that all fail, each in its own way, leave nothing written", async () => {
  await assert.rejects(
    run(plainWorld(), {
      fails: (g) => new GranaryError("granule", `cut at ${"x".repeat(g + 1)}`),
      options: { onReduced: () => assert.fail("a shard was written") },
    }),
    (thrown: unknown) =>
      thrown instanceof GranaryError && thrown.tag === "granule" &&
      /none of 20 granules could be read/.test(thrown.message),
  );
});

Deno.test("one granule that is read makes the failures of others their own", async () => {
  const { failed } = await run(plainWorld(), { fails: (g) => g === 19 ? undefined : broken });
  assert.equal(failed.length, 19);
});

Deno.test("a granule error that a retry can help is tried again", async () => {
  const passing = new GranaryError("granule", "a short read", { details: { retry: true } });
  const { executor, failed } = await run(plainWorld(), {
    fails: (g, tries) => g === 3 && tries === 1 ? passing : undefined,
  });
  assert.deepEqual([executor.tries.get(3), failed], [2, []]);
});

Deno.test("a shard is reduced as soon as its granules are in, before the next granule is read", async () => {
  const granules = Array.from({ length: 12 }, (_, g) => ({ size: 1000, mask: 3 << 2 * (g % 3) }));
  const world = {
    ...plainWorld(),
    plan: planOf(6, granules),
    slots: 1,
    segmentBytes: 1e6,
    checkpoint: NEVER,
  };
  const { executor } = await run(world);
  const order = executor.posted.map(({ type }) => type);
  const shard = [...Array(4).fill("scatter"), "reduce"];
  assert.deepEqual(order, [...shard, ...shard, ...shard]);
});

for (
  const [what, error, onError] of [
    ["a refused credential", new GranaryError("credential", "expired"), "report"],
    ["a bug", new Error("undefined is not a function"), "report"],
    ["the first failure where failures are not wanted", broken, "fail"],
  ] as const
) {
  Deno.test(`${what} ends the run with its own words`, async () => {
    await assert.rejects(
      run(plainWorld(), { fails: (g) => g === 12 ? error as GranaryError : undefined, options: { onError } }),
      (thrown: unknown) => thrown instanceof Error && thrown.message === error.message,
    );
  });
}

Deno.test("an abort ends the run with its reason, and nothing more is begun", async () => {
  const world = plainWorld();
  const controller = new AbortController();
  const reason = new GranaryError("interrupted", "interrupted by SIGINT");
  let begun = 0, after = 0;
  await assert.rejects(
    run(world, {
      options: {
        signal: controller.signal,
        locate: (granule) => {
          begun += 1;
          if (controller.signal.aborted) after += 1;
          return { kind: "local", url: `${granule}.h5` };
        },
      },
      each: () => {
        if (begun === 6) controller.abort(reason);
      },
    }),
    reason,
  );
  assert.equal(after, 0);
  assert.ok(begun < 20);
});

Deno.test("a run that is aborted before it begins posts nothing", async () => {
  const { plan } = plainWorld();
  const executor = new FakeExecutor({ slots: 1, slabBytes: SLAB, shardOf: () => 0, bytesOf: () => 8 });
  const options: ScheduleOptions = {
    locate: () => assert.fail("no granule is begun"),
    checkpoint: NEVER,
    segmentBytes: 1e6,
    nextSpillFile: () => "0.runs",
    onError: "report",
    signal: AbortSignal.abort(new GranaryError("interrupted", "early")),
  };
  await assert.rejects(runSchedule(plan, wholeWork(plan), executor, options), /early/);
  assert.deepEqual(executor.posted, []);
});

Deno.test("a slot that dies, and a commit that fails, end the run", async () => {
  const world = plainWorld();
  const executor = new FakeExecutor({
    slots: 2,
    slabBytes: SLAB,
    shardOf: shardOfRank(world.plan.store),
    bytesOf: () => 8,
  });
  const options: ScheduleOptions = {
    locate: (granule) => ({ kind: "local", url: `${granule}.h5` }),
    checkpoint: NEVER,
    segmentBytes: 1e6,
    nextSpillFile: () => "0.runs",
    onError: "report",
  };
  const dying = runSchedule(world.plan, wholeWork(world.plan), executor, options);
  executor.onCrash(1, new GranaryError("io", "worker 1 ended with code 134 (out of memory?)"));
  await assert.rejects(dying, /worker 1 ended/);
  await assert.rejects(
    run(plainWorld(), {
      options: { onReduced: () => Promise.reject(new GranaryError("io", "the disk is full")) },
    }),
    /the disk is full/,
  );
  await assert.rejects(
    run(plainWorld(), {
      options: {
        checkpoint: { seconds: 0, share: 0.2 },
        onSpilled: () => Promise.reject(new GranaryError("io", "the scratch disk is full")),
      },
    }),
    /the scratch disk is full/,
  );
});

Deno.test("a checkpoint saves what is scattered each time its share is reached, and not before", async () => {
  const saves = async (share: number) =>
    (await run({ ...plainWorld(), checkpoint: { seconds: 0, share } })).result.spills;
  assert.equal(await saves(1.1), 0);
  const quarterly = await saves(0.25);
  assert.ok(quarterly >= 2 && quarterly <= 4, `${quarterly} spills`);
  assert.equal((await run({ ...plainWorld(), checkpoint: { seconds: 3600, share: 0 } })).result.spills, 0);
});

Deno.test("while a checkpoint is being written no more than another one is read", async () => {
  const granules = Array.from({ length: 100 }, (_, g) => ({ size: 1000 + g % 7 * 40, mask: 1 << g % 8 }));
  for (const slots of [2, 5]) {
    const world = { ...plainWorld(), plan: planOf(8, granules), slots, bytes: [80] };
    const executor = new FakeExecutor({
      slots,
      slabBytes: SLAB,
      shardOf: shardOfRank(world.plan.store),
      bytesOf: () => 80,
    });
    const saved = new Set<number>();
    let files = 0, most = 0;
    // A disk that is slower than all else: a spill is answered only when nothing else waits.
    const slowDisk: Iterator<number> = {
      next: () => {
        const working = executor.busySlots();
        const other = working.findIndex(([, type]) => type !== "spill");
        return { value: Math.max(0, other), done: false };
      },
    };
    await drive(
      executor,
      runSchedule(world.plan, wholeWork(world.plan), executor, {
        locate: (granule) => ({ kind: "local", url: `${granule}.h5` }),
        checkpoint: { seconds: 0, share: 0.02 },
        segmentBytes: 1e6,
        nextSpillFile: () => `${files++}.runs`,
        onError: "report",
        onScattered: () => {
          most = Math.max(most, executor.scattered.filter((granule) => !saved.has(granule)).length);
        },
        onSpilled: (_, granules) => granules.forEach(({ granule }) => saved.add(granule)),
      }),
      slowDisk,
    );
    assert.equal(executor.scattered.length, 100);
    // Two in the file that is being written, and two since, or one that each of the other slots had begun.
    assert.ok(most <= 2 + Math.max(2, slots - 1), `${most} unsaved with ${slots} slots`);
  }
});

Deno.test("with everything to be saved, spill files hold every segment once and nothing is reduced", async () => {
  await fc.assert(
    fc.asyncProperty(worlds, async (world) => {
      const { plan } = world;
      const work = { ...wholeWork(plan), shards: [], saveAll: true };
      const { executor, saved } = await run(world, { work });
      const held = [...executor.files.values()].flat().map(({ shard, granule, group }) =>
        `${shard} ${granule}/${group}`
      );
      const expected = plan.shards.flatMap(({ index }, s) =>
        expectedSegments(plan, s, new Set()).map((segment) => `${index} ${segment}`)
      );
      assert.deepEqual(held.sort(), expected.sort());
      assert.equal(executor.reduced.size, 0);
      const recorded = saved.flatMap(({ granules }) => granules.map(({ granule }) => granule));
      assert.deepEqual(recorded.sort((a, b) => a - b), plan.granules.map((_, g) => g));
    }),
    { seed: 43, numRuns: 60 },
  );
});

Deno.test("when time is up no granule is begun, and what was begun is saved", async () => {
  const world = plainWorld();
  const { plan } = world;
  const enough = new AbortController();
  let begun = 0;
  const { executor, result, saved } = await run(world, {
    work: { ...wholeWork(plan), shards: [], saveAll: true },
    options: {
      enough: enough.signal,
      locate: (granule) => {
        begun += 1;
        return { kind: "local", url: `${granule}.h5` };
      },
    },
    each: () => {
      if (begun >= 7) enough.abort();
    },
  });
  const recorded = saved.flatMap(({ granules }) => granules.map(({ granule }) => granule));
  assert.deepEqual([...recorded].sort(), [...executor.scattered].sort());
  assert.ok(result.left.length > 0);
  assert.deepEqual([...recorded, ...result.left].sort((a, b) => a - b), plan.granules.map((_, g) => g));
});

Deno.test("a part of the work is done with the spill files of an earlier run", async () => {
  const { plan } = plainWorld();
  const first = await run(plainWorld(), { work: { ...wholeWork(plan), shards: [], saveAll: true } });
  const [[file, entries]] = [...first.executor.files];
  const [{ outcome }] = first.saved;
  // Of shard 0 the file knows granules below 10; of the others nothing is used.
  const known = outcome.entries.filter(({ shard, granule }) => shard === 0 && granule < 10);
  const world = plainWorld();
  const executor = new FakeExecutor({
    slots: 2,
    slabBytes: SLAB,
    shardOf: shardOfRank(plan.store),
    bytesOf: () => 800,
  });
  executor.files.set(file, entries);
  const end = known.at(-1)!;
  const part = {
    shard: 0,
    location: { kind: "local" as const, url: file },
    offset: known[0].offset,
    bytes: end.offset + end.bytes - known[0].offset,
    entries: known.map(({ granule, group, offset }) => ({ granule, group, offset })),
  };
  const fresh = plan.shards[0].granules.filter((granule) => granule >= 10);
  const work = {
    granules: fresh.map((granule) => ({ granule, ranks: plan.ranks[granule].filter((rank) => rank < 2) })),
    shards: [0],
    parts: [part],
  };
  await drive(
    executor,
    runSchedule(plan, work, executor, {
      locate: (granule) => ({ kind: "local", url: `${granule}.h5` }),
      checkpoint: NEVER,
      segmentBytes: 1e6,
      nextSpillFile: () => "later.runs",
      onError: "report",
    }),
    world.picks,
  );
  assert.deepEqual([...executor.scattered].sort(), fresh.map(Number).sort());
  assert.deepEqual([...executor.reduced], [[0, expectedSegments(plan, 0, new Set())]]);
});
