/** Failures between threads: problems keep their status, errors their tag. */
import { deserializeError, serializeError } from "../../core/errors.ts";
import { Problem } from "../http/problem.ts";
import type { Failure } from "./contract.ts";

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Problem)) return serializeError(error);
  const { status, detail, headers, cause } = error;
  return { status, detail, headers, cause: cause === undefined ? null : serializeError(cause) };
}

export function errorOf(failure: Failure): Error {
  if (!("status" in failure)) return deserializeError(failure);
  const { status, detail, headers, cause } = failure;
  return new Problem(status, detail, headers, cause === null ? {} : { cause: deserializeError(cause) });
}
