/** When a poll stops at the next page: its deadline has come, or it was asked to. */
export class Deadline {
  constructor(readonly at: number, readonly signal?: AbortSignal) {}

  get near(): boolean {
    return this.signal?.aborted === true || Date.now() >= this.at;
  }
}

export const NO_DEADLINE = new Deadline(Infinity);

/** Thrown between pages, when all that was read is committed. */
export class DeadlineCame extends Error {}
