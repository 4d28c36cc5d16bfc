/** Work done side by side in a few places: what takes longest begins, so that none is left alone at the end. */

export interface Job {
  /** Places that it takes while it runs: processes or threads that it keeps busy. */
  places: number;
  /** What it is expected to take; Infinity where that is not known. */
  seconds: number;
  run(): Promise<void>;
}

/** Runs all jobs in at most `places`; a job that is larger than that runs alone. */
export async function runJobs(jobs: readonly Job[], places: number): Promise<void> {
  const waiting = [...jobs].sort((a, b) => a.seconds === b.seconds ? 0 : b.seconds - a.seconds);
  const running = new Set<Promise<void>>();
  let free = places;
  while (waiting.length > 0 || running.size > 0) {
    for (let index = 0; index < waiting.length;) {
      const job = waiting[index];
      const taken = Math.min(job.places, places);
      if (taken > free) {
        index += 1;
        continue;
      }
      waiting.splice(index, 1);
      free -= taken;
      const done: Promise<void> = job.run().finally(() => {
        running.delete(done);
        free += taken;
      });
      running.add(done);
    }
    await Promise.race(running);
  }
}
