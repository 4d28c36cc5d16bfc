/**
 * Order statistics of a cell by selection: only the ranks that quantiles ask for are put in place.
 * Quickselect with a median of three, insertion sort for small parts, a full sort of a part that
 * resists (introselect, Musser 1997).
 */

/** Parts up to this length are sorted by insertion. */
const SMALL = 24;

/** One quantile of a cell: numpy's linear method, or np.median's mean of the middle two. */
interface RankRequest {
  kind: "quantile" | "median";
  /** 0 to 1. */
  q: number;
}

/**
 * Puts every rank of `ranks[from..to)` (ascending) of `x[left..right]` (both included) where a full sort
 * would put it. `x` must hold no NaN.
 */
export function selectRanks(
  x: Float64Array,
  left: number,
  right: number,
  ranks: Uint32Array,
  from: number,
  to: number,
): void {
  let budget = 4 * (32 - Math.clz32(right - left + 1));
  while (from < to) {
    if (right - left < SMALL) {
      insertionSort(x, left, right);
      return;
    }
    if (budget-- === 0) {
      x.subarray(left, right + 1).sort();
      return;
    }
    const pivot = medianOfThree(x, left, right);
    let i = left - 1;
    let j = right + 1;
    while (true) {
      do i += 1; while (x[i] < pivot);
      do j -= 1; while (x[j] > pivot);
      if (i >= j) break;
      const value = x[i];
      x[i] = x[j];
      x[j] = value;
    }
    // x[left..j] <= pivot <= x[j+1..right]
    let middle = from;
    while (middle < to && ranks[middle] <= j) middle += 1;
    if (middle > from && middle < to) {
      selectRanks(x, left, j, ranks, from, middle);
      left = j + 1;
      from = middle;
    } else if (middle > from) {
      right = j;
    } else {
      left = j + 1;
    }
  }
}

function medianOfThree(x: Float64Array, left: number, right: number): number {
  const a = x[left];
  const b = x[(left + right) >>> 1];
  const c = x[right];
  if (a < b) return b < c ? b : a < c ? c : a;
  return a < c ? a : b < c ? c : b;
}

function insertionSort(x: Float64Array, left: number, right: number): void {
  for (let i = left + 1; i <= right; i++) {
    const value = x[i];
    let j = i - 1;
    while (j >= left && x[j] > value) {
      x[j + 1] = x[j];
      j -= 1;
    }
    x[j + 1] = value;
  }
}

/** Selects all requested order statistics of one source at once, for every cell. */
export class RankSelector {
  readonly #requests: readonly RankRequest[];
  readonly #ranks: Uint32Array;
  #scratch = new Float64Array(1024);

  constructor(requests: readonly RankRequest[]) {
    this.#requests = requests;
    this.#ranks = new Uint32Array(2 * requests.length);
  }

  /** `outs[r][k]` is request r of cell k; NaN for a cell that is empty or has a NaN. */
  run(outs: readonly Float64Array[], x: Float64Array, starts: Uint32Array, cells: number): void {
    for (let k = 0; k < cells; k++) {
      const start = starts[k];
      const count = starts[k + 1] - start;
      if (count > this.#scratch.length) this.#scratch = new Float64Array(count + (count >>> 1));
      const scratch = this.#scratch;
      let clean = count > 0;
      for (let i = 0; i < count; i++) {
        const value = x[start + i];
        if (value !== value) clean = false;
        scratch[i] = value;
      }
      if (clean) this.select(outs, k, scratch, count);
      else for (const out of outs) out[k] = NaN;
    }
  }

  /** The requests of one cell, whose `count` > 0 values it reorders and which hold no NaN. */
  select(outs: readonly Float64Array[], k: number, values: Float64Array, count: number): void {
    const requests = this.#requests;
    const ranks = this.#ranks;
    for (let r = 0; r < requests.length; r++) {
      const lower = lowerRank(requests[r], count);
      insertRank(ranks, 2 * r, lower);
      insertRank(ranks, 2 * r + 1, Math.min(lower + 1, count - 1));
    }
    selectRanks(values, 0, count - 1, ranks, 0, ranks.length);
    for (let r = 0; r < requests.length; r++) outs[r][k] = orderStatistic(requests[r], values, count);
  }
}

/** Keeps `ranks[0..length]` ascending while `rank` joins. */
function insertRank(ranks: Uint32Array, length: number, rank: number): void {
  let i = length;
  while (i > 0 && ranks[i - 1] > rank) {
    ranks[i] = ranks[i - 1];
    i -= 1;
  }
  ranks[i] = rank;
}

function lowerRank(request: RankRequest, count: number): number {
  if (request.kind === "median") return (count - 1) >>> 1;
  return Math.min(Math.floor((count - 1) * request.q), count - 1);
}

/**
 * The request's value from `sorted` (sorted at least at its ranks), in numpy's arithmetic: `quantile`
 * interpolates from the nearer end (numpy's _lerp), `median` is the mean of the middle two.
 */
function orderStatistic(request: RankRequest, sorted: Float64Array, count: number): number {
  const lower = lowerRank(request, count);
  const a = sorted[lower];
  const b = sorted[Math.min(lower + 1, count - 1)];
  if (request.kind === "median") return count % 2 === 1 ? a : (a + b) / 2;
  const t = (count - 1) * request.q - lower;
  const difference = b - a;
  return t >= 0.5 ? b - difference * (1 - t) : a + difference * t;
}
