/**
 * Statistics of cells above the parent order: each parent's observations are summarized as a state of
 * plain numbers, states merge, and a merged state gives the statistics. Counts, sums, least and greatest
 * values merge by their own rules, squared deviations pairwise (Chan, Golub and LeVeque 1979), medians
 * and quantiles by digests (see sketch.ts for their error). An expression merges if all its reductions
 * do: its outer arithmetic then runs on the merged values.
 */
import type { Statistic } from "../pipeline.ts";
import { BLOCK_ROWS, BlockLoader } from "./blocks.ts";
import type { MergeSummarizer } from "./contract.ts";
import { Evaluator, reachable } from "./evaluate.ts";
import type { GraphNode } from "./graph.ts";
import { isAggregate, type MergeRefusal, planMerge, slotKind } from "./merge_plan.ts";
import { BINARY, UNARY } from "../../core/expressions/operations.ts";
import {
  blockValues,
  emptyNumbers,
  greatestOf,
  leastOf,
  mergeSlot,
  pack,
  type Slot,
  unpack,
} from "./merge_state.ts";
import { type Clusters, digest, digestQuantile, mergeDigests } from "./sketch.ts";

/**
 * Summarizes parents, merges summaries and finishes them. A state is plain numbers, made to be stored as
 * bytes: NaN and infinities have their meaning in it, which JSON would lose.
 */
interface Merger extends MergeSummarizer {
  /** Merges states, pairwise by halves in the given order, so that the order fixes the result's bits. */
  combine(states: readonly Float64Array[]): Float64Array;
  /**
   * One value a statistic: NaN where there is no valid value (0 for a count) and for refused ones. `exact`
   * tells quantiles of digests whose values were kept.
   */
  finish(state: Float64Array, exact?: (digest: number, q: number) => number): Float64Array;
  /** The quantiles that are asked of each digest. */
  readonly quantiles: readonly { digest: number; q: number }[];
  readonly refused: readonly MergeRefusal[];
}

/** Values collected for a digest are kept room for up to here; what is larger is let go after use. */
const RETAINED_ROWS = 1_000_000;

/**
 * Compiles the merging of `statistics`. What cannot be merged (a reduction inside a reduction) is listed
 * in `refused` and comes out as NaN; requireMergeable makes it an error.
 */
export function compileMerge(statistics: readonly Statistic[], columnNames: readonly string[]): Merger {
  const plan = planMerge(statistics, columnNames);
  const { slots, sets, fixed } = plan;
  const digests = slots.filter((slot) => slot.kind === "digest");
  const reduced = slots.filter((slot) => slot.kind !== "count").map((slot) => slot.source);
  const evaluator = new Evaluator(plan.graph, reduced);
  const loader = new BlockLoader(
    (room, bytes) => evaluator.makeRoom(room, bytes),
    columnNames.length,
    [...new Set(sets.flat())],
  );
  const blockStarts = new Uint32Array(2);
  const collected = digests.map(() => ({ values: new Float64Array(0), count: 0, clean: true }));

  /** Puts a block of one cell into the slots of one set. */
  function addBlock(state: Float64Array, set: number): void {
    const block = loader.valid(sets[set], blockStarts, 1);
    if (block.rows === 0) return;
    evaluator.begin(block);
    for (const slot of slots) {
      if (slot.set !== set) continue;
      if (slot.kind === "digest") collect(slot, block.rows);
      else mergeSlot(slot, state, blockValues(slot, evaluator, block.rows), 0);
    }
  }

  function collect(slot: Slot, rows: number): void {
    const into = collected[digests.indexOf(slot)];
    const values = evaluator.valuesOf(slot.source);
    for (let i = 0; i < rows; i++) {
      const value = values[i];
      if (value !== value) into.clean = false;
      into.values[into.count + i] = value;
    }
    into.count += rows;
  }

  const quantiles = new Map<string, { digest: number; q: number }>();
  plan.roots.forEach((root, s) => {
    if (root === null) return;
    for (const node of reachable([root]).filter((one) => isAggregate(one) && slotKind(one) === "digest")) {
      const slot = plan.slotOf("digest", node.args[0], plan.setOf[s]);
      const asked = { digest: digests.indexOf(slot), q: quantileOf(node) };
      quantiles.set(`${asked.digest} ${asked.q}`, asked);
    }
  });

  return {
    refused: plan.refused,
    digests: digests.length,
    quantiles: [...quantiles.values()],

    summarize(columns, keep, order) {
      if (columns.length !== columnNames.length) {
        throw new Error(`${columns.length} columns for ${columnNames.length} names`);
      }
      const state = emptyNumbers(slots, fixed);
      const rows = columns[0]?.length ?? 0;
      for (const into of collected) {
        [into.count, into.clean] = [0, true];
        if (into.values.length < rows) into.values = new Float64Array(rows);
      }
      for (let begin = 0; begin < rows; begin += BLOCK_ROWS) {
        const length = Math.min(BLOCK_ROWS, rows - begin);
        blockStarts[1] = length;
        loader.load(columns, order, begin, blockStarts, 1);
        for (let set = 0; set < sets.length; set++) addBlock(state, set);
      }
      const clusters = digests.map((slot, d) => {
        const { values, count, clean } = collected[d];
        if (count === 0) return new Float64Array(0);
        // A NaN among the values makes every quantile NaN, as numpy: its extremes carry that.
        state[slot.offset] = clean ? leastOf(values, count) : NaN;
        state[slot.offset + 1] = clean ? greatestOf(values, count) : NaN;
        if (keep !== undefined) {
          if (clean) keep(d, values.subarray(0, count));
          return new Float64Array(0);
        }
        return clean ? digest(values, count) : new Float64Array(0);
      });
      for (const into of collected) if (rows > RETAINED_ROWS) into.values = new Float64Array(0);
      return pack(state, clusters);
    },

    combine(states) {
      if (states.length === 0) {
        return pack(
          emptyNumbers(slots, fixed),
          digests.map(() => new Float64Array(0)),
        );
      }
      if (states.length === 1) return states[0];
      const half = states.length >>> 1;
      const left = this.combine(states.slice(0, half));
      const right = this.combine(states.slice(half));
      const merged = left.slice(0, fixed);
      for (const slot of slots) mergeSlot(slot, merged, right, slot.offset);
      const [ours, theirs] = [unpack(left, fixed, digests.length), unpack(right, fixed, digests.length)];
      return pack(merged, ours.map((clusters, d) => mergeDigests(clusters, theirs[d])));
    },

    finish(state, exact) {
      const clusters = unpack(state, fixed, digests.length);
      const values = plan.roots.map((root, s) => {
        if (root === null) return NaN;
        const set = plan.setOf[s];
        const count = state[plan.slotOf("count", root, set).offset];
        if (root.op === "count") return count;
        if (count === 0) return NaN;
        return evaluateMerged(root, (aggregate) => finishSlot(aggregate, set, state, clusters, exact));
      });
      return Float64Array.from(values);
    },
  };

  function finishSlot(
    node: GraphNode,
    set: number,
    state: Float64Array,
    clusters: readonly Clusters[],
    exact: ((digest: number, q: number) => number) | undefined,
  ): number {
    const slot = plan.slotOf(slotKind(node), node.args[0], set);
    if (slot.kind !== "digest") return state[slot.offset + (slot.kind === "squares" ? 2 : 0)];
    const [least, greatest] = [state[slot.offset], state[slot.offset + 1]];
    if (least !== least) return NaN;
    const d = digests.indexOf(slot);
    return exact?.(d, quantileOf(node)) ?? digestQuantile(clusters[d], quantileOf(node), least, greatest);
  }
}

function quantileOf(node: GraphNode): number {
  return node.op === "median" ? 0.5 : node.value;
}

/** A cell's value from its merged reductions. */
function evaluateMerged(node: GraphNode, aggregate: (node: GraphNode) => number): number {
  if (node.op === "constant") return node.value;
  if (isAggregate(node)) return aggregate(node);
  const args = node.args.map((argument) => evaluateMerged(argument, aggregate));
  if (node.op === "where") return args[0] !== 0 ? args[1] : args[2];
  return args.length === 1 ? UNARY[node.op](args[0]) : BINARY[node.op](args[0], args[1]);
}
