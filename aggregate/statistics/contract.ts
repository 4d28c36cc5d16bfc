/** What the engine asks of the statistics room. */
import type { KernelMemory } from "../../core/kernels/memory.ts";
import type { Values } from "../../core/values.ts";

/**
 * Reduces the observations of one parent cell. `columns[i]` holds column i of the pipeline, sorted by
 * cell and, inside a cell, in canonical order, or `order` lists their rows so; cell k owns rows `starts[k]` to
 * `starts[k + 1]`, at least one. Returns one float64 array a statistic, of length `starts.length - 1`; NaN where a cell
 * has no valid value (0 for count). The returned arrays belong to the reducer and are overwritten by
 * its next call.
 */
export interface Reducer {
  reduce(columns: readonly Values[], starts: Uint32Array, order?: Uint32Array): readonly Float64Array[];
  /**
   * A memory whose next so many bytes are for a parent of up to so many rows: from there it is reduced fastest. Undefined
   * where that is too much. What lay there before is lost.
   */
  makeRoom(rows: number, bytes: number): KernelMemory | undefined;
  /** For each statistic, the indices of the columns whose values must all be finite for a row to count. */
  readonly needs: readonly (readonly number[])[];
}

/** Summarizes the observations of one parent cell as a state that merges with other parents' states. */
export interface MergeSummarizer {
  /**
   * `columns[i]` holds column i of the pipeline, every row of the parent, in the given order where there is one. The
   * state is plain numbers.
   * `keep` is given the values that quantiles are of, where they are kept: for each digest, those without
   * which a quantile is no number. They change with the next call.
   */
  summarize(
    columns: readonly Values[],
    keep?: (digest: number, values: Float64Array) => void,
    order?: Uint32Array,
  ): Float64Array;
  /** How many lists of values quantiles are of. */
  readonly digests: number;
}
