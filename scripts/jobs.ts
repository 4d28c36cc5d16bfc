/** Work done side by side in a few places: what takes longest begins, so that none is left alone at the end. */

export interface Job {
  /** What it is expected to take; Infinity where that is not known. */
  seconds: number;
  run(): Promise<void>;
}

/** Runs all jobs, at most `atOnce` at a time. */
export async function runJobs(jobs: readonly Job[], atOnce: number): Promise<void> {
  const waiting = [...jobs].sort((a, b) => a.seconds === b.seconds ? 0 : b.seconds - a.seconds);
  const place = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) await job.run();
  };
  await Promise.all(Array.from({ length: atOnce }, place));
}
