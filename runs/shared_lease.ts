/**
 * A lease held by the processes that do tasks of one run, as many as there are: each shows by its heartbeat that the run
 * lives. None of them knows whether it is the last, so another run takes the lease when they have been silent long enough.
 */
import type { ObjectTarget } from "../core/access/object_target.ts";
import {
  describeSelf,
  encodeHolder,
  HEARTBEAT_SECONDS,
  isGone,
  lastLease,
  leaseKey,
  type LeaseOptions,
  mustBeOwn,
} from "./lease.ts";

/** What a process does with a lease that it shares. */
export interface SharedLease {
  /** Ends this process' heartbeat. */
  leave(): Promise<void>;
}

/**
 * Shares the lease of the run's place for a task. Throws an input error where another run has taken the place since the
 * run was laid out. A process or a batch job that holds the run shows by itself that it lives.
 */
export async function shareLease(target: ObjectTarget, options: LeaseOptions): Promise<SharedLease> {
  for (;;) {
    const last = await lastLease(target);
    const holder = { ...describeSelf(options), shared: true };
    if (last === undefined) {
      if (await target.putNew(leaseKey(1), encodeHolder(holder))) return beating(target, 1, holder, options);
      continue;
    }
    const { number, text, holder: found } = last;
    if (text === undefined) continue; // removed since it was listed: another takes it
    if (found === undefined) return { leave: () => Promise.resolve() };
    mustBeOwn(target, found, options);
    const isHeld = !found.released && !found.shared && !isGone(found);
    if (isHeld) return { leave: () => Promise.resolve() };
    await target.put(leaseKey(number), encodeHolder({ ...holder, beat: found.beat + 1 }));
    return beating(target, number, { ...holder, beat: found.beat + 1 }, options);
  }
}

function beating(
  target: ObjectTarget,
  number: number,
  holder: ReturnType<typeof describeSelf>,
  options: LeaseOptions,
): SharedLease {
  let { beat } = holder;
  let last: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    beat += 1;
    // As with a lease of one's own: one that fails is no failure of the task.
    last = target.put(leaseKey(number), encodeHolder({ ...holder, beat })).catch(() => undefined);
  }, (options.heartbeatSeconds ?? HEARTBEAT_SECONDS) * 1000);
  timer.unref?.();
  return {
    leave: async () => {
      clearInterval(timer);
      await last;
    },
  };
}
