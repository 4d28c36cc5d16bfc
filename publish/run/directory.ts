/** The run directory of a dataset: what every job keeps, the catalog, and what was done with each granule. */
import fs from "node:fs";
import path from "node:path";
import { FolderTarget } from "../../core/access/folder_target.ts";
import type { SourceOpener } from "../../core/access/open.ts";
import { openTarget } from "../../core/access/targets.ts";
import { GranaryError, inputError } from "../../core/errors.ts";
import { encodeCheckedJson } from "../../core/files/checked_json.ts";
import { keyOf } from "../../core/keys.ts";
import {
  JobDirectory,
  type JobSettings,
  PLAN_KEY,
  REPORT_KEY,
  SETTINGS_KEY,
} from "../../runs/run_directory.ts";
import type { PublishPlan } from "../plan/plan.ts";
import { PLAN_FORMAT } from "../version.ts";
import {
  CONVERT_RECORDS,
  convertKey,
  type ConvertRecord,
  OUTBOX,
  type Outbox,
  outboxKey,
  REGISTER_RECORDS,
  type RegisterRecord,
} from "../records.ts";
import { makeScratchFolder } from "../../core/files/leftovers.ts";
import { isObjectAddress } from "../../core/files/address.ts";

/** The kind of job that stands in the settings. */
const PUBLISH = "publish";
const CATALOG = "catalog.parquet";

export class PublishDirectory extends JobDirectory {
  /** The directory at a path or an s3:// address. */
  static at(address: string, opener: SourceOpener): PublishDirectory {
    const isRemote = isObjectAddress(address);
    return isRemote
      ? new PublishDirectory(openTarget(address, opener), null)
      : new PublishDirectory(new FolderTarget(address), path.resolve(address));
  }

  async plan(): Promise<PublishPlan> {
    const plan = await this.document<PublishPlan>(PLAN_KEY);
    if (plan.format !== PLAN_FORMAT) {
      throw inputError(
        `${this.name}: the plan has format ${plan.format}, this granary reads ${PLAN_FORMAT} (plan the run again)`,
      );
    }
    for (const { row } of plan.convert) Object.assign(row, { cells: new BigUint64Array(0), geometry: null });
    return plan;
  }

  /** The plan of before, or null where there is none that this program reads. */
  async formerPlan(): Promise<PublishPlan | null> {
    if (!await this.exists()) return null;
    const settings = await this.document<JobSettings>(SETTINGS_KEY);
    if ((settings.kind ?? "aggregate") !== PUBLISH) {
      throw inputError(`${this.name}: is the run directory of another job (choose another --run-dir)`);
    }
    const plan = await this.document<PublishPlan>(PLAN_KEY);
    return plan.format === PLAN_FORMAT ? plan : null;
  }

  /** Writes a plan in place of the one of before; the run is then not finished. */
  async putPlan(plan: PublishPlan): Promise<void> {
    await this.putDocument(SETTINGS_KEY, JSON.stringify({ kind: PUBLISH, created: plan.created }));
    await this.target.delete(REPORT_KEY);
    await this.putDocument(PLAN_KEY, JSON.stringify(plan));
  }

  /** Works on the catalog as a file of this machine; what `work` makes of it comes to the directory. */
  async withCatalog<T>(work: (file: string, there: boolean) => Promise<T>, keep = true): Promise<T> {
    if (this.folder !== null && keep) {
      const file = path.join(this.folder, CATALOG);
      fs.mkdirSync(this.folder, { recursive: true });
      return await work(file, fs.existsSync(file));
    }
    const scratch = makeScratchFolder("publish");
    try {
      const file = path.join(scratch, CATALOG);
      const bytes = await this.target.get(CATALOG);
      if (bytes !== undefined) fs.writeFileSync(file, bytes);
      const result = await work(file, bytes !== undefined);
      if (keep) await this.target.put(CATALOG, fs.readFileSync(file));
      return result;
    } finally {
      fs.rmSync(scratch, { recursive: true, force: true });
    }
  }

  /** Records of all granules by their names. */
  async convertRecords(): Promise<Map<string, ConvertRecord>> {
    const keys = await this.target.list(CONVERT_RECORDS);
    const records = await this.records<ConvertRecord>(CONVERT_RECORDS);
    if (keys.length !== records.length) {
      throw new GranaryError("io", `${this.name}: records come and go while they are read (run again)`);
    }
    return new Map(records.map((record, i) => [nameOf(keys[i], CONVERT_RECORDS), record]));
  }

  async convertRecord(name: string): Promise<ConvertRecord | null> {
    return await this.record<ConvertRecord>(convertKey(name)) ?? null;
  }

  putConvert(name: string, record: ConvertRecord): Promise<void> {
    return this.putRecord(convertKey(name), record);
  }

  async outbox(name: string, itemsHash: string): Promise<Outbox> {
    const key = outboxKey(name, itemsHash);
    const outbox = await this.record<Outbox>(key);
    if (outbox === undefined) {
      throw new GranaryError("io", `${this.name}: no ${key} is there (plan the run again)`);
    }
    return outbox;
  }

  /** Names of the outbox's documents, without their ending. */
  async outboxNames(): Promise<Set<string>> {
    return new Set((await this.target.list(OUTBOX)).map((key) => nameOf(key, OUTBOX)));
  }

  putOutbox(name: string, outbox: Outbox): Promise<void> {
    return this.target.put(outboxKey(name, outbox.itemsHash), encodeCheckedJson(JSON.stringify(outbox)));
  }

  /** Drops items that no record tells of: of conversions that did not end, and of former states. */
  async sweepOutbox(records: ReadonlyMap<string, ConvertRecord>): Promise<void> {
    const held = new Set(
      [...records].flatMap(([name, { done }]) => done === null ? [] : [outboxKey(name, done.itemsHash)]),
    );
    for (const key of await this.target.list(OUTBOX)) if (!held.has(key)) await this.target.delete(key);
  }

  /** What a target received last of each granule. */
  async registered(target: string): Promise<Map<string, RegisterRecord["granules"][number]>> {
    const records = await this.records<RegisterRecord>(`${REGISTER_RECORDS}${target}/`);
    records.sort((a, b) => a.at < b.at ? -1 : a.at > b.at ? 1 : 0);
    return new Map(records.flatMap(({ granules }) => granules.map((one) => [one.name, one])));
  }

  putRegistered(target: string, record: RegisterRecord): Promise<void> {
    // Names rise with time, so that the last word on a granule is the last record.
    const stamp = record.at.replace(/\D/g, "");
    const key = `${stamp}-${keyOf([record, Math.random()]).slice(0, 8)}`;
    return this.putRecord(`${REGISTER_RECORDS}${target}/${key}.json`, record);
  }
}

function nameOf(key: string, prefix: string): string {
  return key.slice(prefix.length).replace(/\.json$/, "");
}
