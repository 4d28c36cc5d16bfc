/** Discovers, and plans what is left: the catalog and the plan come to the run directory. */
import type { SourceOpener } from "../../core/access/open.ts";
import { openTarget } from "../../core/access/targets.ts";
import { inputError } from "../../core/errors.ts";
import { openCatalog } from "../../catalog/file/open_catalog.ts";
import type { GranuleRow } from "../../catalog/granule.ts";
import { COGS } from "../convert/names.ts";
import type { Dataset } from "../dataset.ts";
import { discoverDataset } from "../plan/discover.ts";
import { planDataset, type PublishPlan } from "../plan/plan.ts";
import type { PublishDirectory } from "./directory.ts";
import { itemTargets } from "./register.ts";
import { CONVERT, REGISTER } from "./stages.ts";

export interface PlanOptions {
  readonly opener: SourceOpener;
  readonly now?: number;
  readonly retry?: boolean | readonly string[];
  readonly keepOld?: boolean;
  /** A catalog that other runs made at the output is taken over. */
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
  if (former === null && options.overwrite !== true && await target.get("collection.json") !== undefined) {
    throw inputError(
      `${dataset.output}: there is a catalog, and ${directory.name} has no run that made it; nothing was changed` +
        " (say --run-dir where the run is, or --overwrite to take the place over)",
    );
  }
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
    const { setAside, notes } = await discoverDataset({
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
      rows: rowsOf(file),
      records,
      outputs,
      outbox,
      setAside,
      now,
      former,
      retry: options.retry ?? false,
      keepOld: options.keepOld ?? false,
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

async function* rowsOf(file: string): AsyncGenerator<GranuleRow> {
  const catalog = await openCatalog(file);
  try {
    for await (const { rows } of catalog.rows()) yield* rows;
  } finally {
    catalog.close();
  }
}
