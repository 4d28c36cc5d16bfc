/**
 * Records of spill files, one each, and of granules that could not be read. A record is written after its
 * file is whole and synced, and holds the keys that it was made under.
 */
import fs from "node:fs";
import path from "node:path";
import { DELETES_AT_ONCE } from "../../core/access/object_target.ts";
import { mapBounded } from "../../core/concurrency.ts";
import type { GranuleReads, ScatterCounts, ScatterOutcome, SpillOutcome } from "../engine/contract.ts";
import { granuleKeys } from "../plan/granule_keys.ts";
import type { Plan } from "../plan/plan.ts";
import type { FailedGranule } from "../schedule/schedule_work.ts";
import type { RunDirectory } from "./run_directory.ts";

/** One granule in a spill file. */
export interface ScatteredGranule {
  /** Hash of the config, the granule's identity, its parents and the engine. */
  key: string;
  /** Position in the plan that made the record. */
  granule: number;
  id: string;
  /** Indices of the shards that its segments cover. */
  shards: number[];
  counts: ScatterCounts;
  groups: { present: number; empty: number; missing: number };
  reads: GranuleReads;
  /** Of one worker, to read and scatter it. */
  seconds: number;
}

export interface ScatterRecord {
  kind: "scatter";
  /** Key of the spill file in the run directory, or its path; a name alone where all granules failed. */
  file: string;
  /** The batch whose task made it; null where granules of any batch may be in it. */
  batch: number | null;
  bytes: number;
  granules: ScatteredGranule[];
  failed: { key: string; granule: number; id: string; reason: string }[];
  seconds: number;
  finished: string;
}

/** Records by whether the directory still has their spill files. */
export interface FoundRecords {
  scatter: ScatterRecord[];
  /** Of files that are gone or have another size than they were written with: their granules have to be read again. */
  lost: ScatterRecord[];
}

export const SCATTER_RECORDS = "scatter/";

/** What the keys of spill files begin with, where they are in the run directory. */
export const SPILLED = "runs/";

/** What names of records begin with that have no spill file. */
const FAILED = "failed-";

/** Records and files up to this many are asked for by name; more of them by a list of all. */
const MOST_BY_NAME = 8;

/** The record of a spill file has its name, and before it the batch whose granules alone it holds. */
export function scatterRecordKey({ file, batch }: Pick<ScatterRecord, "file" | "batch">): string {
  const name = file.split("/").at(-1)!.replace(/\.runs$/, "");
  return `${recordsOfBatch(batch ?? null)}${name}.json`;
}

/** What the keys of a batch's records begin with; null is for those that may hold any granule. */
function recordsOfBatch(batch: number | null): string {
  return `${SCATTER_RECORDS}${batch === null ? "any" : `b${batch}`}.`;
}

/** The batch that a record's key names; null for one that may hold any granule of the plan. */
function batchOfRecord(key: string): number | null {
  const match = /^scatter\/b(\d+)\./.exec(key);
  return match === null ? null : Number(match[1]);
}

/** Remembers a spill file and the granules that are whole in it, after it has reached its place. */
export async function rememberSpill(
  directory: RunDirectory,
  plan: Plan,
  outcome: SpillOutcome,
  granules: readonly ScatterOutcome[],
  failed: readonly FailedGranule[],
  batch: number | null = null,
): Promise<void> {
  const keys = granuleKeys(plan);
  await putScatter(directory, {
    kind: "scatter",
    file: await directory.spills.bring(outcome.path),
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
    failed: failedOf(plan, failed),
    seconds: outcome.seconds,
    finished: new Date().toISOString(),
  });
}

/** Remembers granules of a batch that could not be read. */
export async function rememberFailures(
  directory: RunDirectory,
  plan: Plan,
  batch: number | null,
  failed: readonly FailedGranule[],
): Promise<void> {
  await putScatter(directory, {
    kind: "scatter",
    file: `${FAILED}${directory.spills.attempt}-${batch ?? "any"}`,
    batch,
    bytes: 0,
    granules: [],
    failed: failedOf(plan, failed),
    seconds: 0,
    finished: new Date().toISOString(),
  });
}

function failedOf(plan: Plan, failed: readonly FailedGranule[]): ScatterRecord["failed"] {
  const keys = granuleKeys(plan);
  return failed.map(({ granule, reason }) => ({
    key: keys[granule],
    granule,
    id: plan.granules[granule].id,
    reason,
  }));
}

async function putScatter(directory: RunDirectory, record: ScatterRecord): Promise<void> {
  await directory.putRecord(scatterRecordKey(record), record);
}

/** Records of spill files; `batches` leaves out those of other batches. */
export async function scatterRecords(
  directory: RunDirectory,
  batches?: ReadonlySet<number>,
): Promise<FoundRecords> {
  const found = await recordsOf(directory, batches);
  const inPlace = await fileSizes(directory, found);
  const isWhole = ({ file, bytes, granules }: ScatterRecord) => {
    if (granules.length === 0) return true;
    if (!path.isAbsolute(file)) return inPlace.get(file) === bytes;
    return fs.statSync(file, { throwIfNoEntry: false })?.size === bytes;
  };
  return { scatter: found.filter(isWhole), lost: found.filter((record) => !isWhole(record)) };
}

/** A few batches are asked for by name; for many the whole list is read, a page for each thousand. */
async function recordsOf(
  directory: RunDirectory,
  batches: ReadonlySet<number> | undefined,
): Promise<ScatterRecord[]> {
  if (batches === undefined || batches.size > MOST_BY_NAME) {
    return await directory.records<ScatterRecord>(SCATTER_RECORDS, (key) => {
      const batch = batchOfRecord(key);
      return batches === undefined || batch === null || batches.has(batch);
    });
  }
  const prefixes = [null, ...batches].map(recordsOfBatch);
  return (await Promise.all(prefixes.map((prefix) => directory.records<ScatterRecord>(prefix)))).flat();
}

/** Sizes of the spill files that records speak of, by key. */
async function fileSizes(
  { target }: RunDirectory,
  records: readonly ScatterRecord[],
): Promise<ReadonlyMap<string, number>> {
  const files = records.map(({ file }) => file).filter((file) => file.startsWith(SPILLED));
  if (files.length === 0) return new Map();
  if (files.length > MOST_BY_NAME) return await target.sizes(SPILLED);
  const sizes = await Promise.all(files.map((file) => target.sizes(file)));
  return new Map(sizes.flatMap((found) => [...found]));
}

/** Whether any granule of the plan was read and saved. */
export async function hasSpills({ target }: RunDirectory): Promise<boolean> {
  return (await target.list(SCATTER_RECORDS)).some((key) => !key.includes(`.${FAILED}`));
}

/** Takes a record's batch from its name, so that tasks of any batch find what is saved. */
export async function freeOfBatch(directory: RunDirectory, record: ScatterRecord): Promise<void> {
  const was = scatterRecordKey(record);
  record.batch = null;
  await putScatter(directory, record);
  await directory.target.delete(was);
}

/** Forgets a spill file that is gone or broken. */
export async function forgetSpill(directory: RunDirectory, record: ScatterRecord): Promise<void> {
  await directory.target.delete(scatterRecordKey(record));
}

/** Forgets spill files: they are no use once every shard is done, or under another plan. */
export async function dropSpills(directory: RunDirectory): Promise<void> {
  const { target, spills } = directory;
  // A directory that lies elsewhere has all files: its records need not be read to know them.
  const records = spills.runFolder === null ? [] : await directory.records<ScatterRecord>(SCATTER_RECORDS);
  // Records first: none may outlive its file.
  for (const prefix of [SCATTER_RECORDS, SPILLED]) {
    const keys = await target.list(prefix);
    await mapBounded(keys, DELETES_AT_ONCE, (key) => target.delete(key));
  }
  for (const { file } of records) if (path.isAbsolute(file)) fs.rmSync(file, { force: true });
  dropScratch(directory);
}

/** Removes spill files that are on this machine alone. */
export function dropScratch({ spills }: RunDirectory): void {
  fs.rmSync(spills.folder, { recursive: true, force: true });
}
