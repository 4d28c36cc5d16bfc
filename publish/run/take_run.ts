/** The lease of a dataset's run, unless another run lives. */
import { GranaryError } from "../../core/errors.ts";
import type { Lease, LeaseHolder } from "../../runs/lease.ts";
import { takeLease } from "../../runs/slurm/slurm_lease.ts";
import type { PublishDirectory } from "./directory.ts";

/** Takes the run's lease, or tells who holds it. */
export async function takeRun(
  directory: PublishDirectory,
  signal?: AbortSignal,
): Promise<{ lease: Lease } | { heldBy: LeaseHolder }> {
  try {
    return { lease: await takeLease(directory.target, { signal }) };
  } catch (error) {
    const holder = error instanceof GranaryError ? error.details.holder : undefined;
    if (holder === undefined) throw error;
    return { heldBy: holder as LeaseHolder };
  }
}
