/**
 * The measure that a plan's cost is estimated by, taken at one of its granules. It is kept in the user's cache folder,
 * so that the next plan of the same config has it at once.
 */
import fs from "node:fs";
import process from "node:process";
import type { SourceLocation } from "../core/access/location.ts";
import { GranaryError } from "../core/errors.ts";
import { keepMeasure, keptMeasure, measureFile } from "./kept_measures.ts";
import { type Measure, measureGranule } from "./measure_granule.ts";
import type { Plan } from "./plan/plan.ts";

export interface CalibrationOptions {
  locate(granule: number): SourceLocation;
  /** Whether a granule that is not on this machine may be read. */
  remote: boolean;
  env?: Readonly<Record<string, string | undefined>>;
  signal?: AbortSignal | undefined;
}

/** The plan's measure, from the cache folder or taken now at one granule; a sentence where there can be none. */
export async function calibrate(plan: Plan, options: CalibrationOptions): Promise<Measure | string> {
  const granule = sampleOf(plan, options.locate, options.remote);
  const kind = kindOf(options.locate, granule ?? 0);
  const file = measureFile(plan, granule ?? 0, kind, options.env ?? process.env);
  const kept = file === null ? null : keptMeasure(file);
  if (kept !== null) return kept;
  if (granule === null) {
    return "no granule is on this machine to measure at (say --calibrate to read one from where it is)";
  }
  try {
    const measured = await measureGranule(plan, granule, options.locate(granule), options.signal);
    if (file !== null) keepMeasure(file, measured);
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
