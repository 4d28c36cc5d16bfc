import assert from "node:assert/strict";
import { GranaryError } from "../../../../core/errors.ts";
import { InlineSlots, type Slots } from "../../../../core/workers/slots.ts";
import {
  answerTask,
  type TaskAnswer,
  type TaskMessage,
  TaskQueue,
} from "../../../../core/workers/task_queue.ts";

type To = TaskMessage<string>;
type From = TaskAnswer<string>;

/** Slots that answer when they are asked to. */
class SlowSlots implements Slots<To, From> {
  onMessage: Slots<To, From>["onMessage"] = () => {};
  onCrash: Slots<To, From>["onCrash"] = () => {};
  readonly busy = new Map<number, To>();
  constructor(readonly slots: number) {}
  post(slot: number, message: To): void {
    assert.ok(!this.busy.has(slot), "one task at a time on a slot");
    this.busy.set(slot, message);
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
  leave(): void {}
}

Deno.test("tasks are answered each by itself, failures among them", async () => {
  const queue = new TaskQueue<string, string>(
    new InlineSlots(answerTask((task: string) => {
      if (task === "bad") throw new GranaryError("granule", "bad: cannot be read");
      return Promise.resolve(task.toUpperCase());
    })),
  );
  const results = await Promise.allSettled(["a", "bad", "c"].map((task) => queue.run(task)));
  assert.deepEqual(
    results.map((result) => result.status === "fulfilled" ? result.value : (result.reason as Error).message),
    ["A", "bad: cannot be read", "C"],
  );
  await queue.close();
});

Deno.test("no more tasks are under way than there are slots; an abort stops those to come", () => {
  const slots = new SlowSlots(3);
  const queue = new TaskQueue(slots);
  for (let i = 0; i < 7; i++) queue.run(`${i}`).catch(assert.fail);
  assert.equal(slots.busy.size, 3);
  assert.equal(queue.waiting, 4);
  return assert.rejects(queue.run("8", AbortSignal.abort(new Error("interrupted"))), /interrupted/);
});

Deno.test("when a slot dies every task ends with its reason, those that wait and those to come too", async () => {
  const slots = new SlowSlots(2);
  const queue = new TaskQueue(slots);
  const tasks = Array.from({ length: 5 }, (_, i) => queue.run(`${i}`));
  slots.onCrash(1, new GranaryError("io", "worker 1 ended with code 134"));
  for (const task of [...tasks, queue.run("6")]) await assert.rejects(task, /worker 1 ended/);
});
