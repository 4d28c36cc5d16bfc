import assert from "node:assert/strict";
import { watchEvery } from "../../../publish/watch.ts";

Deno.test("a watch runs at once and then by its clock, and ends with its signal", async () => {
  const end = new AbortController();
  const starts: number[] = [];
  await assert.rejects(
    watchEvery("1s", end.signal, () => {
      starts.push(performance.now());
      if (starts.length === 2) end.abort(new Error("enough"));
      return Promise.resolve();
    }),
    /enough/,
  );
  assert.equal(starts.length, 2);
  assert.ok(starts[1] - starts[0] >= 990, "the second waits for its time");
});

Deno.test("a run that fails for good ends the watch, and other times are refused", async () => {
  const { signal } = new AbortController();
  await assert.rejects(watchEvery("1h", signal, () => Promise.reject(new Error("bad"))), /bad/);
  for (const every of ["1", "0s", "h", "1w", "-1h"]) {
    await assert.rejects(watchEvery(every, signal, () => Promise.resolve()), /no time between runs/, every);
  }
});
