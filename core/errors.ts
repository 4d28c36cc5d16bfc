/**
 * The errors that a person can act on. Each has a tag, by which callers distinguish
 * them (never by its text), and the exit code that a process ends with. Anything else that is thrown is a broken invariant.
 *
 * A message says the thing, what was found, what was wanted and what to do, in that order:
 * `catalog.parquet: column "cells" is missing (this file was not written by granary; try granary catalog import)`.
 */
export type ErrorTag =
  | "input" // bad config, catalog, flag or file: exit 2
  | "granule" // a granule could not be opened or read: exit 3
  | "credential" // expired, refused or missing credential: exit 4
  | "io" // a disk or a network that failed after its retries: exit 1
  | "interrupted"; // SIGINT 130, SIGTERM 143

/** The exit code that each kind of error gives the command line. */
export const EXIT_CODES: Readonly<Record<ErrorTag, number>> = {
  input: 2,
  granule: 3,
  credential: 4,
  io: 1,
  interrupted: 130,
};

/** A failure with a tag. `details` are plain data for `--json`; no credential ever goes in. */
export class GranaryError extends Error {
  readonly tag: ErrorTag;
  readonly exitCode: number;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    tag: ErrorTag,
    message: string,
    options: { cause?: unknown; details?: Record<string, unknown>; exitCode?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "GranaryError";
    this.tag = tag;
    this.exitCode = options.exitCode ?? EXIT_CODES[tag];
    this.details = options.details ?? {};
  }

  /** Plain data that survives a message port and JSON. */
  toJSON(): SerializedError {
    return { tag: this.tag, message: this.message, exitCode: this.exitCode, details: this.details };
  }
}

/** A `GranaryError` as data: what workers send instead of throwing. */
export interface SerializedError {
  tag: ErrorTag | "bug";
  message: string;
  exitCode: number;
  details: Readonly<Record<string, unknown>>;
  stack?: string;
}

/** Any thrown thing as data. What is not a GranaryError is a bug and keeps its stack. */
export function serializeError(error: unknown): SerializedError {
  if (error instanceof GranaryError) return error.toJSON();
  const known = error instanceof Error ? error : new Error(String(error));
  return { tag: "bug", message: known.message, exitCode: 1, details: {}, stack: known.stack };
}

/** The inverse of {@linkcode serializeError}. */
export function deserializeError(data: SerializedError): Error {
  if (data.tag === "bug") {
    const error = new Error(data.message);
    if (data.stack !== undefined) error.stack = data.stack;
    return error;
  }
  return new GranaryError(data.tag, data.message, {
    details: { ...data.details },
    exitCode: data.exitCode,
  });
}

/** Bad input: exit 2. */
export function inputError(message: string, details?: Record<string, unknown>): GranaryError {
  return new GranaryError("input", message, details === undefined ? {} : { details });
}

/** The system's code (`ENOENT`, `ENOSPC`, …) of a thrown thing, if it has one. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" ? code : undefined;
}
