/** A request fulfilled: settled, planned and, unless plans alone are wanted, executed. */
import { hasExactQuantiles } from "./plan/quantile_notes.ts";
import { askAhead, knownTarget } from "../core/access/known_target.ts";
import type { LazyDuck } from "../core/tables/lazy_duck.ts";
import { formatNumberOf } from "../core/units.ts";
import { locateAll } from "../catalog/locate_all.ts";
import { rowIndexOf, rowIndexPath } from "../catalog/row_index/paths.ts";
import { defaultRunDirectory } from "../runs/run_directory.ts";
import type { Estimate } from "./estimate.ts";
import {
  expectRemote,
  isRemote,
  lazyOpener,
  openBesideStore,
  openRunDirectory,
  openStore,
} from "./places.ts";
import type { PrepareOptions } from "./plan/asked.ts";
import type { Plan } from "./plan/plan.ts";
import { planFromCatalog } from "./plan_from_catalog.ts";
import { type AggregateRequest, settleRequest } from "./request.ts";
import { rowIndexCollector } from "./row_index/collect.ts";
import { executePlan, layOutRun } from "./run/execute.ts";
import { expectReachable } from "./run/reachable.ts";
import { refuseForeignFolder } from "./run/store_folder.ts";
import type { RunReport } from "./run/whole_run.ts";
import { latestPlan } from "./run_directory/append_ledger.ts";
import type { RunDirectory } from "./run_directory/run_directory.ts";
import { shareMemory } from "./schedule/budget.ts";
import { startExecutor } from "./schedule/executor.ts";
import { readsLittle } from "./schedule/little.ts";

/** What became of a request. */
export interface AggregateOutcome {
  plan: Plan;
  /** Null where nothing was executed. */
  report: RunReport | null;
  /** Null where nothing was planned for others or executed. */
  runDirectory: RunDirectory | null;
  /** Of a dry run. */
  estimate?: Estimate;
}

/** Fulfils a request; `selecting` is the DuckDB that selects for it where one is needed. Throws what `aggregate` throws. */
export async function fulfil(request: AggregateRequest, selecting: LazyDuck): Promise<AggregateOutcome> {
  const warn = request.onWarning ?? (() => {});
  const { signal, scratch, mode, onNote } = request;
  const settled = await settleRequest(request, warn);
  const { catalog, store, drivers, workers, memoryBytes, duck, planning } = settled;
  if (!request.dryRun && !isRemote(store)) refuseForeignFolder(store);
  if (!planning) shareMemory(memoryBytes, Math.max(1, workers)); // too little is refused before anything starts

  const openerOnce = lazyOpener(signal, warn);
  const index = planning ? undefined : rowIndexOf(catalog, request.rowIndex);
  const start = (threads: number) => startExecutor(threads, () => Promise.resolve(openerOnce()));
  // Threads come up while DuckDB selects, but where an index may leave so little that they would come too late.
  const mayBeLittle = index !== undefined && request.workers === undefined && restricts(settled.selection);
  let executor = planning || mayBeLittle ? undefined : start(workers);
  try {
    const directory = openRunDirectory(
      request.runDirectory ?? defaultRunDirectory(store),
      scratch,
      openerOnce,
    );
    const places = { store: knownTarget(openStore(store, openerOnce)), run: directory.known() };
    if (!request.dryRun) {
      // While DuckDB selects. A failure is met by the run, when it begins.
      for (const target of [places.store, places.run.target]) askAhead(target).catch(() => {});
    }
    const append = mode === "append" ? await planToAppendTo(directory) : undefined;
    const { plan, rows } = await planFromCatalog(
      catalog,
      { ...duck, signal, warn, duck: selecting },
      settled.pipeline,
      { ...settled.selection, append },
      index,
    );
    if (settled.pipeline.output.exactQuantiles && !hasExactQuantiles(plan)) {
      warn(
        "exact quantiles change nothing here: no median or quantile is written at a level above the parents",
      );
    }
    for (const { what, granules } of plan.leftOut) {
      warn(`left out: ${what} (${formatNumberOf(granules, "granule")})`);
    }
    const region = () => planning ? Promise.resolve(undefined) : openerOnce().aws.region();
    const locate = await locateAll(
      plan.granules,
      plan.pipeline.dataSource.asset,
      drivers,
      region,
      warn,
    );
    if (request.dryRun) {
      const { estimatePlan } = await import("./estimate_plan.ts");
      const measuring = { locate, remote: request.calibrate ?? false, signal };
      return {
        plan,
        report: null,
        runDirectory: null,
        estimate: await estimatePlan(plan, measuring, settled),
      };
    }
    const common = {
      store: places.store,
      runDirectory: places.run,
      besideStore: openBesideStore(store, openerOnce),
      mode,
      driver: drivers.text,
      signal,
      onNote,
      onWarning: warn,
    };
    if (planning) {
      await layOutRun(plan, common);
      return { plan, report: null, runDirectory: directory };
    }
    if (mode === "overwrite") {
      await expectReachable(plan.granules.length, locate, (location) => openerOnce().open(location));
    }
    rows?.notes.forEach(warn);
    const isLittle = mayBeLittle && rows !== undefined &&
      readsLittle({ granules: plan.granules.length, rowsOf: rows.rowsOf, locate });
    executor ??= start(isLittle ? 0 : workers);
    const collector = rowIndexCollector(request.writeRowIndex, plan);
    const report = await executePlan(plan, {
      ...common,
      rowsOf: rows?.rowsOf,
      rowIndex: collector,
      scratch,
      locate,
      expect: expectRemote(openerOnce),
      reader: { open: (location) => openerOnce().open(location) },
      memoryBytes,
      onError: request.onError,
      checkpoint: request.checkpoint,
      exitsAfter: request.exitsAfter,
      onProgress: request.onProgress,
      lease: {
        onWait: (holder, seconds) =>
          warn(`waiting up to ${seconds} s to see whether ${holder.host} still runs it`),
      },
      executor,
    });
    if (collector !== undefined) {
      const file = request.rowIndex ?? rowIndexPath(catalog);
      const added = await collector.write(file, duck);
      onNote?.(`${file}: row index of ${added} more granules, at order ${collector.order}`);
    }
    return { plan, report, runDirectory: directory };
  } finally {
    await executor?.close();
    await openerOnce.close();
  }
}

/** Whether some parents only are asked. */
function restricts({ cells, maxCells, areas }: PrepareOptions): boolean {
  return cells !== undefined || maxCells !== undefined || (areas ?? []).length > 0;
}

/** The plan of the run whose store grows; undefined where there is none yet, and the store begins. */
async function planToAppendTo(directory: RunDirectory): Promise<Plan | undefined> {
  return await directory.exists() ? await latestPlan(directory) : undefined;
}
