/** What one granule of a plan costs, measured. */
import fs from "node:fs";
import path from "node:path";
import type { SourceLocation } from "../core/access/location.ts";
import { makeScratchFolder } from "../core/files/leftovers.ts";
import { type Plan, planRun } from "./plan/plan.ts";
import { executePlan } from "./run/execute.ts";
import { RunDirectory } from "./run_directory/run_directory.ts";

/** What one granule cost, aggregated alone by one thread. */
export interface Measure {
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

/** Aggregates one granule of a plan alone, into a store that is thrown away. */
export async function measureGranule(
  plan: Plan,
  granule: number,
  location: SourceLocation,
  signal: AbortSignal | undefined,
): Promise<Measure> {
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
  const folder = makeScratchFolder("calibration");
  try {
    const report = await executePlan(alone, {
      store: path.join(folder, "store.zarr"),
      runDirectory: RunDirectory.in(path.join(folder, "run"), folder),
      locate: () => location,
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
