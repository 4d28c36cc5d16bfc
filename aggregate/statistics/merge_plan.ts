/** What of statistics is summarized, so that cells merge: reductions, and the numbers that each keeps. */
import { inputError } from "../../core/errors.ts";
import type { Statistic } from "../pipeline.ts";
import { reachable } from "./evaluate.ts";
import { AGGREGATES, Graph, type GraphNode } from "./graph.ts";
import { lowerStatistic } from "./lower.ts";
import { type Slot, SLOT_NUMBERS, type SlotKind } from "./merge_state.ts";
import { wholeCellReduction } from "./whole_cell.ts";

/** A statistic that cannot be merged, and why. */
export interface MergeRefusal {
  name: string;
  why: string;
}

const LEVELS = {
  what: "levels above the parent order",
  instead: "leave these variables out, or end --levels at the parent order",
} as const;

/** Throws an input error that names every statistic that cannot be merged. */
export function requireMergeable(
  statistics: readonly Statistic[],
  columnNames: readonly string[],
  { what, instead }: { what: string; instead: string } = LEVELS,
): void {
  const { refused } = planMerge(statistics, columnNames);
  if (refused.length === 0) return;
  const reasons = refused.map(({ name, why }) => `variable "${name}": ${why}`);
  throw inputError(
    `${reasons.join("\n")}\n${what} are merged from summaries, and this cannot be (${instead})`,
    { refused },
  );
}

interface MergePlan {
  graph: Graph;
  /** Null where refused. */
  roots: (GraphNode | null)[];
  /** Column sets whose valid rows are summarized. */
  sets: number[][];
  /** For each statistic, the index of its set. */
  setOf: number[];
  slots: Slot[];
  /** Numbers before the digests of a state. */
  fixed: number;
  refused: MergeRefusal[];
  slotOf(kind: SlotKind, source: GraphNode, set: number): Slot;
}

/** Reductions of all statistics, each once; what cannot be merged is in `refused`. */
export function planMerge(statistics: readonly Statistic[], columnNames: readonly string[]): MergePlan {
  const graph = new Graph();
  const sets: number[][] = [];
  const slots = new Map<string, Slot>();
  const refused: MergeRefusal[] = [];
  const setOf: number[] = [];
  let fixed = 0;
  const key = (kind: SlotKind, source: GraphNode, set: number) =>
    // All counts of a set are the number of its valid rows.
    kind === "count" ? `count@${set}` : `${kind}:${source.id}@${set}`;
  const addSlot = (kind: SlotKind, source: GraphNode, set: number): void => {
    const name = key(kind, source, set);
    if (slots.has(name)) return;
    slots.set(name, { kind, source, set, offset: fixed });
    fixed += SLOT_NUMBERS[kind];
  };
  const roots = statistics.map((statistic) => {
    const root = lowerStatistic(statistic, columnNames, graph);
    const aggregates = reachable([root]).filter(isAggregate);
    setOf.push(-1);
    const nested = aggregates.find((node) => reachable([node.args[0]]).some(isAggregate));
    if (nested !== undefined) {
      refused.push({
        name: statistic.name,
        why: `it reduces values (by ${nested.op}) that depend on the cell's own statistics`,
      });
      return null;
    }
    const whole = aggregates.find((node) => wholeCellReduction(node.op) !== undefined);
    if (whole !== undefined) {
      refused.push({ name: statistic.name, why: `it needs all values of a cell at once (by ${whole.op})` });
      return null;
    }
    let set = sets.findIndex((columns) => columns.join() === root.columns.join());
    if (set < 0) set = sets.push([...root.columns]) - 1;
    setOf[setOf.length - 1] = set;
    addSlot("count", root, set);
    for (const node of aggregates) addSlot(slotKind(node), node.args[0], set);
    return root;
  });
  return {
    graph,
    roots,
    sets,
    setOf,
    slots: [...slots.values()],
    fixed,
    refused,
    slotOf: (kind, source, set) => slots.get(key(kind, source, set))!,
  };
}

export function isAggregate(node: GraphNode): boolean {
  return (AGGREGATES as readonly string[]).includes(node.op);
}

export function slotKind(node: GraphNode): SlotKind {
  return node.op === "median" || node.op === "quantile" ? "digest" : node.op as SlotKind;
}
