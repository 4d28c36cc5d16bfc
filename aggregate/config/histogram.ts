/** A histogram of a config as what it is in a store: an array of counts for each of its bins. */
import type { Statistic } from "../pipeline.ts";
import type { Context } from "./context.ts";
import type { ConfigInput } from "./schema.ts";

/** More bins are a slip: each is an array of the store. */
const MOST_BINS = 256;

/**
 * The statistics of the bins of `shared`, a histogram but for its expression: `NAME_0`, `NAME_1`, … count the
 * values from an edge to before the next, the last bin with its upper edge (np.histogram with edges). Undefined,
 * with a fault, where `params.bins` holds no ascending edges.
 */
export function histogramBins(
  shared: Omit<Statistic, "function" | "expression" | "source" | "params">,
  source: string,
  params: NonNullable<ConfigInput["aggregation"]["variables"][string]["params"]>,
  at: readonly string[],
  { faults }: Context,
): Statistic[] | undefined {
  const { bins, ...others } = params;
  const [other] = Object.keys(others);
  if (other !== undefined) {
    faults.key([...at, "params", other], `histogram has no parameter "${other}" (it takes bins)`);
    return undefined;
  }
  const edges = Array.isArray(bins) ? bins : [];
  const ascending = edges.every((edge, i) => Number.isFinite(edge) && (i === 0 || edge > edges[i - 1]));
  if (edges.length < 2 || edges.length > MOST_BINS + 1 || !ascending) {
    faults.value(
      bins === undefined ? [...at] : [...at, "params", "bins"],
      `histogram wants params: {bins: [0, 1, 2]}, the edges of at most ${MOST_BINS} bins, ascending`,
    );
    return undefined;
  }
  return edges.slice(1).map((upper, i) => {
    const lower = edges[i];
    const below = i === edges.length - 2 ? "<=" : "<";
    return {
      ...shared,
      name: `${shared.name}_${i}`,
      expression: `np.sum(((${source}) >= ${lower}) & ((${source}) ${below} ${upper}))`,
      params: {},
      attributes: { ...shared.attributes, lower_edge: lower, upper_edge: upper },
    };
  });
}
