/** What a store says of quantiles at levels above the parents, and whether a plan makes them of all values. */
import type { Pipeline, Statistic } from "../pipeline.ts";
import { RANK_ERROR, THINNING_ERROR } from "../statistics/sketch.ts";
import type { StoreSpec } from "../../core/store/contract.ts";

/** What arrays of quantiles say at levels above the parents. */
const RANK_ERROR_NOTE = "from merged sketches: the rank is off by at most " +
  `${percentUp(RANK_ERROR)} % of the values of the cell, and by ${
    percentUp(THINNING_ERROR)
  } % more for each` +
  " thinning of a sketch of too many clusters; in sparse tails values may be off by more";

/** What they say where all values were kept. */
const EXACT_NOTE = "exact: quantiles of all values of the cell";

/** Whether a plan has quantiles above the parents that are made from all values. */
export function hasExactQuantiles({ pipeline, store }: { pipeline: Pipeline; store: StoreSpec }): boolean {
  return pipeline.output.exactQuantiles === true && store.levels.some((level) => level < store.parentOrder) &&
    pipeline.aggregation.statistics.some(hasQuantile);
}

/** A bound in percent, rounded up. */
function percentUp(share: number): string {
  return (Math.ceil(share * 1e4) / 100).toFixed(2);
}

/** Whether a statistic is, or is made of, quantiles. */
function hasQuantile({ function: named, expression }: Statistic): boolean {
  return named === "median" || named === "quantile" || named === "percentile" ||
    /\b(?:nan)?(?:median|quantile|percentile)\s*\(/.test(expression ?? "");
}

/** What the array of a statistic says at levels above the parents, where it says anything. */
export function coarseNote(
  statistic: Statistic,
  isExact: boolean,
): { coarseAttributes?: { rank_error: string } } {
  return hasQuantile(statistic)
    ? { coarseAttributes: { rank_error: isExact ? EXACT_NOTE : RANK_ERROR_NOTE } }
    : {};
}
