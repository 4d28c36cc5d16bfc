/**
 * One cell of more rows than a block should have: reduced in passes over blocks of its rows, to the same
 * bits as at once. A pass computes every reduction whose inputs are known: sums and the like first, then
 * what depends on them (squared deviations on the mean). Only medians, quantiles and other
 * reductions of whole cells hold all values.
 */
import { BLOCK_ROWS, type BlockLoader } from "./blocks.ts";
import type { Values } from "../../core/values.ts";
import { Evaluator, reachable } from "./evaluate.ts";
import { AGGREGATES, type Graph, type GraphNode } from "./graph.ts";
import { addRows, addSquares, compensated, type CompensatedSum } from "./kernels.ts";
import { orderStatistics, type RankRequest } from "./selection.ts";
import { WholeCellReducer, wholeCellReduction } from "./whole_cell.ts";

/** Reductions of one source at work: one, or all medians and quantiles together. */
interface Accumulator {
  nodes: GraphNode[];
  value: number;
  /** For sums: with what rounding took from them. */
  total: CompensatedSum;
  /** For what holds all values: those so far of each argument, and whether none was NaN. */
  values: Float64Array[];
  count: number;
  clean: boolean;
}

const NOTHING = new Float64Array(0);

/** Reduces large cells for roots that use the same columns. */
export class LargeCellReducer {
  readonly #roots: readonly GraphNode[];
  readonly #columns: readonly number[];
  /** Reductions by pass and by source: those of a pass depend on earlier ones only. */
  readonly #passes: GraphNode[][][] = [];
  readonly #evaluator: Evaluator;
  readonly #starts = new Uint32Array(2);

  constructor(graph: Graph, roots: readonly GraphNode[], columns: readonly number[]) {
    this.#roots = roots;
    this.#columns = columns;
    const pass = new Map<GraphNode, number>();
    const inputs: GraphNode[] = [];
    for (const node of reachable(roots)) {
      const first = Math.max(0, ...node.args.map((argument) => pass.get(argument)!));
      pass.set(node, isReduction(node) ? first + 1 : first);
      if (!isReduction(node)) continue;
      inputs.push(...node.args);
      const sharing = (this.#passes[first] ??= []).find(([other]) =>
        isSelection(node) && isSelection(other) && other.args[0] === node.args[0]
      );
      if (sharing !== undefined) sharing.push(node);
      else this.#passes[first].push([node]);
    }
    this.#evaluator = new Evaluator(graph, [...roots, ...inputs]);
  }

  /** The roots' values for the cell of rows `[begin, begin + rows)`: NaN without a valid row, 0 for a count. */
  reduce(
    columns: readonly Values[],
    order: Uint32Array | undefined,
    begin: number,
    rows: number,
    loader: BlockLoader,
  ): number[] {
    const evaluator = this.#evaluator;
    const known: [GraphNode, number][] = [];
    let valid = 0;
    for (const [pass, sources] of this.#passes.entries()) {
      const working = sources.map((nodes) => accumulator(nodes, rows));
      for (let at = begin; at < begin + rows; at += BLOCK_ROWS) {
        this.#starts[1] = Math.min(BLOCK_ROWS, begin + rows - at);
        loader.load(columns, order, at, this.#starts, 1);
        const block = loader.valid(this.#columns, this.#starts, 1);
        if (block.rows === 0) continue;
        if (pass === 0) valid += block.rows;
        evaluator.begin(block);
        for (const [node, value] of known) evaluator.preset(node, value);
        for (const one of working) take(one, evaluator, block.rows);
      }
      for (const one of working) known.push(...results(one));
    }
    this.#starts[1] = 0;
    evaluator.begin({ columns: [], starts: this.#starts, cells: 1, rows: 0 });
    for (const [node, value] of known) evaluator.preset(node, value);
    return this.#roots.map((root) => {
      if (valid === 0) return root.op === "count" ? 0 : NaN;
      return evaluator.valuesOf(root)[0];
    });
  }
}

function isReduction(node: GraphNode): boolean {
  return (AGGREGATES as readonly string[]).includes(node.op);
}

function isSelection(node: GraphNode): boolean {
  return node.op === "median" || node.op === "quantile";
}

function holdsAll(node: GraphNode): boolean {
  return isSelection(node) || wholeCellReduction(node.op) !== undefined;
}

function accumulator(nodes: GraphNode[], rows: number): Accumulator {
  const { op } = nodes[0];
  const value = op === "min" ? Infinity : op === "max" ? -Infinity : 0;
  return {
    nodes,
    value,
    total: { sum: 0, lost: 0 },
    values: holdsAll(nodes[0]) ? nodes[0].args.map(() => new Float64Array(rows)) : [],
    count: 0,
    clean: true,
  };
}

/** Takes the rows of a block in, in the order and arithmetic of the kernels for small cells. */
function take(into: Accumulator, evaluator: Evaluator, rows: number): void {
  const node = into.nodes[0];
  if (holdsAll(node)) {
    takeAll(into, node.args.map((argument) => evaluator.valuesOf(argument)), rows);
    return;
  }
  const x = node.op === "count" ? NOTHING : evaluator.valuesOf(node.args[0]);
  let { value } = into;
  switch (node.op) {
    case "count":
      value += rows;
      break;
    case "sum":
      addRows(into.total, x, rows);
      break;
    case "squares":
      addSquares(into.total, x, evaluator.valuesOf(node.args[1])[0], rows);
      break;
    case "min":
      for (let i = 0; i < rows; i++) if (value === value && !(x[i] >= value)) value = x[i];
      break;
    case "max":
      for (let i = 0; i < rows; i++) if (value === value && !(x[i] <= value)) value = x[i];
      break;
  }
  into.value = value;
}

function takeAll(into: Accumulator, args: readonly Float64Array[], rows: number): void {
  args.forEach((x, a) => {
    const values = into.values[a];
    for (let i = 0; i < rows; i++) {
      values[into.count + i] = x[i];
      if (x[i] !== x[i]) into.clean = false;
    }
  });
  into.count += rows;
}

function results({ nodes, value, total, values, count, clean }: Accumulator): [GraphNode, number][] {
  const [{ op }] = nodes;
  if (op === "sum" || op === "squares") return [[nodes[0], compensated(total.sum, total.lost)]];
  if (!holdsAll(nodes[0])) return [[nodes[0], value]];
  if (!clean || count === 0) return nodes.map((node) => [node, NaN]);
  const whole = wholeCellReduction(op);
  if (whole !== undefined) {
    return [[nodes[0], new WholeCellReducer(whole, nodes[0].value).reduce(values, count)]];
  }
  const requests = nodes.map((node): RankRequest => ({
    kind: node.op as "median" | "quantile",
    q: node.value,
  }));
  const found = orderStatistics(requests, values[0].subarray(0, count));
  return nodes.map((node, n) => [node, found[n]]);
}
