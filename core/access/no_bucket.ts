/** A bucket, or a container, that is not there, where a person named it. */
import { GranaryError, inputError } from "../errors.ts";

/** As the services' own refusals have it. */
const NO_BUCKET = "bucket";
const NO_TARGET = "no-target";

/** Whether a service refused because of the bucket. */
export function isNoBucket(error: unknown): boolean {
  return error instanceof GranaryError && error.details.reason === NO_BUCKET;
}

export function noSuchBucket(name: string): GranaryError {
  return inputError(`${name}: there is no such bucket; create it, or check its name and endpoint`, {
    reason: NO_BUCKET,
  });
}

/** The same of a place to write to, without which nothing of a job can be done. */
export function noBucketOfTarget(name: string): GranaryError {
  return inputError(noSuchBucket(name).message, { reason: NO_TARGET });
}

/** Whether what failed is the place to write to, rather than one of the things that were to be written. */
export function isNoTarget(error: unknown): boolean {
  return error instanceof GranaryError && error.details.reason === NO_TARGET;
}
