/** Discovers, and plans what is left: the catalog and the plan come to the run directory. */
import fs from "node:fs";
import type { SourceOpener } from "../../core/access/open.ts";
import { openTarget } from "../../core/access/targets.ts";
import { inputError } from "../../core/errors.ts";
import { openCatalog } from "../../catalog/file/open_catalog.ts";
import type { GranuleRow } from "../../catalog/granule.ts";
import { COGS } from "../convert/names.ts";
import type { Dataset } from "../dataset.ts";
import { discoverDataset } from "../plan/discover.ts";
import { planDataset, type PublishPlan } from "../plan/plan.ts";
import { COLLECTION_KEY } from "../targets/static_catalog.ts";
import type { PublishDirectory } from "./directory.ts";
import { itemTargets } from "./register.ts";
import { CONVERT, REGISTER } from "./stages.ts";

export interface PlanOptions {
  readonly opener: SourceOpener;
  readonly now?: number;
  readonly retry?: boolean | readonly string[];
  readonly keepOld?: boolean;
  /** What others made at the output and at the targets is replaced. */
  readonly overwrite?: boolean;
  /** Nothing is written. */
  readonly dryRun?: boolean;
  readonly onWarning?: (message: string) => void;
  readonly onProgress?: (rows: number) => void;
}

/** The caller holds the run's lease, unless it is a dry run. */
export async function planRun(
  directory: PublishDirectory,
  dataset: Dataset,
  options: PlanOptions,
): Promise<PublishPlan> {
  const { opener } = options;
  const now = options.now ?? Date.now();
  const former = await directory.formerPlan();
  const target = openTarget(dataset.output, opener);
  if (options.overwrite !== true) await refuseTaken(dataset, former, directory.name, opener);
  const records = await directory.convertRecords();
  const write = options.dryRun !== true;
  if (write) {
    await directory.sweepOutbox(records);
    // The holder of the lease is alone: half-written files are of a run that was killed.
    for (const prefix of [COGS, "items/", ".collection.json."]) await target.sweep(prefix);
    await directory.target.sweep("");
  }
  const outputs = await target.sizes(COGS);
  const outbox = await directory.outboxNames();
  const plan = await directory.withCatalog(async (file, there) => {
    const { stored, setAside, notes } = await discoverDataset({
      dataset,
      output: file,
      onto: there,
      opener,
      now,
      onWarning: options.onWarning ?? (() => {}),
      onProgress: options.onProgress,
    });
    for (const note of notes) options.onWarning?.(note);
    return await planDataset({
      dataset,
      rows: stored ?? rowsOf(file),
      records,
      outputs,
      outbox,
      setAside,
      now,
      former,
      retry: options.retry ?? false,
      keepOld: options.keepOld ?? false,
      overwrite: options.overwrite ?? false,
    });
  }, write);
  if (!write) return plan;
  await directory.putPlan(plan);
  await directory.putTasks([
    { name: CONVERT, tasks: plan.convert.map((_, task) => task) },
    { name: REGISTER, tasks: itemTargets(dataset).map((_, task) => task) },
  ]);
  return plan;
}

/** Throws an input error where a target that no run of here wrote to holds a catalog or a file. */
async function refuseTaken(
  dataset: Dataset,
  former: PublishPlan | null,
  run: string,
  opener: SourceOpener,
): Promise<void> {
  const known = new Set(former?.dataset.targets.map(({ kind, to }) => `${kind} ${to}`));
  for (const { kind, to } of dataset.targets) {
    if (known.has(`${kind} ${to}`)) continue;
    const what = kind === "static"
      ? await openTarget(to, opener).get(COLLECTION_KEY) === undefined ? null : "a catalog"
      : (kind === "ndjson" || kind === "geoparquet" || kind === "catalog") && fs.existsSync(to)
      ? "a file"
      : null;
    if (what === null) continue;
    throw inputError(
      `${to}: there is ${what}, and ${run} has no run that made it; nothing was changed` +
        " (say --run-dir where the run is, or --overwrite to take the place over)",
    );
  }
}

async function* rowsOf(file: string): AsyncGenerator<GranuleRow> {
  // Rows come one after the other: threads would only have to be started.
  const catalog = await openCatalog(file, { threads: 1 });
  try {
    for await (const { rows } of catalog.rows()) yield* rows;
  } finally {
    catalog.close();
  }
}
