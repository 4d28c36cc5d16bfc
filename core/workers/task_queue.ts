/** A queue of independent tasks over worker slots: each is a promise. */
import { deserializeError, type SerializedError, serializeError } from "../errors.ts";
import type { Slots } from "./slots.ts";

export interface TaskMessage<Task> {
  id: number;
  task: Task;
}

export type TaskAnswer<Outcome> =
  | { id: number; outcome: Outcome; error: null }
  | { id: number; outcome: null; error: SerializedError };

/** The worker's half: does a task and turns its failure into an answer. */
export function answerTask<Task, Outcome>(
  work: (task: Task) => Promise<Outcome>,
): (message: TaskMessage<Task>) => Promise<TaskAnswer<Outcome>> {
  return async ({ id, task }) => {
    try {
      return { id, outcome: await work(task), error: null };
    } catch (error) {
      return { id, outcome: null, error: serializeError(error) };
    }
  };
}

interface Waiting<Task, Outcome> {
  task: Task;
  resolve: (outcome: Outcome) => void;
  reject: (error: Error) => void;
}

export class TaskQueue<Task, Outcome> {
  readonly #idle: number[];
  #queue: Waiting<Task, Outcome>[] = [];
  readonly #underWay = new Map<number, Waiting<Task, Outcome>>();
  #serial = 0;
  #crash: Error | undefined;

  constructor(readonly slots: Slots<TaskMessage<Task>, TaskAnswer<Outcome>>) {
    this.#idle = Array.from({ length: slots.slots }, (_, slot) => slot);
    slots.onMessage = (slot, message) => this.#answered(slot, message);
    slots.onCrash = (_slot, error) => this.#fail(error);
  }

  /** Does a task when a slot is free. Rejects with the task's error, or the signal's reason before it began. */
  run(task: Task, signal?: AbortSignal): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      if (this.#crash !== undefined) return reject(this.#crash);
      if (signal?.aborted) return reject(signal.reason);
      this.#queue.push({ task, resolve, reject });
      this.#feed();
    });
  }

  /** Tasks that wait for a slot. */
  get waiting(): number {
    return this.#queue.length;
  }

  close(): Promise<void> {
    return this.slots.close();
  }

  #feed(): void {
    while (this.#idle.length > 0 && this.#queue.length > 0) {
      const waiting = this.#queue.shift()!;
      const id = this.#serial++;
      this.#underWay.set(id, waiting);
      this.slots.post(this.#idle.pop()!, { id, task: waiting.task });
    }
  }

  #answered(slot: number, answer: TaskAnswer<Outcome>): void {
    const waiting = this.#underWay.get(answer.id);
    this.#underWay.delete(answer.id);
    this.#idle.push(slot);
    if (answer.error === null) waiting?.resolve(answer.outcome);
    else waiting?.reject(deserializeError(answer.error));
    this.#feed();
  }

  #fail(error: Error): void {
    this.#crash = error;
    for (const { reject } of [...this.#underWay.values(), ...this.#queue]) reject(error);
    this.#underWay.clear();
    this.#queue = [];
  }
}
