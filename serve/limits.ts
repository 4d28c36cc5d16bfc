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
  /** Pixels of all outputs together that one thread makes at the same time; a larger one is made alone. */
  readonly pixels: number;
  /** Bytes of all answers together that wait for their clients to take them. */
  readonly answerBytes: number;
  /** An answer of which nothing was taken for so long is given up. */
  readonly stalledMs: number;
  /** Who takes less than this a second, after the time to stall, is given up. */
  readonly leastBytesASecond: number;
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
  pixels: 1 << 23,
  answerBytes: 128 * 1024 * 1024,
  stalledMs: 30_000,
  leastBytesASecond: 16_384,
};

/** An output of more pixels is a large one: others of its kind wait for it, small ones do not. */
export const LARGE_PIXELS = 1 << 20;

/** Bands of the largest image that one output may have. */
const BANDS_OF_LARGEST = 4;

/** Values of all bands of one output. */
export function mostValues({ imageSide }: Pick<ServeLimits, "imageSide">): number {
  return BANDS_OF_LARGEST * imageSide ** 2;
}
