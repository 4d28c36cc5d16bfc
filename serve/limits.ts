/** What one server gives one client at most. Everything that a request can make large has a bound here. */

export interface ServeLimits {
  /** Requests that read data at the same time; others wait in order. */
  readonly atOnce: number;
  /** Requests that wait; later ones are answered 503. */
  readonly waiting: number;
  /** From the request's arrival to its answer. */
  readonly requestMs: number;
  /** Width or height of an image. */
  readonly imageSide: number;
  /** Bytes of a request's body. */
  readonly bodyBytes: number;
  /** Characters of a query string. */
  readonly queryCharacters: number;
  /** Granules that one answer may be made of. */
  readonly granules: number;
  /** Steps of one time series. */
  readonly steps: number;
  /** Vertices of all polygons of a body. */
  readonly vertices: number;
}

export const DEFAULT_LIMITS: Readonly<Omit<ServeLimits, "atOnce">> = {
  waiting: 1000,
  requestMs: 60_000,
  imageSide: 4096,
  bodyBytes: 4_000_000,
  queryCharacters: 16_000,
  granules: 1000,
  steps: 1000,
  vertices: 100_000,
};
