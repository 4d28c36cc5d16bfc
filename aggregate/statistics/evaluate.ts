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
import { WholeCellReducer, wholeCellReduction } from "./whole_cell.ts";

/** What is reduced at once: cell k owns rows `starts[k]` to `starts[k + 1]`, `rows` in all. */
export interface Block {
  columns: readonly Float64Array[];
  starts: Uint32Array;
  cells: number;
  rows: number;
}

type Step = (block: Block) => void;

/** Evaluates nodes of a graph over one block after another, each node once a block. */
export class Evaluator {
  /** The value of each node after its step; a column's is the block's own array. */
  readonly #values: Float64Array[];
  readonly #steps: Step[];
  /** The serial of the block in which a node was computed last. */
  readonly #computed: Uint32Array;
  /** For each node asked for, the ids of the nodes that it needs, arguments first. */
  readonly #orders = new Map<number, number[]>();
  #serial = 0;
  #block: Block = { columns: [], starts: new Uint32Array(1), cells: 0, rows: 0 };

  /** `wanted` are the nodes that will be asked for. */
  constructor(graph: Graph, wanted: readonly GraphNode[]) {
    this.#values = graph.nodes.map(() => new Float64Array(0));
    this.#computed = new Uint32Array(graph.nodes.length);
    const selectors = this.#selectors(reachable(wanted));
    this.#steps = graph.nodes.map((node) => selectors.get(node.id) ?? this.#step(node));
    for (const node of wanted) {
      this.#orders.set(node.id, reachable([node]).map((needed) => needed.id));
    }
  }

  /** Begins a block; what was computed before is forgotten. */
  begin(block: Block): void {
    this.#block = block;
    this.#serial = (this.#serial + 1) >>> 0;
    if (this.#serial === 0) {
      this.#computed.fill(0);
      this.#serial = 1;
    }
  }

  /** Gives a node of the block its value in the block's only cell, which is then not computed. */
  preset(node: GraphNode, value: number): void {
    this.#buffer(node.id, 1)[0] = value;
    this.#computed[node.id] = this.#serial;
  }

  /** The values of a wanted node, one a cell or one a row of the block; valid until the next block. */
  valuesOf(node: GraphNode): Float64Array {
    for (const id of this.#orders.get(node.id)!) {
      if (this.#computed[id] === this.#serial) continue;
      this.#steps[id](this.#block);
      this.#computed[id] = this.#serial;
    }
    return this.#values[node.id];
  }

  /** The node's own buffer, at least `length` long. */
  #buffer(id: number, length: number): Float64Array {
    const buffer = this.#values[id];
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
          values[id] = block.columns[value];
        };
      case "spread":
        return (block) => spreadCells(this.#buffer(id, block.rows), values[a.id], block.starts, block.cells);
      case "count":
        return (block) => countCells(this.#buffer(id, block.cells), block.starts, block.cells);
      case "sum":
        return (block) => sumCells(this.#buffer(id, block.cells), values[a.id], block.starts, block.cells);
      case "min":
        return (block) => minCells(this.#buffer(id, block.cells), values[a.id], block.starts, block.cells);
      case "max":
        return (block) => maxCells(this.#buffer(id, block.cells), values[a.id], block.starts, block.cells);
      case "squares":
        return (block) =>
          squaresCells(
            this.#buffer(id, block.cells),
            values[a.id],
            values[b.id],
            block.starts,
            block.cells,
          );
      case "where":
        return (block) =>
          chooseRows(
            this.#buffer(id, length(block)),
            values[a.id],
            this.#operand(b),
            this.#operand(args[2]),
            length(block),
          );
    }
    const whole = wholeCellReduction(op);
    if (whole !== undefined) {
      const reducer = new WholeCellReducer(whole, value);
      return (block) => {
        const sources = args.map((argument) => values[argument.id]);
        reducer.run(this.#buffer(id, block.cells), sources, block.starts, block.cells);
      };
    }
    if (args.length === 1) {
      const kernel: UnaryKernel = unaryKernel(op);
      return (block) => kernel(this.#buffer(id, length(block)), values[a.id], length(block));
    }
    const kernel: BinaryKernel = binaryKernel(op);
    return (block) =>
      kernel(this.#buffer(id, length(block)), this.#operand(a), this.#operand(b), length(block));
  }

  #operand(node: GraphNode): Float64Array | number {
    return node.op === "constant" ? node.value : this.#values[node.id];
  }

  /** One step for all medians and quantiles of a source: they share the selection. */
  #selectors(nodes: readonly GraphNode[]): Map<number, Step> {
    const bySource = new Map<number, GraphNode[]>();
    for (const node of nodes) {
      if (node.op !== "median" && node.op !== "quantile") continue;
      const source = node.args[0].id;
      bySource.set(source, [...(bySource.get(source) ?? []), node]);
    }
    const steps = new Map<number, Step>();
    for (const [source, group] of bySource) {
      const selector = new RankSelector(
        group.map((node) => ({ kind: node.op as "median" | "quantile", q: node.value })),
      );
      const step: Step = (block) => {
        const outs = group.map((node) => this.#buffer(node.id, block.cells));
        selector.run(outs, this.#values[source], block.starts, block.cells);
        for (const node of group) this.#computed[node.id] = this.#serial;
      };
      for (const node of group) steps.set(node.id, step);
    }
    return steps;
  }
}

/** The nodes below the roots and the roots, arguments before users. */
export function reachable(roots: readonly GraphNode[]): GraphNode[] {
  const found = new Set<GraphNode>();
  const visit = (node: GraphNode): void => {
    if (found.has(node)) return;
    for (const argument of node.args) visit(argument);
    found.add(node);
  };
  for (const root of roots) visit(root);
  return [...found];
}
