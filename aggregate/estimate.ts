/** What a run will cost, before it: what its plan says, and what one of its granules cost when it was aggregated alone. */
import { TEMPLATE_DEFAULTS } from "../runs/lambda/lambda_template.ts";
import { dollarsFor, type Prices, pricesText } from "../runs/prices.ts";
import type { Measure } from "./measure_granule.ts";
import type { Plan } from "./plan/plan.ts";
import { PROCESS_BYTES, WORKER_BYTES } from "./schedule/budget.ts";

/** Numbers are null where nothing was measured; `unknown` says why then. */
export interface Estimate {
  granules: number;
  /** Of the granules' files, as far as the catalog knows. */
  granuleBytes: number;
  granulesOfUnknownSize: number;
  readBytes: number | null;
  requests: number | null;
  observations: number | null;
  /** The most that the run takes: what it is given, or less where less is enough. */
  memoryBytes: number;
  /** Between granules that all share their cells, and granules that share none. */
  storeBytes: { least: number; most: number } | null;
  workers: number;
  seconds: number | null;
  /** A core of Lambda taken to be as fast as one here; dollars are null where a price is not known. */
  lambda: { dollars: number | null; prices: string; memoryMegabytes: number } | null;
  measuredAt: string | null;
  unknown: string | null;
}

/** Bytes of an observation in memory besides its columns. */
const ROW_BYTES = 4;

/** What a plan will cost by a measure; without one, what the plan itself says. */
export function estimateOf(
  plan: Plan,
  measured: Measure | string,
  { workers, memoryBytes }: { workers: number; memoryBytes: number },
  prices: Prices,
): Estimate {
  const known = plan.granules.flatMap(({ size_bytes }) => size_bytes === null ? [] : [size_bytes]);
  const granuleBytes = known.reduce((sum, size) => sum + size, 0);
  const threads = Math.max(1, workers);
  const estimate: Estimate = {
    granules: plan.granules.length,
    granuleBytes,
    granulesOfUnknownSize: plan.granules.length - known.length,
    readBytes: null,
    requests: null,
    observations: null,
    memoryBytes,
    storeBytes: null,
    workers: threads,
    seconds: null,
    lambda: null,
    measuredAt: null,
    unknown: typeof measured === "string" ? measured : null,
  };
  if (typeof measured === "string") return estimate;
  // As many granules of the measured one's size.
  const alike = measured.sizeBytes === null || measured.sizeBytes === 0
    ? plan.granules.length
    : granuleBytes / measured.sizeBytes + estimate.granulesOfUnknownSize;
  const times = (number: number) => Math.round(number * alike);
  const observations = times(measured.observations);
  const rowBytes = ROW_BYTES + 8 * plan.pipeline.dataSource.columns.length;
  const enough = PROCESS_BYTES + threads * WORKER_BYTES + observations * rowBytes;
  const parents = new Set(plan.ranks.flat()).size;
  const shared = measured.storeBytes * Math.max(1, parents / Math.max(1, measured.parents));
  const alone = measured.storeBytes * Math.max(1, alike);
  const { memoryMegabytes, architecture } = TEMPLATE_DEFAULTS;
  const dollars = dollarsFor({
    gigabyteSeconds: measured.seconds * alike * memoryMegabytes / 1024,
    architecture,
    calls: plan.batches.length + plan.shards.length,
    gets: measured.requests * alike,
  }, prices);
  return {
    ...estimate,
    readBytes: times(measured.readBytes),
    requests: times(measured.requests),
    observations,
    memoryBytes: Math.min(memoryBytes, Math.round(enough)),
    storeBytes: {
      least: Math.round(Math.min(shared, alone)),
      most: Math.round(Math.max(shared, alone)),
    },
    seconds: measured.seconds * alike / threads,
    lambda: { dollars, prices: pricesText(prices), memoryMegabytes },
    measuredAt: measured.granule,
  };
}
