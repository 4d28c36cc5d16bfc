import assert from "node:assert/strict";
import { type Job, runJobs } from "../../../scripts/jobs.ts";

/** Jobs that note when they begin and end, and end in the order in which `finish` is called. */
function stage(specs: readonly [name: string, places: number, seconds: number][]) {
  const log: string[] = [];
  const endings = new Map<string, () => void>();
  const jobs = specs.map(([name, places, seconds]): Job => ({
    places,
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
  const { jobs, log, finish } = stage([["short", 1, 1], ["long", 1, 9], ["new", 1, Infinity], [
    "middle",
    1,
    5,
  ]]);
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

Deno.test("a job that takes several places leaves the others to those that fit", async () => {
  const { jobs, log, finish } = stage([["wide", 2, 9], ["other", 2, 8], ["small", 1, 1]]);
  const all = runJobs(jobs, 3);
  assert.deepEqual(log, ["wide begins", "small begins"]);
  await finish("small");
  assert.equal(log.length, 2);
  await finish("wide");
  assert.deepEqual(log.slice(2), ["other begins"]);
  await finish("other");
  await all;
});

Deno.test("a job of more places than there are runs, and one that fails is reported", async () => {
  let ran = false;
  await runJobs([{
    places: 4,
    seconds: 1,
    run: () => {
      ran = true;
      return Promise.resolve();
    },
  }], 1);
  assert.ok(ran);
  const failing: Job = { places: 1, seconds: 1, run: () => Promise.reject(new Error("no such program")) };
  await assert.rejects(runJobs([failing], 1), /no such program/);
});
