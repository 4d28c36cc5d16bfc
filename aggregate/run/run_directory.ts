/** The run directory of a store: its plan, its records, its runs files, its lease. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { syncFolder, temporaryName, writeError } from "../../core/files/atomic.ts";
import { inputError } from "../../core/errors.ts";
import { FolderTarget } from "../../core/access/folder_target.ts";
import type { SourceLocation } from "../../core/access/location.ts";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import { keyOf } from "../plan/identity.ts";
import type { ScatterOutcome, SpillOutcome } from "../engine/contract.ts";
import type { Plan } from "../plan/plan.ts";
import { openFileSyncSource } from "../../core/access/file_source.ts";
import { readRunsIndex } from "../engine/spill_file.ts";
import type { RunsEntry } from "../engine/contract.ts";
import type { FailedGranule } from "../schedule/schedule_work.ts";
import { PLAN_FORMAT } from "../plan/version.ts";
import { listRecords, putRecord, type ScatterRecord, scatterRecordKey, type ShardRecord } from "./records.ts";
import { granuleKeys } from "./resume.ts";
import { sealJson, unsealJson } from "../../core/files/sealed_json.ts";

/** `<store>.run`, unless somebody says otherwise. */
export function defaultRunDirectory(store: string): string {
  return `${store.replace(/\/+$/, "")}.run`;
}

/** What depends on the run and not on the plan: where things are. */
export interface RunSettings {
  store: string;
  driver: string;
  created: string;
}

/** Reads what runs files hold, wherever they are; made with what can open remote places. */
export interface RunsReader {
  open(location: SourceLocation): Promise<
    {
      name: string;
      sizeBytes: number;
      read(offset: number, length: number): Promise<Uint8Array>;
      close(): Promise<void>;
    }
  >;
}

/** Runs files leave memory at half of this, so that they stay below what one read of a file gives. */
const MOST_SENT_BYTES = 2e9;

export class RunDirectory {
  #serial = 0;
  readonly #copies: string[] = [];
  #keys: string[] | undefined;
  /** Tells this process's runs files from those of any other that does the same piece. */
  readonly #attempt = keyOf([process.pid, os.hostname(), Date.now(), Math.random()]).slice(0, 8);

  private constructor(
    readonly target: ObjectTarget,
    /** The directory's own folder; null where it lies elsewhere. */
    readonly folder: string | null,
    readonly runsFolder: string,
    /** Whether runs files come to the directory when they are whole, for other machines to read. */
    readonly shares: boolean,
  ) {}

  /** A run directory in a folder; runs files lie in it, or in `scratch` on this machine. */
  static in(folder: string, scratch?: string): RunDirectory {
    const own = path.resolve(folder);
    const runsFolder = scratch === undefined ? path.join(own, "runs") : scratchFolder(scratch, own);
    return new RunDirectory(new FolderTarget(own), own, runsFolder, false);
  }

  /** The same for one of many machines: runs files are made in `scratch` and brought to the directory. */
  static sharedIn(folder: string, scratch?: string): RunDirectory {
    const { target, folder: own, runsFolder } = RunDirectory.in(folder, scratch);
    return new RunDirectory(target, own, runsFolder, scratch !== undefined);
  }

  /** A run directory on S3; runs files are made in `scratch`, a folder of this machine, and sent there. */
  static at(target: ObjectTarget, scratch: string): RunDirectory {
    return new RunDirectory(target, null, scratchFolder(scratch, target.name), true);
  }

  get name(): string {
    return this.target.name;
  }

  /** Whether an earlier run left something. */
  async exists(): Promise<boolean> {
    return (await this.target.get("plan.json")) !== undefined;
  }

  /** Throws an input error where an unfinished run has saved work that a new run would throw away. */
  async refuseUnfinished(): Promise<void> {
    if ((await this.target.get("report.json")) !== undefined) return;
    const saved = (await this.target.list("scatter/")).length;
    if (saved === 0) return;
    throw inputError(
      `${this.name}: an unfinished run has saved work here (${saved} records); nothing was changed` +
        " (say --resume to go on with it, or --overwrite to begin anew)",
    );
  }

  async putPlan(plan: Plan, settings: RunSettings): Promise<void> {
    await this.target.put("run.json", sealJson(JSON.stringify(settings)));
    await this.target.put("plan.json", sealJson(planJson(plan)));
  }

  /** Lists of the pieces that are left, for engines that map a function over a list of JSON. */
  async putPieces(
    plan: Plan,
    left: { granules: readonly { granule: number }[]; shards: readonly number[] },
  ): Promise<void> {
    const open = new Set(left.granules.map(({ granule }) => granule));
    const scatter = plan.batches.flatMap(({ granules }, n) =>
      granules.some((granule) => open.has(granule)) ? [{ scatter: n }] : []
    );
    const reduce = left.shards.map((n) => ({ reduce: n }));
    await this.target.put("pieces/scatter.json", encode(JSON.stringify(scatter)));
    await this.target.put("pieces/reduce.json", encode(JSON.stringify(reduce)));
  }

  /** The plan, for a machine that did not make it. Throws an input error where there is none. */
  async plan(): Promise<{ plan: Plan; settings: RunSettings }> {
    const plan = await this.#json<Plan>("plan.json");
    const settings = await this.#json<RunSettings>("run.json");
    if (plan.format !== PLAN_FORMAT) {
      throw inputError(
        `${this.name}: the plan has format ${plan.format}, this granary reads ${PLAN_FORMAT} (plan the run anew)`,
      );
    }
    for (const row of plan.granules) Object.assign(row, { cells: new BigUint64Array(0), geometry: null });
    return { plan, settings };
  }

  async #json<T>(key: string): Promise<T> {
    const bytes = await this.target.get(key);
    if (bytes === undefined) {
      throw inputError(`${this.name}: no ${key} is there (wanted a run directory of granary aggregate)`);
    }
    try {
      return unsealJson(bytes) as T;
    } catch (error) {
      throw inputError(
        `${this.name}/${key}: not as it was written: ${(error as Error).message} (plan the run anew)`,
      );
    }
  }

  /** The path of a new runs file on this machine. */
  nextRunsFile(): string {
    try {
      fs.mkdirSync(this.runsFolder, { recursive: true });
    } catch (error) {
      throw writeError(this.runsFolder, error);
    }
    this.#serial += 1;
    return path.join(this.runsFolder, `${this.#attempt}-${String(this.#serial).padStart(4, "0")}.runs`);
  }

  /** Where a runs file is, as a record names it: below the directory, or a path of this machine. */
  runsLocation(file: string): SourceLocation {
    if (path.isAbsolute(file)) return { kind: "local", url: file };
    if (this.folder !== null) return { kind: "local", url: path.join(this.folder, file) };
    return { kind: "s3", url: `${this.name.replace(/\/+$/, "")}/${file}` };
  }

  /** The index of a runs file. */
  async runsIndex(file: string, reader: RunsReader | undefined): Promise<RunsEntry[]> {
    const location = this.runsLocation(file);
    const source = location.kind === "local"
      ? openFileSyncSource(location.url)
      : await reader?.open(location);
    if (source === undefined) throw new Error(`${file}: nothing here opens remote runs files`);
    try {
      return await readRunsIndex(source);
    } finally {
      await source.close();
    }
  }

  /** Remembers a runs file and the granules that are whole in it, after it has reached its place. */
  async rememberRuns(
    plan: Plan,
    outcome: SpillOutcome,
    granules: readonly ScatterOutcome[],
    failed: readonly FailedGranule[],
  ): Promise<void> {
    const file = await this.#place(outcome.path);
    await putRecord(this.target, this.#record(plan, file, outcome, granules, failed));
  }

  #record(
    plan: Plan,
    file: string,
    outcome: SpillOutcome,
    granules: readonly ScatterOutcome[],
    failed: readonly FailedGranule[],
  ): ScatterRecord {
    const keys = this.#keys ??= granuleKeys(plan);
    return {
      kind: "scatter",
      file,
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
  async rememberFailures(plan: Plan, batch: number, failed: readonly FailedGranule[]): Promise<void> {
    const outcome: SpillOutcome = { path: "", entries: [], bytes: 0, seconds: 0 };
    await putRecord(this.target, {
      ...this.#record(plan, "", outcome, [], failed),
      file: `failed-${this.#attempt}-${batch}`,
    });
  }

  /** Brings a runs file to the run directory where that is elsewhere; returns its name in a record. */
  async #place(file: string): Promise<string> {
    if (this.folder !== null && !this.shares) {
      const inside = path.relative(this.folder, file);
      return inside.startsWith("..") ? file : inside.split(path.sep).join("/");
    }
    const key = `runs/${path.basename(file)}`;
    if (this.folder !== null) copyDurably(file, path.join(this.folder, key));
    else await this.target.put(key, new Uint8Array(fs.readFileSync(file)));
    this.#copies.push(file);
    return key;
  }

  /** Removes this process's own copies of runs files that the directory has. */
  dropCopies(): void {
    for (const file of this.#copies.splice(0)) fs.rmSync(file, { force: true });
  }

  /** The most memory that segments may fill: a runs file has to fit one object where it is sent away. */
  segmentLimit(segmentBytes: number): number {
    return this.folder === null ? Math.min(segmentBytes, MOST_SENT_BYTES) : segmentBytes;
  }

  putShard(record: ShardRecord): Promise<void> {
    return putRecord(this.target, record);
  }

  /**
   * What the directory remembers and still has. `lost` are the records of runs files that are gone or
   * have another size than they were written with: their granules have to be read again.
   */
  async records(): Promise<{ scatter: ScatterRecord[]; shards: ShardRecord[]; lost: ScatterRecord[] }> {
    const found = await listRecords(this.target, "scatter");
    const inPlace = await this.target.sizes("runs/");
    const isWhole = ({ file, bytes, granules }: ScatterRecord) => {
      if (granules.length === 0) return true;
      if (!path.isAbsolute(file)) return inPlace.get(file) === bytes;
      return fs.statSync(file, { throwIfNoEntry: false })?.size === bytes;
    };
    return {
      scatter: found.filter(isWhole),
      shards: await listRecords(this.target, "shard"),
      lost: found.filter((record) => !isWhole(record)),
    };
  }

  /** Forgets a runs file that is gone or broken. */
  async forget(record: ScatterRecord): Promise<void> {
    await this.target.delete(scatterRecordKey(record.file));
  }

  /** Forgets runs files: they are no use once every shard is done, or under another plan. */
  async dropRuns(): Promise<void> {
    for (const record of await listRecords(this.target, "scatter")) {
      await this.target.delete(scatterRecordKey(record.file)); // first: no record may outlive its file
      if (path.isAbsolute(record.file)) fs.rmSync(record.file, { force: true });
      else if (record.file.startsWith("runs/")) await this.target.delete(record.file);
    }
    for (const key of await this.target.list("runs/")) await this.target.delete(key);
    fs.rmSync(this.runsFolder, { recursive: true, force: true });
  }

  /** Removes all that an earlier run remembered. */
  async clear(): Promise<void> {
    await this.dropRuns();
    for (const key of await this.target.list("shards/")) await this.target.delete(key);
    for (const key of ["plan.json", "run.json", "report.json", "lambda.json"]) await this.target.delete(key);
    for (const key of await this.target.list("pieces/")) await this.target.delete(key);
  }
}

/** Copies a file so that it is whole, synced and named, or absent. */
function copyDurably(from: string, to: string): void {
  const temporary = temporaryName(to);
  try {
    fs.mkdirSync(path.dirname(to), { recursive: true });
    fs.copyFileSync(from, temporary, fs.constants.COPYFILE_EXCL);
    const fd = fs.openSync(temporary, "r+");
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(temporary, to);
    syncFolder(path.dirname(to));
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw writeError(to, error);
  }
}

/** Runs with run directories of one name do not meet in one scratch folder. */
function scratchFolder(scratch: string, runDirectory: string): string {
  return path.join(path.resolve(scratch), `granary-${keyOf(runDirectory).slice(0, 12)}`);
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A plan as JSON: granules without footprints, which no piece of work needs. */
export function planJson(plan: Plan): string {
  return JSON.stringify(plan, (key, value) => {
    if (key === "geometry" || key === "cells" && value instanceof BigUint64Array) return undefined;
    return typeof value === "bigint" ? value.toString() : value;
  });
}
