import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Worker } from "node:worker_threads";
import { ThreadSlots } from "../../../../core/workers/slots.ts";

/** A thread that only counts how often it is ended, and then says so. */
class FakeThread extends EventEmitter {
  ended = 0;

  terminate(): Promise<number> {
    this.ended += 1;
    this.emit("exit", 1);
    return Promise.resolve(1);
  }
}

function slotsOf(thread: FakeThread): { slots: ThreadSlots<unknown, unknown>; crashes: Error[] } {
  const slots = new ThreadSlots<unknown, unknown>(1, () => thread as unknown as Worker);
  const crashes: Error[] = [];
  slots.onCrash = (_slot, error) => crashes.push(error);
  return { slots, crashes };
}

Deno.test("threads that are closed are ended once, and their end is no crash", async () => {
  const thread = new FakeThread();
  const { slots, crashes } = slotsOf(thread);
  await Promise.all([slots.close(), slots.close()]);
  assert.equal(thread.ended, 1);
  assert.deepEqual(crashes, []);
});

Deno.test("threads that are left are not ended, not even when they are closed, and their end is no crash", async () => {
  const thread = new FakeThread();
  const { slots, crashes } = slotsOf(thread);
  slots.leave();
  await slots.close();
  assert.equal(thread.ended, 0);
  thread.emit("exit", 0);
  assert.deepEqual(crashes, []);
});

Deno.test("a thread that ends by itself is a crash", () => {
  const thread = new FakeThread();
  const { crashes } = slotsOf(thread);
  thread.emit("exit", 1);
  assert.match(crashes[0].message, /worker 0 ended with code 1/);
});
