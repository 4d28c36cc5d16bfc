/** Order statistics of cells by selection, which a kernel does: kernels/select_ranks.ts. */
import { giveBack, type KernelMemory, roundUp, takeMemory } from "../../core/kernels/memory.ts";

/** One quantile of a cell: numpy's linear method, or np.median's mean of the middle two. */
export interface RankRequest {
  kind: "quantile" | "median";
  /** 0 to 1. */
  q: number;
}

/** A request's q, the ranks that it needs, and where its values go. */
const REQUEST_BYTES = 8 + 2 * 4 + 4;

/** Stands for the q of a median. */
const MEDIAN = -1;

/** Bytes of the kernel's table of so many requests. */
export function requestTableBytes(requests: number): number {
  return REQUEST_BYTES * requests;
}

/** Writes the kernel's table at a place of its memory; the values of request r go to the place `outs[r]`. */
export function writeRequestTable(
  { buffer }: KernelMemory,
  at: number,
  requests: readonly RankRequest[],
  outs: readonly number[],
): void {
  const { length } = requests;
  new Float64Array(buffer, at, length).set(requests.map(({ kind, q }) => kind === "median" ? MEDIAN : q));
  new Uint32Array(buffer, at + 16 * length, length).set(outs);
}

/** Bytes that the kernel sorts in, for so many values and cells at most. */
export function scratchBytes(rows: number, cells: number): number {
  return roundUp(8 * (Math.max(rows, 256) + 16) + 4 * cells);
}

/** The requests of one cell of any number of values, none of which is NaN. */
export function orderStatistics(requests: readonly RankRequest[], values: Float64Array): Float64Array {
  const { length } = requests;
  const table = roundUp(requestTableBytes(length)), rows = roundUp(8 * values.length);
  const room = scratchBytes(values.length, 1);
  const memory = takeMemory(table + roundUp(8 * length) + roundUp(8) + rows + room);
  try {
    const { buffer, kernels } = memory;
    const at = memory.place(table), out = memory.place(8 * length), starts = memory.place(8);
    const x = memory.place(rows), scratch = memory.place(room);
    writeRequestTable(memory, at, requests, requests.map((_, r) => out + 8 * r));
    new Uint32Array(buffer, starts, 2).set([0, values.length]);
    new Float64Array(buffer, x, values.length).set(values);
    kernels.selectRanks(x, starts, 1, scratch, at, length);
    return new Float64Array(buffer, out, length).slice();
  } finally {
    giveBack(memory);
  }
}
