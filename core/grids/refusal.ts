/** Why a variable is no grid: the rules by their short names, and the words for them. */
import type { RefusedVariable } from "../raster/grid.ts";

/** The rules that refuse variables. */
type RefusalRule =
  | "bands"
  | "curvilinear"
  | "damaged"
  | "dtype"
  | "geostationary"
  | "no-axes"
  | "no-crs"
  | "projection"
  | "rotated"
  | "swath"
  | "uneven";

/** Thrown where a variable turns out to be no grid; caught by the loop over the variables. */
export class NoGrid extends Error {
  /** `reason` says what was found, what was wanted and what to do, without the file and the variable. */
  constructor(readonly rule: RefusalRule, reason: string) {
    super(reason);
  }

  of(name: string): RefusedVariable {
    return { name, rule: this.rule, reason: this.message };
  }
}
