/** What kind of fault stopped a conversion. */
import { isNoTarget } from "../../core/access/no_bucket.ts";
import { GranaryError } from "../../core/errors.ts";

/** Whether no granule can be converted any more. */
export function endsRun(error: unknown): boolean {
  return isNoTarget(error) ||
    error instanceof GranaryError && (error.tag === "credential" || error.tag === "interrupted");
}

/** What no other try of the same bytes under the same config can repair. */
export function isPermanent(error: unknown): boolean {
  return error instanceof GranaryError && (error.tag === "input" || isDamage(error));
}

/** Whether a disk takes no more files now: no wait within a run changes that. */
export function isDiskRefusal(error: unknown): boolean {
  return error instanceof GranaryError && error.tag === "io" &&
    DISK_REFUSALS.includes(String(error.details.code));
}

const DISK_REFUSALS = ["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "ENOTDIR"];

/** Whether the bytes themselves are wrong. A server may come back, and an archive may be behind its own metadata. */
export function isDamage(error: unknown): error is GranaryError {
  return error instanceof GranaryError && error.tag === "granule" &&
    typeof error.details.status !== "number" && error.details.code !== "ENOENT";
}
