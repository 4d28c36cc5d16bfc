/** The run directory of aggregate: what every job keeps, and the spill files of scattered granules. */
import fs from "node:fs";
import path from "node:path";
import { inputError } from "../../core/errors.ts";
import { FolderTarget } from "../../core/access/folder_target.ts";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import type { ScatterOutcome, SpillOutcome } from "../engine/contract.ts";
import type { Plan } from "../plan/plan.ts";
import type { FailedGranule } from "../schedule/schedule_work.ts";
import { resumeDifferences } from "../plan/resumable.ts";
import { PLAN_FORMAT } from "../plan/version.ts";
import {
  ACCOUNT_KEY,
  batchOfRecord,
  MOVED,
  recordsOfBatch,
  SCATTER_RECORDS,
  type ScatterRecord,
  scatterRecordKey,
  SHARD_RECORDS,
  type ShardRecord,
  shardRecordKey,
  VALUES,
} from "./records.ts";
import { REDUCE, SCATTER } from "./stages.ts";
import { BILL_KEY } from "../../runs/lambda/lambda_bill.ts";
import {
  JobDirectory,
  type JobSettings,
  PLAN_KEY,
  REPORT_KEY,
  SETTINGS_KEY,
} from "../../runs/run_directory.ts";
import { granuleKeys } from "./resume.ts";
import { scratchFolder, SpillFiles } from "./spill_files.ts";
import type { StoreMode, StorePlace } from "./store_place.ts";

/** What depends on the run and not on the plan: where things are. */
export interface RunSettings extends JobSettings {
  store: string;
  driver: string;
  /** The place holds another store, which goes shard by shard as this run's are ready. */
  replaces?: true;
}

/** What an append makes of a run, once it is decided: brought to its end whatever happens meanwhile. */
interface AppendLedger {
  plan: Plan;
  settings: RunSettings;
  /** Of the shards that are taken over. */
  records: ShardRecord[];
  /** Keys of objects of the store that wait beside the run. */
  moved: string[];
  /** Shards whose objects stay where they are. */
  inPlace: number[];
}

const APPEND_KEY = "append.json";

/** Records and files up to this many are asked for by name; more of them by a list of all. */
const MOST_BY_NAME = 8;

export class RunDirectory extends JobDirectory {
  private constructor(target: ObjectTarget, folder: string | null, readonly spills: SpillFiles) {
    super(target, folder);
  }

  /** A run directory in a folder; spill files lie in it, or in `scratch` on this machine. */
  static in(folder: string, scratch?: string): RunDirectory {
    return RunDirectory.#inFolder(folder, scratch, false);
  }

  /** The same for one of many machines: spill files are made in `scratch` and brought to the directory. */
  static sharedIn(folder: string, scratch?: string): RunDirectory {
    return RunDirectory.#inFolder(folder, scratch, scratch !== undefined);
  }

  static #inFolder(folder: string, scratch: string | undefined, shares: boolean): RunDirectory {
    const own = path.resolve(folder);
    const target = new FolderTarget(own);
    const made = scratch === undefined ? path.join(own, "runs") : scratchFolder(scratch, own);
    return new RunDirectory(target, own, new SpillFiles(target, own, made, shares));
  }

  /** A run directory on S3; spill files are made in `scratch`, a folder of this machine, and sent there. */
  static at(target: ObjectTarget, scratch: string): RunDirectory {
    return new RunDirectory(
      target,
      null,
      new SpillFiles(target, null, scratchFolder(scratch, target.name), true),
    );
  }

  /**
   * Throws an input error, and changes nothing, where a run of `plan` may not begin here in this mode:
   * something is in the store's way, an unfinished run has saved work that a new one would throw away, or
   * what would be resumed is another selection or config, or no run at all.
   */
  async admit(mode: StoreMode, plan: Plan, place: StorePlace): Promise<void> {
    const exists = await this.exists();
    place.check(mode, exists);
    if (mode === "new") await this.#refuseUnfinished();
    if (mode !== "resume" && mode !== "append") return;
    if (exists) await this.#refuseOthers(plan, mode);
    else if (!place.isEmpty) {
      throw inputError(
        `${place.target.name}: there is a store, and no run in ${this.name} to ${
          mode === "append" ? "append to" : "resume"
        }; nothing was changed` +
          " (say --run-dir where the run is, or --overwrite to begin again)",
      );
    }
  }

  async #refuseUnfinished(): Promise<void> {
    if (await this.isFinished()) return;
    const saved = (await this.target.list("scatter/")).length;
    if (saved === 0) return;
    throw inputError(
      `${this.name}: an unfinished run has saved work here (${saved} records); nothing was changed` +
        " (say --resume to go on with it, or --overwrite to begin again)",
    );
  }

  async #refuseOthers(plan: Plan, mode: "resume" | "append"): Promise<void> {
    const then = await this.latestPlan();
    const differences = resumeDifferences(then, plan, mode === "append");
    if (differences.length === 0) return;
    throw inputError(
      `${this.name}: this is not the run that was begun there: ${
        differences.join("; ")
      }; nothing was changed` +
        ` (repeat the run's own command with --${mode}, choose another store, or say --overwrite to replace it)`,
      { differences },
    );
  }

  async putPlan(plan: Plan, settings: RunSettings): Promise<void> {
    await this.putDocument(SETTINGS_KEY, JSON.stringify(settings));
    await this.putDocument(PLAN_KEY, planJson(plan));
  }

  /** The tasks of a plan that are left: batches with granules to read, shards to make. */
  async putLeft(
    plan: Plan,
    left: { granules: readonly { granule: number }[]; shards: readonly number[] },
  ): Promise<void> {
    const open = new Set(left.granules.map(({ granule }) => granule));
    const batches = plan.batches.flatMap(({ granules }, batch) =>
      granules.some((granule) => open.has(granule)) ? [batch] : []
    );
    await this.putTasks([{ name: SCATTER, tasks: batches }, { name: REDUCE, tasks: left.shards }]);
  }

  /** The plan, for a machine that did not make it. Throws an input error where there is none. */
  async plan(): Promise<{ plan: Plan; settings: RunSettings }> {
    const plan = await this.document<Plan>(PLAN_KEY);
    const settings = await this.document<RunSettings>(SETTINGS_KEY);
    if (plan.format !== PLAN_FORMAT) {
      throw inputError(
        `${this.name}: the plan has format ${plan.format}, this granary reads ${PLAN_FORMAT} (plan the run again)`,
      );
    }
    return { plan: revived(plan), settings };
  }

  /** The plan, or that of an append which is decided and not done. */
  async latestPlan(): Promise<Plan> {
    return (await this.append())?.plan ?? (await this.plan()).plan;
  }

  /** An append that is decided and not done. */
  async append(): Promise<AppendLedger | undefined> {
    if (await this.target.get(APPEND_KEY) === undefined) return undefined;
    const ledger = await this.document<AppendLedger>(APPEND_KEY);
    return { ...ledger, plan: revived(ledger.plan) };
  }

  async putAppend({ plan, ...rest }: AppendLedger): Promise<void> {
    await this.putDocument(APPEND_KEY, JSON.stringify({ ...rest, plan: JSON.parse(planJson(plan)) }));
  }

  async dropAppend(): Promise<void> {
    await this.target.delete(APPEND_KEY);
  }

  /** Forgets every shard but these. */
  async replaceShards(records: readonly ShardRecord[]): Promise<void> {
    for (const key of await this.target.list(SHARD_RECORDS)) await this.target.delete(key);
    for (const record of records) await this.putShard(record);
  }

  /** Remembers a spill file and the granules that are whole in it, after it has reached its place. */
  async rememberSpill(
    plan: Plan,
    outcome: SpillOutcome,
    granules: readonly ScatterOutcome[],
    failed: readonly FailedGranule[],
    batch: number | null = null,
  ): Promise<void> {
    const file = await this.spills.bring(outcome.path);
    await this.putRecord(
      scatterRecordKey(file, batch),
      this.#record(plan, file, outcome, granules, failed, batch),
    );
  }

  #record(
    plan: Plan,
    file: string,
    outcome: SpillOutcome,
    granules: readonly ScatterOutcome[],
    failed: readonly FailedGranule[],
    batch: number | null,
  ): ScatterRecord {
    const keys = granuleKeys(plan);
    return {
      kind: "scatter",
      file,
      batch,
      bytes: outcome.bytes,
      granules: granules.map(({ granule, shards, counts, groups, reads, seconds }) => ({
        key: keys[granule],
        granule,
        id: plan.granules[granule].id,
        shards,
        counts,
        groups,
        reads,
        seconds,
      })),
      failed: failed.map(({ granule, reason }) => ({
        key: keys[granule],
        granule,
        id: plan.granules[granule].id,
        reason,
      })),
      seconds: outcome.seconds,
      finished: new Date().toISOString(),
    };
  }

  /** Remembers granules of a batch that could not be read. */
  async rememberFailures(plan: Plan, batch: number | null, failed: readonly FailedGranule[]): Promise<void> {
    const outcome: SpillOutcome = { path: "", entries: [], bytes: 0, seconds: 0 };
    const name = `failed-${this.spills.attempt}-${batch ?? "any"}`;
    await this.putRecord(
      scatterRecordKey(name, batch),
      { ...this.#record(plan, "", outcome, [], failed, batch), file: name },
    );
  }

  /** Whether the values that shards' exact quantiles are of are there, in the number that records say. */
  async wholeValues(): Promise<(record: ShardRecord) => boolean> {
    const sizes = await this.target.sizes(VALUES);
    return ({ values }) =>
      (values ?? []).every(({ key, counts }) =>
        sizes.get(key) === 8 * counts.reduce((sum, count) => sum + count, 0)
      );
  }

  /** Removes values of shards that were made again since. */
  async dropStaleValues(records: readonly Pick<ShardRecord, "values">[]): Promise<void> {
    const used = new Set(records.flatMap(({ values }) => (values ?? []).map(({ key }) => key)));
    for (const key of await this.target.list(VALUES)) if (!used.has(key)) await this.target.delete(key);
  }

  putShard(record: ShardRecord): Promise<void> {
    return this.putRecord(shardRecordKey(record.shard), record);
  }

  /** Whether a shard is remembered as made under this key. */
  async hasShard(shard: number, key: string): Promise<boolean> {
    const found = await this.records<ShardRecord>(shardRecordKey(shard));
    return found.some((record) => record.key === key);
  }

  /** Every record of shards. */
  async shardRecords(): Promise<ShardRecord[]> {
    const found = await this.records<ShardRecord & { lacks?: string[] }>(SHARD_RECORDS);
    // Runs of version 0.1.0 have another name for it, and left no rows out.
    return found.map(({ lacks, ...record }) => ({
      ...record,
      leftOut: record.leftOut ?? { time: 0, area: 0 },
      missing: record.missing ?? lacks ?? [],
    }));
  }

  /**
   * Records of spill files that the directory still has; `batches` leaves out those of other batches. `lost`
   * are those of spill files that are gone or have another size than they were written with: their granules
   * have to be read again.
   */
  async scatterRecords(
    batches?: ReadonlySet<number>,
  ): Promise<{ scatter: ScatterRecord[]; lost: ScatterRecord[] }> {
    const found = await this.#scatterRecordsOf(batches);
    const inPlace = await this.#sizesOf(found);
    const isWhole = ({ file, bytes, granules }: ScatterRecord) => {
      if (granules.length === 0) return true;
      if (!path.isAbsolute(file)) return inPlace.get(file) === bytes;
      return fs.statSync(file, { throwIfNoEntry: false })?.size === bytes;
    };
    return { scatter: found.filter(isWhole), lost: found.filter((record) => !isWhole(record)) };
  }

  /** A few batches are asked for by name; for many the whole list is read, a page for each thousand. */
  async #scatterRecordsOf(batches: ReadonlySet<number> | undefined): Promise<ScatterRecord[]> {
    if (batches === undefined || batches.size > MOST_BY_NAME) {
      return await this.records<ScatterRecord>(SCATTER_RECORDS, (key) => {
        const batch = batchOfRecord(key);
        return batches === undefined || batch === null || batches.has(batch);
      });
    }
    const prefixes = [null, ...batches].map(recordsOfBatch);
    return (await Promise.all(prefixes.map((prefix) => this.records<ScatterRecord>(prefix)))).flat();
  }

  /** Sizes of the spill files that records speak of, by key. */
  async #sizesOf(records: readonly ScatterRecord[]): Promise<ReadonlyMap<string, number>> {
    const files = records.map(({ file }) => file).filter((file) => file.startsWith("runs/"));
    if (files.length === 0) return new Map();
    if (files.length > MOST_BY_NAME) return await this.target.sizes("runs/");
    const sizes = await Promise.all(files.map((file) => this.target.sizes(file)));
    return new Map(sizes.flatMap((found) => [...found]));
  }

  /** Takes a record's batch from its name, so that tasks of any batch find what is saved. */
  async freeOfBatch(record: ScatterRecord): Promise<void> {
    const { file, batch } = record;
    await this.putRecord(scatterRecordKey(file, null), { ...record, batch: null });
    await this.target.delete(scatterRecordKey(file, batch));
    record.batch = null;
  }

  /** Forgets a spill file that is gone or broken. */
  async forget(record: ScatterRecord): Promise<void> {
    await this.target.delete(scatterRecordKey(record.file, record.batch ?? null));
  }

  /** Forgets spill files: they are no use once every shard is done, or under another plan. */
  async dropSpills(): Promise<void> {
    for (const record of await this.records<ScatterRecord>(SCATTER_RECORDS)) {
      await this.target.delete(scatterRecordKey(record.file, record.batch ?? null)); // first: no record may outlive its file
      if (path.isAbsolute(record.file)) fs.rmSync(record.file, { force: true });
      else if (record.file.startsWith("runs/")) await this.target.delete(record.file);
    }
    for (const key of await this.target.list("runs/")) await this.target.delete(key);
    fs.rmSync(this.spills.folder, { recursive: true, force: true });
  }

  /** Whether no granule and no shard is remembered. */
  async savedNothing(): Promise<boolean> {
    const saved = await Promise.all([SCATTER_RECORDS, SHARD_RECORDS].map((key) => this.target.list(key)));
    return saved.every((keys) => keys.length === 0);
  }

  /** Removes the folder of a run that was cleared and whose lease, at `leaseKey`, is released. */
  async removeEmpty(leaseKey: string): Promise<void> {
    await this.target.delete(leaseKey);
    if (this.folder === null) return;
    try {
      fs.rmdirSync(this.folder);
    } catch {
      // Somebody has put something there, or begun another run.
    }
  }

  /** Removes all that an earlier run remembered. */
  async clear(): Promise<void> {
    await this.dropSpills();
    for (const prefix of [SHARD_RECORDS, VALUES, MOVED]) {
      for (const key of await this.target.list(prefix)) await this.target.delete(key);
    }
    for (const key of [APPEND_KEY, PLAN_KEY, SETTINGS_KEY, REPORT_KEY, BILL_KEY, ACCOUNT_KEY]) {
      await this.target.delete(key);
    }
    await this.dropTasks();
  }
}

/** A plan as it was read, with the parts of granules that are not kept. */
function revived(plan: Plan): Plan {
  for (const row of plan.granules) Object.assign(row, { cells: new BigUint64Array(0), geometry: null });
  return plan;
}

/** A plan as JSON: granules without footprints, which no task needs. */
export function planJson(plan: Plan): string {
  return JSON.stringify(plan, (key, value) => {
    if (key === "geometry" || key === "cells" && value instanceof BigUint64Array) return undefined;
    return typeof value === "bigint" ? value.toString() : value;
  });
}
