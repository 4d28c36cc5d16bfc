/** All algorithms by the names that requests use, and their parameters checked. */
import type { Algorithm, AlgorithmValues } from "./algorithm.ts";
import {
  BITONAL,
  CAST,
  CEIL,
  FLOOR,
  GRAYSCALE,
  MAX,
  MEAN,
  MEDIAN,
  MIN,
  NORMALIZED_INDEX,
  STD,
  SUM,
  VAR,
} from "./bands.ts";
import { CONTOURS, HILLSHADE, SLOPE, TERRAIN_RGB, TERRARIUM } from "./terrain.ts";

export const ALGORITHMS = {
  hillshade: HILLSHADE,
  slope: SLOPE,
  contours: CONTOURS,
  normalizedIndex: NORMALIZED_INDEX,
  terrarium: TERRARIUM,
  terrainrgb: TERRAIN_RGB,
  cast: CAST,
  ceil: CEIL,
  floor: FLOOR,
  min: MIN,
  max: MAX,
  median: MEDIAN,
  mean: MEAN,
  std: STD,
  var: VAR,
  sum: SUM,
  grayscale: GRAYSCALE,
  bitonal: BITONAL,
} as const satisfies Record<string, Algorithm>;

export type AlgorithmName = keyof typeof ALGORITHMS;
export const ALGORITHM_NAMES = Object.keys(ALGORITHMS) as [AlgorithmName, ...AlgorithmName[]];

/** What is asked for, with defaults. Throws RangeError for what is no such parameter or out of its range. */
export function algorithmValues(
  name: AlgorithmName,
  asked: Readonly<Record<string, unknown>>,
): AlgorithmValues {
  const { parameters }: Algorithm = ALGORITHMS[name];
  const unknown = Object.keys(asked).find((one) => !Object.hasOwn(parameters, one));
  if (unknown !== undefined) {
    const names = Object.keys(parameters).join(", ");
    throw new RangeError(`${name} has no parameter "${unknown}" (it has ${names || "none"})`);
  }
  return Object.fromEntries(
    Object.entries(parameters).map(([key, { type, default: standard, minimum, maximum }]) => {
      const value = asked[key] ?? standard;
      if (value === null) return [key, null];
      const fits = typeof value === "number" && value >= minimum && value <= maximum &&
        (type === "number" || Number.isInteger(value));
      if (!fits) {
        throw new RangeError(
          `${key} is ${JSON.stringify(value).slice(0, 40)} (wanted ${
            type === "integer" ? "a whole number" : "a number"
          } from ${minimum} to ${maximum})`,
        );
      }
      return [key, value];
    }),
  );
}
