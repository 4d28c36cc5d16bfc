/**
 * Rises only when the results of a run change for the same config and granules. It is part of every
 * piece's key, so that pieces done by an engine with other results are never kept.
 */
export const ENGINE_VERSION = 1;

/** The format of plan.json; a plan of another format is refused, not guessed at. */
export const PLAN_FORMAT = 1;
