/** Runs a graph over a block of cells: each node once, into a place of its own in the kernels' memory. */
import { KernelMemory, roundUp } from "../../core/kernels/memory.ts";
import { type Block, capacity } from "./blocks.ts";
import type { Graph, GraphNode } from "./graph.ts";
import {
  type BinaryKernel,
  binaryKernel,
  chooseRows,
  countCells,
  spreadCells,
  type UnaryKernel,
  unaryKernel,
} from "./kernels.ts";
import { type RankRequest, requestTableBytes, scratchBytes, writeRequestTable } from "./selection.ts";
import { WholeCellReducer, wholeCellReduction } from "./whole_cell.ts";

type Step = (block: Block) => void;

/** Operations that the kernels do on two rows at once. */
const ARITHMETIC = {
  add: "addRows",
  subtract: "subtractRows",
  multiply: "multiplyRows",
  divide: "divideRows",
} as const;

/** Bytes of two float64: what kernels take at once. */
const PAIR_BYTES = 16;

/** All medians and quantiles of a source: they share the selection. */
interface Selection {
  source: GraphNode;
  nodes: GraphNode[];
  /** Where the kernel's table of them stands. */
  table: number;
}

/** Evaluates nodes of a graph over one block after another, each node once a block. */
export class Evaluator {
  readonly #nodes: readonly GraphNode[];
  readonly #selections: readonly Selection[];
  #made: KernelMemory | undefined;
  /** Rows, and cells, that there is room for. */
  #room = 0;
  /** Where each node has a place of its own. */
  #placed: Float64Array[] = [];
  /** The value of each node after its step; of a constant it stands twice. */
  #values: Float64Array[] = [];
  /** Where those lie in the memory. */
  #places: number[] = [];
  #starts = new Uint32Array(0);
  #startsAt = 0;
  #scratch = 0;
  readonly #steps: Step[];
  /** The serial of the block in which a node was computed last. */
  readonly #computed: Uint32Array;
  /** For each node asked for, the ids of the nodes that it needs, arguments first. */
  readonly #orders = new Map<number, number[]>();
  #serial = 0;
  #block: Block = { columns: [], starts: new Uint32Array(1), cells: 0, rows: 0 };

  /** `wanted` are the nodes that will be asked for. */
  constructor(graph: Graph, wanted: readonly GraphNode[]) {
    const needed = reachable(wanted);
    this.#nodes = graph.nodes;
    this.#computed = new Uint32Array(graph.nodes.length);
    this.#selections = selectionsOf(needed);
    this.#steps = graph.nodes.map((node) => this.#selecting(node) ?? this.#step(node));
    for (const node of wanted) {
      this.#orders.set(node.id, reachable([node]).map((needed) => needed.id));
    }
  }

  /**
   * Makes room for blocks of so many rows and cells, and for so many bytes more, which are the next to be placed. A
   * column that lies there is used where it is.
   */
  makeRoom(room: number, bytes: number): KernelMemory {
    const memory = this.#memory;
    const own = roundUp(8 * room);
    const tables = this.#selections.map(({ nodes }) => roundUp(requestTableBytes(nodes.length)));
    const arrays = (this.#nodes.length + 1) * own + scratchBytes(room, room);
    memory.reserve(arrays + tables.reduce((sum, table) => sum + table, bytes));
    this.#placed = this.#nodes.map(({ op, value }) => {
      const length = op === "constant" ? 2 : own / 8;
      const values = new Float64Array(memory.buffer, memory.place(8 * length), length);
      return op === "constant" ? values.fill(value) : values;
    });
    this.#values = [...this.#placed];
    this.#places = this.#placed.map((values) => values.byteOffset);
    this.#startsAt = memory.place(own);
    this.#starts = new Uint32Array(memory.buffer, this.#startsAt, room);
    this.#scratch = memory.place(scratchBytes(room, room));
    this.#selections.forEach((selection, s) => {
      selection.table = memory.place(tables[s]);
      const requests = selection.nodes.map(({ op, value }): RankRequest => ({
        kind: op as RankRequest["kind"],
        q: value,
      }));
      writeRequestTable(memory, selection.table, requests, selection.nodes.map(({ id }) => this.#places[id]));
    });
    this.#room = room;
    return memory;
  }

  /** Begins a block; what was computed before is forgotten. */
  begin(block: Block): void {
    const { rows, cells, starts } = block;
    const room = Math.max(rows, cells + 1);
    if (room > this.#room) this.makeRoom(capacity(room), 0);
    this.#starts.set(starts.subarray(0, cells + 1));
    this.#block = block;
    this.#serial = (this.#serial + 1) >>> 0;
    if (this.#serial === 0) {
      this.#computed.fill(0);
      this.#serial = 1;
    }
  }

  /** Gives a node of the block its value in the block's only cell, which is then not computed. */
  preset(node: GraphNode, value: number): void {
    this.#values[node.id][0] = value;
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

  /** Made when it is first needed: much is compiled to be checked and never run. */
  get #memory(): KernelMemory {
    return this.#made ??= new KernelMemory();
  }

  #step(node: GraphNode): Step {
    const { id, op, args, value } = node;
    const a = args[0];
    const b = args[1];
    const length = (block: Block) => node.shape === "rows" ? block.rows : block.cells;
    switch (op) {
      case "constant":
        return () => {};
      case "column":
        return ({ columns, rows }) => {
          if (rows === 0) return;
          const column = columns[value];
          const isHere = column.buffer === this.#memory.buffer;
          this.#values[id] = isHere ? column : this.#placed[id];
          this.#places[id] = this.#values[id].byteOffset;
          if (!isHere) this.#values[id].set(column.subarray(0, rows));
        };
      case "spread":
        return ({ starts, cells }) => spreadCells(this.#values[id], this.#values[a.id], starts, cells);
      case "count":
        return ({ starts, cells }) => countCells(this.#values[id], starts, cells);
      case "sum":
        return ({ cells }) =>
          this.#memory.kernels.sumCells(this.#places[id], this.#places[a.id], this.#startsAt, cells);
      case "min":
      case "max":
        return this.#extremes(node);
      case "squares":
        return ({ cells }) =>
          this.#memory.kernels.squaresCells(
            this.#places[node.id],
            this.#places[a.id],
            this.#places[b.id],
            this.#startsAt,
            cells,
          );
      case "square":
        return (block) => this.#calculate("multiply", node, a, a, length(block));
      case "add":
      case "subtract":
      case "multiply":
      case "divide":
        return (block) => this.#calculate(op, node, a, b, length(block));
      case "where":
        return (block) =>
          chooseRows(
            this.#values[id],
            this.#values[a.id],
            this.#operand(b),
            this.#operand(args[2]),
            length(block),
          );
    }
    const whole = wholeCellReduction(op);
    if (whole !== undefined) {
      const reducer = new WholeCellReducer(whole, value);
      return ({ starts, cells }) => {
        const sources = args.map((argument) => this.#values[argument.id]);
        reducer.run(this.#values[id], sources, starts, cells);
      };
    }
    if (args.length === 1) {
      const kernel: UnaryKernel = unaryKernel(op);
      return (block) => kernel(this.#values[id], this.#values[a.id], length(block));
    }
    const kernel: BinaryKernel = binaryKernel(op);
    return (block) => kernel(this.#values[id], this.#operand(a), this.#operand(b), length(block));
  }

  #calculate(op: keyof typeof ARITHMETIC, to: GraphNode, a: GraphNode, b: GraphNode, length: number): void {
    this.#memory.kernels[ARITHMETIC[op]](
      this.#places[to.id],
      this.#places[a.id],
      a.op === "constant" ? 0 : PAIR_BYTES,
      this.#places[b.id],
      b.op === "constant" ? 0 : PAIR_BYTES,
      length,
    );
  }

  /** The step of a least or a greatest value, which finds the other too, if it is not known. */
  #extremes({ id, op, args: [a] }: GraphNode): Step {
    const other = this.#nodes.find((node) =>
      node.op === (op === "min" ? "max" : "min") && node.args[0] === a
    );
    return ({ cells }) => {
      const isWanted = other !== undefined && this.#computed[other.id] !== this.#serial;
      const own = this.#places[id], others = isWanted ? this.#places[other.id] : this.#scratch;
      const [leasts, mosts] = op === "min" ? [own, others] : [others, own];
      this.#memory.kernels.extremeCells(leasts, mosts, this.#places[a.id], this.#startsAt, cells);
      if (isWanted) this.#computed[other.id] = this.#serial;
    };
  }

  #operand(node: GraphNode): Float64Array | number {
    return node.op === "constant" ? node.value : this.#values[node.id];
  }

  /** The step of a median or quantile, which does all of its source. */
  #selecting(node: GraphNode): Step | undefined {
    const selection = this.#selections.find(({ nodes }) => nodes.includes(node));
    if (selection === undefined) return undefined;
    const { source, nodes } = selection;
    return ({ cells }) => {
      this.#memory.kernels.selectRanks(
        this.#places[source.id],
        this.#startsAt,
        cells,
        this.#scratch,
        selection.table,
        nodes.length,
      );
      for (const { id } of nodes) this.#computed[id] = this.#serial;
    };
  }
}

/** Medians and quantiles by their sources. */
function selectionsOf(nodes: readonly GraphNode[]): Selection[] {
  const bySource = new Map<GraphNode, Selection>();
  for (const node of nodes) {
    if (node.op !== "median" && node.op !== "quantile") continue;
    const [source] = node.args;
    const selection = bySource.get(source);
    if (selection === undefined) bySource.set(source, { source, nodes: [node], table: 0 });
    else selection.nodes.push(node);
  }
  return [...bySource.values()];
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
