/** Runs a graph over a block of cells: each node once, into a buffer of its own that is reused. */
import type { Graph, GraphNode } from "./graph.ts";
import {
  type BinaryKernel,
  binaryKernel,
  chooseRows,
  countCells,
  maxCells,
  minCells,
  spreadCells,
  squaresCells,
  sumCells,
  type UnaryKernel,
  unaryKernel,
} from "./kernels.ts";
import { RankSelector } from "./selection.ts";

/** The block that is being reduced. */
interface Block {
  columns: readonly Float64Array[];
  starts: Uint32Array;
  cells: number;
  rows: number;
}

type Step = (block: Block) => void;

/** Evaluates roots of a graph; columns and starts are given a block. */
export class Evaluator {
  readonly #roots: readonly GraphNode[];
  /** The value of each node after its step; a column's is the block's own array. */
  readonly #values: Float64Array[];
  readonly #steps: Step[];
  /** The serial of the block in which a node was computed last. */
  readonly #computed: Uint32Array;
  /** For each root, the ids of the nodes that it needs, arguments first. */
  readonly #orders: Uint32Array[];
  #serial = 0;

  constructor(graph: Graph, roots: readonly GraphNode[]) {
    this.#roots = roots;
    this.#values = graph.nodes.map(() => new Float64Array(0));
    this.#computed = new Uint32Array(graph.nodes.length);
    const selectors = this.#selectors(reachable(roots));
    this.#steps = graph.nodes.map((node) => selectors.get(node.id) ?? this.#step(node));
    this.#orders = roots.map((root) => Uint32Array.from(reachable([root]), (node) => node.id));
  }

  /**
   * Reduces a block: statistic s of `statistics` goes to `outputs[s][first + k]` for cell k. An empty
   * cell gives NaN, and 0 where the statistic is a bare count.
   */
  run(
    columns: readonly Float64Array[],
    starts: Uint32Array,
    cells: number,
    rows: number,
    statistics: readonly number[],
    outputs: readonly Float64Array[],
    first: number,
  ): void {
    const block: Block = { columns, starts, cells, rows };
    this.#serial = (this.#serial + 1) >>> 0;
    if (this.#serial === 0) {
      this.#computed.fill(0);
      this.#serial = 1;
    }
    for (const s of statistics) {
      for (const id of this.#orders[s]!) {
        if (this.#computed[id] === this.#serial) continue;
        this.#steps[id]!(block);
        this.#computed[id] = this.#serial;
      }
      const root = this.#roots[s]!;
      const values = this.#values[root.id]!;
      const output = outputs[s]!;
      for (let k = 0; k < cells; k++) output[first + k] = values[k]!;
      if (root.op === "count") continue;
      for (let k = 0; k < cells; k++) if (starts[k + 1]! === starts[k]!) output[first + k] = NaN;
    }
  }

  /** The node's own buffer, at least `length` long. */
  #buffer(id: number, length: number): Float64Array {
    const buffer = this.#values[id]!;
    if (buffer.length >= length) return buffer;
    const larger = new Float64Array(length + (length >>> 2));
    this.#values[id] = larger;
    return larger;
  }

  #step(node: GraphNode): Step {
    const { id, op, args, value } = node;
    const values = this.#values;
    const a = args[0];
    const b = args[1];
    const length = (block: Block) => node.shape === "rows" ? block.rows : block.cells;
    switch (op) {
      case "constant":
        return () => {};
      case "column":
        return (block) => {
          values[id] = block.columns[value]!;
        };
      case "spread":
        return (block) =>
          spreadCells(this.#buffer(id, block.rows), values[a!.id]!, block.starts, block.cells);
      case "count":
        return (block) => countCells(this.#buffer(id, block.cells), block.starts, block.cells);
      case "sum":
        return (block) => sumCells(this.#buffer(id, block.cells), values[a!.id]!, block.starts, block.cells);
      case "min":
        return (block) => minCells(this.#buffer(id, block.cells), values[a!.id]!, block.starts, block.cells);
      case "max":
        return (block) => maxCells(this.#buffer(id, block.cells), values[a!.id]!, block.starts, block.cells);
      case "squares":
        return (block) =>
          squaresCells(
            this.#buffer(id, block.cells),
            values[a!.id]!,
            values[b!.id]!,
            block.starts,
            block.cells,
          );
      case "where":
        return (block) =>
          chooseRows(
            this.#buffer(id, length(block)),
            values[a!.id]!,
            this.#operand(b!),
            this.#operand(args[2]!),
            length(block),
          );
    }
    if (args.length === 1) {
      const kernel: UnaryKernel = unaryKernel(op);
      return (block) => kernel(this.#buffer(id, length(block)), values[a!.id]!, length(block));
    }
    const kernel: BinaryKernel = binaryKernel(op);
    return (block) =>
      kernel(this.#buffer(id, length(block)), this.#operand(a!), this.#operand(b!), length(block));
  }

  #operand(node: GraphNode): Float64Array | number {
    return node.op === "constant" ? node.value : this.#values[node.id]!;
  }

  /** One step for all medians and quantiles of a source: they share the selection. */
  #selectors(nodes: readonly GraphNode[]): Map<number, Step> {
    const bySource = new Map<number, GraphNode[]>();
    for (const node of nodes) {
      if (node.op !== "median" && node.op !== "quantile") continue;
      const source = node.args[0]!.id;
      bySource.set(source, [...(bySource.get(source) ?? []), node]);
    }
    const steps = new Map<number, Step>();
    for (const [source, group] of bySource) {
      const selector = new RankSelector(
        group.map((node) => ({ kind: node.op as "median" | "quantile", q: node.value })),
      );
      const step: Step = (block) => {
        const outs = group.map((node) => this.#buffer(node.id, block.cells));
        selector.run(outs, this.#values[source]!, block.starts, block.cells);
        for (const node of group) this.#computed[node.id] = this.#serial;
      };
      for (const node of group) steps.set(node.id, step);
    }
    return steps;
  }
}

/** The nodes below the roots and the roots, arguments before users. */
function reachable(roots: readonly GraphNode[]): GraphNode[] {
  const found = new Set<GraphNode>();
  const visit = (node: GraphNode): void => {
    if (found.has(node)) return;
    for (const argument of node.args) visit(argument);
    found.add(node);
  };
  for (const root of roots) visit(root);
  return [...found];
}
