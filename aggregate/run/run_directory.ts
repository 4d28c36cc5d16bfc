/** The run directory of a store: its plan, its records, its runs files, its lease. */
import fs from "node:fs";
import path from "node:path";
import { writeError } from "../../base/atomic.ts";
import type { ObjectTarget } from "../../catalog/access/object_target.ts";
import { FolderTarget } from "../../catalog/access/folder_target.ts";
import { keyOf } from "../engine/identity.ts";
import type { Plan } from "../engine/plan.ts";
import type { ScatterOutcome, SpillOutcome } from "../engine/messages.ts";
import type { FailedGranule } from "../engine/schedule.ts";
import { listRecords, putRecord, type ScatterRecord, type ShardRecord } from "./records.ts";
import { granuleKeys } from "./resume.ts";

/** `<store>.run`, unless somebody says otherwise. */
export function defaultRunDirectory(store: string): string {
  return `${store.replace(/\/+$/, "")}.run`;
}

export class RunDirectory {
  #serial = 0;
  #keys: string[] | undefined;

  private constructor(
    readonly target: ObjectTarget,
    /** The directory's own folder; null where it lies elsewhere. */
    readonly folder: string | null,
    readonly runsFolder: string,
  ) {}

  /** A run directory in a folder; runs files lie in it, or in `scratch`. */
  static in(folder: string, scratch: string | undefined): RunDirectory {
    const own = path.resolve(folder);
    const runsFolder = scratch === undefined ? path.join(own, "runs") : scratchFolder(scratch, own);
    return new RunDirectory(new FolderTarget(own), own, runsFolder);
  }

  /** A run directory elsewhere; runs files lie in `scratch`, a folder of this machine. */
  static at(target: ObjectTarget, scratch: string): RunDirectory {
    return new RunDirectory(target, null, scratchFolder(scratch, target.name));
  }

  /** Whether an earlier run left something. */
  async exists(): Promise<boolean> {
    return (await this.target.get("plan.json")) !== undefined;
  }

  /** Writes the plan as JSON. */
  async putPlan(plan: Plan): Promise<void> {
    await this.target.put("plan.json", new TextEncoder().encode(planJson(plan)));
  }

  /** The path of a new runs file. */
  nextRunsFile(): string {
    try {
      fs.mkdirSync(this.runsFolder, { recursive: true });
    } catch (error) {
      throw writeError(this.runsFolder, error);
    }
    for (;;) {
      this.#serial += 1;
      const file = path.join(this.runsFolder, `${String(this.#serial).padStart(6, "0")}.runs`);
      if (!fs.existsSync(file)) return file;
    }
  }

  /** The path of a runs file as a record names it. */
  runsPath(file: string): string {
    return path.isAbsolute(file) ? file : path.join(this.folder!, file);
  }

  /** Remembers a runs file and the granules that are whole in it. */
  async rememberRuns(
    plan: Plan,
    outcome: SpillOutcome,
    granules: readonly ScatterOutcome[],
    failed: readonly FailedGranule[],
  ): Promise<void> {
    const keys = this.#keys ??= granuleKeys(plan);
    const inside = this.folder === null ? ".." : path.relative(this.folder, outcome.path);
    const record: ScatterRecord = {
      kind: "scatter",
      file: inside.startsWith("..") ? outcome.path : inside,
      bytes: outcome.bytes,
      granules: granules.map(({ granule, shards, counts, groups, reads }) => ({
        key: keys[granule],
        granule,
        id: plan.granules[granule].id,
        shards,
        counts,
        groups,
        reads,
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
    await putRecord(this.target, record);
  }

  putShard(record: ShardRecord): Promise<void> {
    return putRecord(this.target, record);
  }

  async records(): Promise<{ scatter: ScatterRecord[]; shards: ShardRecord[] }> {
    return {
      scatter: await listRecords(this.target, "scatter"),
      shards: await listRecords(this.target, "shard"),
    };
  }

  /** Forgets runs files: they are no use once every shard is done, or under another plan. */
  async dropRuns(records: readonly ScatterRecord[]): Promise<void> {
    for (const record of records) fs.rmSync(this.runsPath(record.file), { force: true });
    for (const key of await this.target.list("scatter/")) await this.target.delete(key);
    fs.rmSync(this.runsFolder, { recursive: true, force: true });
  }

  /** Removes all that an earlier run remembered. */
  async clear(): Promise<void> {
    for (const prefix of ["scatter/", "shards/"]) {
      for (const key of await this.target.list(prefix)) await this.target.delete(key);
    }
    for (const key of ["plan.json", "report.json"]) await this.target.delete(key);
    fs.rmSync(this.runsFolder, { recursive: true, force: true });
  }
}

/** Runs with run directories of one name do not meet in one scratch folder. */
function scratchFolder(scratch: string, runDirectory: string): string {
  return path.join(path.resolve(scratch), `granary-${keyOf(runDirectory).slice(0, 12)}`);
}

/** A plan as JSON: granules without footprints, which no piece of work needs. */
export function planJson(plan: Plan): string {
  return JSON.stringify(plan, (key, value) => {
    if (key === "geometry" || key === "cells" && value instanceof BigUint64Array) return undefined;
    return typeof value === "bigint" ? value.toString() : value;
  });
}
