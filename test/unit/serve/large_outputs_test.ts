import assert from "node:assert/strict";
import { Gate } from "../../../serve/http/gate.ts";
import { statedPixels } from "../../../serve/parameters/stated_pixels.ts";
import { PixelBudget } from "../../../serve/pixel_budget.ts";

const never = new AbortController().signal;

/** Whether a promise is fulfilled without anything else happening. */
async function isReady(promise: Promise<unknown>): Promise<boolean> {
  let ready = false;
  promise.then(() => ready = true, () => {});
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  return ready;
}

Deno.test("large requests leave half of the places to others, and wait for each other", async () => {
  const gate = new Gate(4, 100);
  const large = Array.from({ length: 10 }, () => gate.enter(never, true));
  const leave = await Promise.all(large.slice(0, 2));
  assert.equal(gate.inside, 2);
  assert.equal(await isReady(large[2]), false);

  const small = gate.enter(never);
  assert.equal(await isReady(small), true, "a small request waits for no large one");
  leave[0]();
  assert.equal(await isReady(large[2]), true);
  assert.equal(await isReady(large[3]), false);
});

Deno.test("a large request that is given up while it waits holds no place", async () => {
  const gate = new Gate(2, 100);
  const first = await gate.enter(never, true);
  const gone = new AbortController();
  const second = gate.enter(gone.signal, true);
  gone.abort(new Error("gone"));
  await assert.rejects(second, /gone/);
  first();
  assert.equal(await isReady(gate.enter(never, true)), true);

  // Given up in the queue for a place, after its turn among the large ones.
  const full = new Gate(1, 100);
  const only = await full.enter(never);
  const leaving = new AbortController();
  const waiting = full.enter(leaving.signal, true);
  assert.equal(await isReady(waiting), false);
  leaving.abort(new Error("gone"));
  await assert.rejects(waiting, /gone/);
  only();
  assert.equal(await isReady(full.enter(never, true)), true);
});

Deno.test("small outputs are made beside large ones, of which one at most goes beyond the budget", async () => {
  const budget = new PixelBudget(1 << 23);
  const done = await budget.acquire(4096 * 4096, never);
  assert.equal(await isReady(budget.acquire(2000 * 2000, never)), false);
  assert.equal(await isReady(budget.acquire(512 * 512, never)), true);
  done();
});

Deno.test("the pixels that a request asks for", () => {
  assert.equal(statedPixels({ path: { z: 1 }, query: {} }, 0), 0);
  assert.equal(statedPixels({ path: {}, query: { tilesize: 2048 } }, 0), 2048 ** 2);
  assert.equal(statedPixels({ path: { width: 30, height: 20 }, query: { max_size: 1024 } }, 0), 600);
  assert.equal(statedPixels({ path: {}, query: { max_size: 1000, width: 5 } }, 0), 1e6);
  assert.equal(statedPixels({ path: {}, query: { max_size: null } }, Infinity), Infinity);
});
