import assert from "node:assert/strict";
import { type Job, runJobs } from "../../../scripts/jobs.ts";

/** Jobs that note when they begin and end, and end in the order in which `finish` is called. */
function stage(specs: readonly [name: string, seconds: number][]) {
  const log: string[] = [];
  const endings = new Map<string, () => void>();
  const jobs = specs.map(([name, seconds]): Job => ({
    seconds,
    run: () => {
      log.push(`${name} begins`);
      return new Promise((resolve) => endings.set(name, resolve));
    },
  }));
  return {
    jobs,
    log,
    async finish(name: string): Promise<void> {
      endings.get(name)!();
      await new Promise((resolve) => setTimeout(resolve, 0));
    },
  };
}

Deno.test("the longest begin, those of unknown length before them, and no more at once than there are places", async () => {
  const { jobs, log, finish } = stage([["short", 1], ["long", 9], ["new", Infinity], ["middle", 5]]);
  const all = runJobs(jobs, 2);
  assert.deepEqual(log, ["new begins", "long begins"]);
  await finish("long");
  assert.deepEqual(log.slice(2), ["middle begins"]);
  await finish("new");
  assert.deepEqual(log.slice(3), ["short begins"]);
  await finish("short");
  await finish("middle");
  await all;
});

Deno.test("jobs of one length begin in their order, fewer than places all at once, and one that fails is reported", async () => {
  const { jobs, log, finish } = stage([["first", 2], ["second", 2]]);
  const all = runJobs(jobs, 3);
  assert.deepEqual(log, ["first begins", "second begins"]);
  await finish("second");
  await finish("first");
  await all;
  const failing: Job = { seconds: 1, run: () => Promise.reject(new Error("no such program")) };
  await assert.rejects(runJobs([failing], 1), /no such program/);
});
