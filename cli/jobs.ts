/** The kinds of jobs that this program does, each loaded when first it is needed. */
import type { JobKinds } from "../runs/job.ts";

export const JOB_KINDS: JobKinds = {
  aggregate: async () => (await import("../aggregate/job.ts")).aggregateJob,
  publish: async () => (await import("../publish/job.ts")).publishJob,
};
