// deno-lint-ignore-file no-control-regex
import assert from "node:assert/strict";
import {
  createProgress,
  createProgressRecords,
  progressInterval,
  progressText,
} from "../../../../cli/io/progress.ts";

/** A progress over a clock that the test turns. */
function watched(animate: boolean, total: number | null = 100) {
  let clock = 0;
  const written: string[] = [];
  const progress = createProgress({
    label: "scatter",
    total,
    unit: "granules",
    animate,
    write: (text) => written.push(text),
    now: () => clock,
  });
  return { progress, written, at: (ms: number) => clock = ms };
}

Deno.test("a line tells the count, the share, the rate and the time left", () => {
  const base = { label: "reduce", unit: "shards", note: "" };
  assert.equal(
    progressText({ ...base, total: 200, done: 50, rate: 5 }),
    "reduce: 50 of 200 shards (25%), 5.0 a second, 30s left",
  );
  assert.equal(progressText({ ...base, total: null, done: 1234, rate: 0 }), "reduce: 1,234 shards");
  assert.equal(
    progressText({ ...base, total: 4, done: 4, rate: 0.05, note: "2 failed" }),
    "reduce: 4 of 4 shards (100%), 3.0 a minute, 2 failed",
  );
});

Deno.test("off a terminal a plain line comes every ten seconds and at the end, never an escape", () => {
  const { progress, written, at } = watched(false);
  for (let second = 0; second <= 25; second++) {
    at(second * 1000);
    progress.update(second);
  }
  assert.equal(written.length, 2);
  progress.end();
  assert.equal(written.length, 3);
  assert.equal(written[2], "scatter: 25 granules in 25s\n");
  for (const line of written) assert.match(line, /^[^\r\x1b]*\n$/);
});

Deno.test("on a terminal the line is redrawn at most ten times a second", () => {
  const { progress, written, at } = watched(true);
  for (let ms = 0; ms < 1000; ms += 10) {
    at(ms);
    progress.update(ms);
  }
  assert.ok(written.length >= 9 && written.length <= 11, `${written.length}`);
  for (const line of written) assert.match(line, /^\r.*\x1b\[K$/);
  progress.end();
  assert.match(written.at(-1)!, /\n$/);
});

Deno.test("the rate is that of the last while, not of a slow start", () => {
  const { progress, written, at } = watched(true, 10_000);
  at(60_000);
  progress.update(0);
  for (let second = 61; second <= 100; second++) {
    at(second * 1000);
    progress.update((second - 60) * 100);
  }
  assert.match(written.at(-1)!, /\b(9[5-9]\.\d|100|10[0-5]) a second/);
});

Deno.test("after the end nothing more is written", () => {
  const { progress, written } = watched(true);
  progress.end();
  const before = written.length;
  progress.update(5);
  progress.end();
  assert.equal(written.length, before);
});

Deno.test("for programs a record comes at most once an interval, and at the end", () => {
  let clock = 0;
  const records: unknown[] = [];
  const progress = createProgressRecords({
    label: "scatter",
    total: 4,
    unit: "granules",
    lineMs: 1000,
    now: () => clock,
    write: (record) => records.push(record),
  });
  for (const ms of [0, 500, 1000, 1500, 2500]) {
    clock = ms;
    progress.update(ms / 1000);
  }
  progress.end();
  progress.end();
  const record = (done: number) => ({ label: "scatter", done, total: 4, unit: "granules" });
  assert.deepEqual(records, [record(1), record(2.5), record(2.5)]);
});

Deno.test("the interval is what the environment says in seconds, and nothing for what is no number", () => {
  const of = (text?: string) => progressInterval({ GRANARY_PROGRESS_SECONDS: text });
  assert.deepEqual([of(), of(""), of("soon"), of("-1"), of("2"), of("0")], [
    undefined,
    undefined,
    undefined,
    undefined,
    2000,
    100,
  ]);
});
