/** The lease of a dataset's run, unless another run lives. */
import { GranaryError } from "../../core/errors.ts";
import { Lease, type LeaseHolder } from "../../runs/lease.ts";
import { jobLeaseOptions } from "../../runs/slurm/slurm_lease.ts";
import type { PublishDirectory } from "./directory.ts";

/** Takes the run's lease, or tells who holds it. */
export async function takeRun(
  directory: PublishDirectory,
  signal?: AbortSignal,
): Promise<{ lease: Lease } | { heldBy: LeaseHolder }> {
  try {
    return { lease: await Lease.take(directory.target, { signal, ...jobLeaseOptions() }) };
  } catch (error) {
    const holder = error instanceof GranaryError ? error.details.holder : undefined;
    if (holder === undefined) throw error;
    return { heldBy: holder as LeaseHolder };
  }
}
