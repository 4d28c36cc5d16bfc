/** A run that is held by Slurm jobs: who they are, and whether they live. */
import process from "node:process";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import { Lease, type LeaseOptions } from "../lease.ts";
import { taskStates } from "./slurm_commands.ts";

const PREFIX = "slurm:";

/** What a lease says of the jobs that hold it. */
export function leaseOfJobs(jobs: readonly string[]): string {
  return PREFIX + jobs.join(",");
}

/** Takes a run's lease, after batch jobs that are gone, and as the last of those that hold it. */
export function takeLease(target: ObjectTarget, options: LeaseOptions = {}): Promise<Lease> {
  return Lease.take(target, { ...jobLeaseOptions(), ...options });
}

/** What a lease needs to know of batch jobs: to be taken after them, and by the last of them. */
function jobLeaseOptions(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Pick<LeaseOptions, "jobAlive" | "ownJob"> {
  return {
    jobAlive: async (job) => {
      const states = job.startsWith(PREFIX) ? await taskStates(jobsOf(job)) : undefined;
      return states === undefined ? undefined : states.length > 0;
    },
    ownJob: (job) =>
      job.startsWith(PREFIX) && env.SLURM_JOB_ID !== undefined &&
      jobsOf(job).includes(env.SLURM_ARRAY_JOB_ID ?? env.SLURM_JOB_ID),
  };
}

function jobsOf(job: string): string[] {
  return job.slice(PREFIX.length).split(",").filter((id) => /^\d+$/.test(id));
}
