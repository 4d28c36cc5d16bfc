/** What `simulate` does unless asked otherwise; apart from the simulator, so that help need not load it. */
export const SIMULATE_DEFAULTS = {
  granules: 24,
  /** The most segments of a beam: the track is thinned evenly until they fit. */
  rows: 12_000,
  seed: 0,
  sheet: "antarctica",
  start: "2024-01-01",
} as const;
