/** The plain numbers in which a parent is summarized: how they begin, grow, merge, and are laid out. */
import { inputError } from "../../core/errors.ts";
import { addRows, addSquares, compensated } from "./kernels.ts";
import type { Evaluator } from "./evaluate.ts";
import type { GraphNode } from "./graph.ts";
import type { Clusters } from "./sketch.ts";

/** Numbers that a slot takes at a state's front. */
export const SLOT_NUMBERS = { count: 1, sum: 1, min: 1, max: 1, squares: 3, digest: 2 } as const;
export type SlotKind = keyof typeof SLOT_NUMBERS;

/** One mergeable reduction of the valid rows of a set of columns. */
export interface Slot {
  kind: SlotKind;
  /** What is reduced; for a count any rows of the set. */
  source: GraphNode;
  /** Index of the column set. */
  set: number;
  /** Where its numbers begin in a state. */
  offset: number;
}

/** The numbers of slots that have seen nothing. */
export function emptyNumbers(slots: readonly Slot[], fixed: number): Float64Array {
  const state = new Float64Array(fixed);
  for (const { kind, offset } of slots) {
    if (kind === "min") state[offset] = Infinity;
    if (kind === "max") state[offset] = -Infinity;
    if (kind === "digest") state.set([Infinity, -Infinity], offset);
  }
  return state;
}

const blockNumbers = new Float64Array(3);

/** A slot's numbers for the rows of one block. */
export function blockValues(slot: Slot, evaluator: Evaluator, rows: number): Float64Array {
  const out = blockNumbers;
  if (slot.kind === "count") {
    out[0] = rows;
    return out;
  }
  const x = evaluator.valuesOf(slot.source);
  const total = { sum: 0, lost: 0 };
  if (slot.kind === "min") out[0] = leastOf(x, rows);
  else if (slot.kind === "max") out[0] = greatestOf(x, rows);
  else addRows(total, x, rows);
  const sum = compensated(total.sum, total.lost);
  if (slot.kind === "sum") out[0] = sum;
  if (slot.kind === "squares") {
    const mean = sum / rows, squares = { sum: 0, lost: 0 };
    addSquares(squares, x, mean, rows);
    out[0] = rows;
    out[1] = mean;
    out[2] = compensated(squares.sum, squares.lost);
  }
  return out;
}

/** Merges numbers of a slot, at `from` of `other`, into `state`. */
export function mergeSlot(slot: Slot, state: Float64Array, other: Float64Array, from: number): void {
  const at = slot.offset;
  switch (slot.kind) {
    case "count":
    case "sum":
      state[at] = state[at] + other[from];
      return;
    case "min":
      state[at] = Math.min(state[at], other[from]);
      return;
    case "max":
      state[at] = Math.max(state[at], other[from]);
      return;
    case "digest":
      state[at] = Math.min(state[at], other[from]);
      state[at + 1] = Math.max(state[at + 1], other[from + 1]);
      return;
    case "squares": {
      const [n, m] = [state[at], other[from]];
      if (m === 0) return;
      const total = n + m;
      const difference = other[from + 1] - state[at + 1];
      state[at] = total;
      state[at + 2] = state[at + 2] + other[from + 2] + difference * difference * (n * m / total);
      state[at + 1] = n === 0 ? other[from + 1] : state[at + 1] + difference * (m / total);
      return;
    }
  }
}

export function leastOf(x: Float64Array, count: number): number {
  let least = Infinity;
  for (let i = 0; i < count; i++) least = Math.min(least, x[i]);
  return least;
}

export function greatestOf(x: Float64Array, count: number): number {
  let greatest = -Infinity;
  for (let i = 0; i < count; i++) greatest = Math.max(greatest, x[i]);
  return greatest;
}

/** A state: the slots' numbers, then each digest's length and clusters. */
export function pack(numbers: Float64Array, digests: readonly Clusters[]): Float64Array {
  const length = digests.reduce((sum, clusters) => sum + 1 + clusters.length, numbers.length);
  const state = new Float64Array(length);
  state.set(numbers);
  let at = numbers.length;
  for (const clusters of digests) {
    state[at] = clusters.length;
    state.set(clusters, at + 1);
    at += 1 + clusters.length;
  }
  return state;
}

/** The digests of a state. Throws an input error for a state that another config made. */
export function unpack(state: Float64Array, fixed: number, count: number): Clusters[] {
  const digests: Clusters[] = [];
  let at = fixed;
  for (let d = 0; d < count; d++) {
    const length = state[at];
    if (!(length >= 0 && length % 2 === 0 && at + 1 + length <= state.length)) throw strangeState(state);
    digests.push(state.subarray(at + 1, at + 1 + length));
    at += 1 + length;
  }
  if (at !== state.length) throw strangeState(state);
  return digests;
}

function strangeState(state: Float64Array): Error {
  return inputError(
    `a summary of ${state.length} numbers does not fit this config (its run was made with another; start a new run)`,
  );
}
