/**
 * Rises only when the results of a run change for the same config and granules. It is part of every
 * task's key, so that tasks done by an engine with other results are never kept.
 *
 * 2: packed, unsigned and range-limited columns are read by their attributes; filters compare physical
 * values.
 * 3: areas and times leave out observations, not only granules and parent cells; sums are compensated.
 * 4: cell ids of whole chunks are packed into an eighth of the bytes; all values are those of 3.
 * 5: chunks of few cells are packed without a search, into a few hundredths less bytes; all values are those of 4.
 */
export const ENGINE_VERSION = 5;

/** The format of plan.json; a plan of another format is refused, not guessed at. */
export const PLAN_FORMAT = 1;
