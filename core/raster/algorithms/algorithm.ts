/** Algorithms on the pixels of a request: what they take, what they give, and which parameters they have. */
import type { GridDtype } from "../grid.ts";
import type { Pixels } from "../pixels.ts";

/** A number that an algorithm takes. */
export interface AlgorithmParameter {
  readonly type: "integer" | "number";
  /** Null where the algorithm does without it. */
  readonly default: number | null;
  readonly minimum: number;
  readonly maximum: number;
  readonly description: string;
}

/** Parameters by name, checked, with defaults. */
export type AlgorithmValues = Readonly<Record<string, number | null>>;

/** What an algorithm gives: `margin` pixels are cut from each side, which had no neighbours to be computed of. */
interface AlgorithmResult {
  readonly pixels: Pixels;
  readonly names: readonly string[];
  readonly margin: number;
}

export interface Algorithm {
  readonly title: string;
  readonly description: string;
  /** Bands that it takes; null is any number. */
  readonly inputBands: number | null;
  /** Bands that it gives; null is as many as it takes. */
  readonly outputBands: number | null;
  /** Null is that of what it takes. */
  readonly outputDtype: GridDtype | null;
  /** The values that it gives, where they are bounded. */
  readonly outputRange: readonly [number, number] | null;
  readonly parameters: Readonly<Record<string, AlgorithmParameter>>;
  /**
   * @param cell the sides of a pixel, in metres for geographic systems, else in units of the system
   * @throws RangeError for values that it cannot take
   */
  apply(
    pixels: Pixels,
    parameters: AlgorithmValues,
    cell: { width: number; height: number },
  ): AlgorithmResult;
}
