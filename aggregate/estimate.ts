/**
 * What a run will cost, before it: what its plan says, and what one of its granules cost when it was aggregated alone.
 * The measure is kept in the user's cache folder, so that the next plan of the same config has it at once.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import type { SourceLocation } from "../core/access/location.ts";
import { GranaryError } from "../core/errors.ts";
import { writeFileAtomic } from "../core/files/atomic.ts";
import { temporaryRoot } from "../core/files/folders.ts";
import { cacheFolders } from "../core/files/native.ts";
import { asObject } from "../core/json_value.ts";
import { keyOf } from "../core/keys.ts";
import { TEMPLATE_DEFAULTS } from "../runs/lambda/lambda_template.ts";
import { scatterConfig } from "./plan/identity.ts";
import { type Plan, planRun } from "./plan/plan.ts";
import { rowRules } from "./plan/row_rules.ts";
import { ENGINE_VERSION } from "./plan/version.ts";
import { executePlan } from "./run/execute.ts";
import { RunDirectory } from "./run_directory/run_directory.ts";
import { PROCESS_BYTES, WORKER_BYTES } from "./schedule/budget.ts";

/** What one granule cost, aggregated alone by one thread. */
interface Calibration {
  /** The granule, for people. */
  granule: string;
  /** Of its file; null where the catalog does not know it. */
  sizeBytes: number | null;
  readBytes: number;
  requests: number;
  /** Taken, of those that were read. */
  observations: number;
  /** Of one thread, reading and reducing. */
  seconds: number;
  storeBytes: number;
  /** Parent cells, in each of the windows of time that it touches. */
  parents: number;
}

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
  /** List prices, a core of Lambda taken to be as fast as one here. */
  lambda: { dollars: number; memoryMegabytes: number } | null;
  measuredAt: string | null;
  unknown: string | null;
}

/** Dollars of Lambda (arm64 and x86_64, us-west-2): a GB second, a call; of S3: a GET. As listed in 2026. */
const GB_SECOND = { arm64: 0.0000133334, x86_64: 0.0000166667 } as const;
const CALL = 0.2e-6;
const GET = 0.4e-6;

/** Bytes of an observation in memory besides its columns. */
const ROW_BYTES = 4;

/** Older measures are taken anew. */
const KEPT_MS = 30 * 86_400_000;

/** What a plan will cost by a measure; without one, what the plan itself says. */
export function estimateOf(
  plan: Plan,
  measured: Calibration | string,
  { workers, memoryBytes }: { workers: number; memoryBytes: number },
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
  const dollars = measured.seconds * alike * memoryMegabytes / 1024 * GB_SECOND[architecture] +
    (plan.batches.length + plan.shards.length) * CALL + measured.requests * alike * GET;
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
    lambda: { dollars, memoryMegabytes },
    measuredAt: measured.granule,
  };
}

interface CalibrationOptions {
  locate(granule: number): SourceLocation;
  /** Whether a granule that is not on this machine may be read. */
  remote: boolean;
  env?: Readonly<Record<string, string | undefined>>;
  signal?: AbortSignal;
}

/** The plan's measure, from the cache folder or taken now at one granule; a sentence where there can be none. */
export async function calibrate(plan: Plan, options: CalibrationOptions): Promise<Calibration | string> {
  const granule = sampleOf(plan, options.locate, options.remote);
  const kind = kindOf(options.locate, granule ?? 0);
  const file = calibrationFile(plan, granule ?? 0, kind, options.env ?? process.env);
  const kept = file === null ? null : keptCalibration(file);
  if (kept !== null) return kept;
  if (granule === null) {
    return "no granule is on this machine to measure at (say --calibrate to read one from where it is)";
  }
  try {
    const measured = await measure(plan, granule, options);
    if (file !== null) keep(file, measured);
    return measured;
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof GranaryError)) throw error;
    return `${plan.granules[granule].id} could not be measured: ${error.message}`;
  }
}

/** The granule of middle size among those that may be read; null where there is none. */
function sampleOf(plan: Plan, locate: (granule: number) => SourceLocation, remote: boolean): number | null {
  const readable = plan.granules.map((_, g) => g).filter((g) => {
    const kind = kindOf(locate, g);
    return kind === "local" ? fs.existsSync(locate(g).url) : remote && kind !== null;
  });
  readable.sort((a, b) => (plan.granules[a].size_bytes ?? 0) - (plan.granules[b].size_bytes ?? 0) || a - b);
  return readable[readable.length >>> 1] ?? null;
}

function kindOf(locate: (granule: number) => SourceLocation, granule: number): SourceLocation["kind"] | null {
  try {
    return locate(granule).kind;
  } catch (error) {
    if (error instanceof GranaryError) return null;
    throw error;
  }
}

async function measure(
  plan: Plan,
  granule: number,
  { locate, signal }: CalibrationOptions,
): Promise<Calibration> {
  const row = plan.granules[granule];
  const own = [...new Set(plan.ranks[granule].map((rank) => rank % plan.store.parents.length))]
    .sort((a, b) => a - b);
  const alone = planRun(
    {
      parents: own.map((rank) => plan.store.parents[rank]),
      granules: [row],
      ranks: [own.map((_, rank) => rank)],
      leftOut: [],
    },
    plan.pipeline,
    {
      levels: plan.store.levels,
      selective: plan.selective,
      ...plan.rows === null ? {} : { rows: plan.rows },
    },
  );
  const folder = fs.mkdtempSync(path.join(temporaryRoot(), "granary-calibration-"));
  try {
    const report = await executePlan(alone, {
      store: path.join(folder, "store.zarr"),
      runDirectory: RunDirectory.in(path.join(folder, "run"), folder),
      locate: () => locate(granule),
      workers: 0,
      onError: "fail",
      ...signal === undefined ? {} : { signal },
    });
    return {
      granule: row.id,
      sizeBytes: row.size_bytes,
      readBytes: report.reads.bytes,
      requests: report.reads.requests,
      observations: report.storeObservations,
      seconds: report.seconds.workerScatter + report.seconds.workerReduce,
      storeBytes: report.storeBytes,
      parents: alone.ranks[0].length,
    };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Where the measure of such a plan is kept: it depends on config, product, way of reading and machine. */
function calibrationFile(
  plan: Plan,
  granule: number,
  kind: string | null,
  env: Readonly<Record<string, string | undefined>>,
): string | null {
  const folder = cacheFolders(env).find(({ shared }) => !shared)?.path;
  if (folder === undefined) return null;
  const key = keyOf({
    config: scatterConfig(plan.pipeline),
    levels: plan.store.levels,
    layout: plan.store.layout,
    rows: rowRules(plan.rows),
    collection: plan.granules[granule].collection,
    kind,
    engine: ENGINE_VERSION,
    host: os.hostname(),
  });
  return path.join(folder, "calibration", `${key}.json`);
}

function keptCalibration(file: string): Calibration | null {
  try {
    if (Date.now() - fs.statSync(file).mtimeMs > KEPT_MS) return null;
    const kept = asObject(JSON.parse(fs.readFileSync(file, "utf8")));
    const numbers = ["readBytes", "requests", "observations", "seconds", "storeBytes", "parents"];
    const sound = kept !== null && typeof kept.granule === "string" &&
      (kept.sizeBytes === null || Number.isFinite(kept.sizeBytes)) &&
      numbers.every((name) => Number.isFinite(kept[name]));
    return sound ? kept as unknown as Calibration : null;
  } catch {
    // What cannot be read is measured again.
    return null;
  }
}

function keep(file: string, measured: Calibration): void {
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    writeFileAtomic(file, new TextEncoder().encode(JSON.stringify(measured)));
  } catch {
    // A cache folder that cannot be written is no fault of the plan.
  }
}
