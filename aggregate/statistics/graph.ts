/**
 * What is to be computed, as a graph in which equal things are one node (hash-consing): `1 / s**2`, used
 * by a weighted mean and by its error, is computed once. Pure data; kernels give it meaning.
 */

/** `constant` is one number, `cell` one value a cell, `rows` one value a row. */
type Shape = "constant" | "cell" | "rows";

/** Operations over the rows of a cell that give one value a cell. */
export const AGGREGATES = [
  "count",
  "sum",
  "min",
  "max",
  "squares",
  "median",
  "quantile",
  "mode",
  "nunique",
  "first",
  "last",
  "trimmed_mean",
  "weighted_quantile",
] as const;
export type AggregateOp = (typeof AGGREGATES)[number];

/** One thing to compute. `value` is a constant, a column's index, a quantile's q or what a mean is trimmed by. */
export interface GraphNode {
  readonly id: number;
  readonly op: string;
  readonly args: readonly GraphNode[];
  readonly value: number;
  readonly shape: Shape;
  /** A comparison's result: 1 or 0. */
  readonly boolean: boolean;
  /** Indices of the columns below it, ascending. */
  readonly columns: readonly number[];
}

/** Makes nodes, each distinct one once. Ids ascend from arguments to users. */
export class Graph {
  readonly nodes: GraphNode[] = [];
  readonly #known = new Map<string, GraphNode>();

  constant(value: number): GraphNode {
    return this.#make("constant", [], value, "constant", false);
  }

  column(index: number): GraphNode {
    return this.#make("column", [], index, "rows", false);
  }

  /** An operation on each value; cells' values are spread over their rows where the other side has rows. */
  elementwise(op: string, args: readonly GraphNode[], boolean = false): GraphNode {
    const rows = args.some((argument) => argument.shape === "rows");
    const shape = rows ? "rows" : args.some((argument) => argument.shape === "cell") ? "cell" : "constant";
    const spread = args.map((argument) =>
      rows && argument.shape === "cell"
        ? this.#make("spread", [argument], 0, "rows", argument.boolean)
        : argument
    );
    return this.#make(op, spread, 0, shape, boolean);
  }

  /**
   * A reduction of rows to cells. `count` takes any rows and counts them; `squares` takes rows and their
   * mean a cell, and sums the squared deviations; `weighted_quantile` takes rows and their weights.
   */
  aggregate(op: AggregateOp, args: readonly GraphNode[], value = 0): GraphNode {
    return this.#make(op, args, value, "cell", false);
  }

  #make(
    op: string,
    args: readonly GraphNode[],
    value: number,
    shape: Shape,
    boolean: boolean,
  ): GraphNode {
    // Object.is tells -0 from 0, a template string does not.
    const number = Object.is(value, -0) ? "-0" : String(value);
    const key = `${op}:${number}:${args.map((argument) => argument.id).join(",")}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const columns = op === "column" ? [value] : [...new Set(args.flatMap((argument) => argument.columns))];
    columns.sort((a, b) => a - b);
    const node: GraphNode = { id: this.nodes.length, op, args, value, shape, boolean, columns };
    this.nodes.push(node);
    this.#known.set(key, node);
    return node;
  }
}
