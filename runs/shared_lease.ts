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
  SILENT_HEARTBEATS,
} from "./lease.ts";

/** What a process does with a lease that it shares. */
export interface SharedLease {
  /**
   * Throws an input error where another run has taken the place after a silence of this process: its machine slept, say.
   * To be asked before what another would lose is written; it asks the place only after a silence.
   */
  mustBeHeld(): Promise<void>;
  /** Ends this process' heartbeat. */
  leave(): Promise<void>;
}

/** Of a place that another holds for the run, or that cannot be held. */
export const HELD_BY_OTHERS: SharedLease = {
  mustBeHeld: () => Promise.resolve(),
  leave: () => Promise.resolve(),
};

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
    if (found === undefined) return HELD_BY_OTHERS;
    mustBeOwn(target, found, options);
    const isHeld = !found.released && !found.shared && !isGone(found);
    if (isHeld) return HELD_BY_OTHERS;
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
  const seconds = options.heartbeatSeconds ?? HEARTBEAT_SECONDS;
  let { beat } = holder;
  let last: Promise<void> = Promise.resolve();
  // Of a clock that goes on while the machine sleeps.
  let shownAt = Date.now(), wasSilent = false;
  const listen = () => wasSilent ||= Date.now() - shownAt > SILENT_HEARTBEATS * seconds * 1000;
  const timer = setInterval(() => {
    beat += 1;
    // As with a lease of one's own: one that fails is no failure of the task.
    last = target.put(leaseKey(number), encodeHolder({ ...holder, beat })).then(() => {
      listen();
      shownAt = Date.now();
    }).catch(() => undefined);
  }, seconds * 1000);
  timer.unref?.();
  return {
    mustBeHeld: async () => {
      if (!listen()) return;
      const counts = await lastLease(target);
      if (counts?.holder !== undefined) mustBeOwn(target, counts.holder, options);
      wasSilent = false;
    },
    leave: async () => {
      clearInterval(timer);
      await last;
    },
  };
}
