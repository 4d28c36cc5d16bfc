/**
 * The run directory of any job: settings, plan, lists of tasks, records by stage, lease, report. A folder,
 * or a prefix on S3. What a job keeps besides is that job's own.
 */
import { Buffer } from "node:buffer";
import path from "node:path";
import { DELETES_AT_ONCE, type ObjectTarget } from "../core/access/object_target.ts";
import { mapBounded } from "../core/concurrency.ts";
import { GranaryError, inputError } from "../core/errors.ts";
import { decodeCheckedJson, encodeCheckedJson, encodeCheckedParts } from "../core/files/checked_json.ts";
import { isObjectAddress } from "../core/files/address.ts";

/** Objects of a run directory by what they are. */
export const SETTINGS_KEY = "run.json";
export const PLAN_KEY = "plan.json";
export const REPORT_KEY = "report.json";
const TASKS_PREFIX = "tasks/";

/** Documents up to this size are put in one. */
const LONG_BYTES = 4 * 1024 * 1024;

/** Records that are read at the same time. */
const RECORDS_AT_ONCE = 32;

/** What depends on the run and not on the plan; a job adds its own. */
export interface JobSettings {
  /** The kind of job; absent in runs of before there were several. */
  kind?: string;
  created: string;
}

export class JobDirectory {
  constructor(
    readonly target: ObjectTarget,
    /** The directory's own folder; null where it lies elsewhere. */
    readonly folder: string | null,
  ) {}

  get name(): string {
    return this.target.name;
  }

  /** As another process is given it: a path or an s3:// address. */
  get address(): string {
    return this.folder ?? this.name;
  }

  /** Whether an earlier run left something. */
  async exists(): Promise<boolean> {
    return (await this.target.get(PLAN_KEY)) !== undefined;
  }

  async isFinished(): Promise<boolean> {
    return (await this.target.get(REPORT_KEY)) !== undefined;
  }

  /** Reads a document with its checksum. Throws an input error where it is missing or damaged. */
  async document<T>(key: string): Promise<T> {
    const bytes = await this.target.get(key);
    if (bytes === undefined) throw inputError(`${this.name}: no ${key} is there (wanted a run directory)`);
    try {
      return decodeCheckedJson(bytes) as T;
    } catch (error) {
      throw inputError(
        `${this.name}/${key}: not as it was written, or of a granary of long ago: ${
          (error as Error).message
        }` +
          " (plan the run again: granary aggregate does so with --overwrite)",
      );
    }
  }

  /** Writes a document with its checksum, given as the text of a JSON object. */
  putDocument(key: string, json: string): Promise<void> {
    return this.target.put(key, encodeCheckedJson(json));
  }

  /** The same of a long one, whose text comes in parts; its bytes are held once. */
  async putLongDocument(key: string, parts: Iterable<string>): Promise<void> {
    const chunks = encodeCheckedParts(parts);
    const sizeBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    if (sizeBytes <= LONG_BYTES) return await this.target.put(key, Buffer.concat(chunks));
    await this.target.putChunks(key, sizeBytes, each(chunks), { replace: true });
  }

  /** Lists of the tasks that are left, for engines that map a function over a list of JSON. */
  async putTasks(left: readonly { name: string; tasks: readonly number[] }[]): Promise<void> {
    for (const { name, tasks } of left) {
      const list = tasks.map((task) => ({ stage: name, task }));
      await this.target.put(`${TASKS_PREFIX}${name}.json`, new TextEncoder().encode(JSON.stringify(list)));
    }
  }

  async dropTasks(): Promise<void> {
    const lists = await this.target.list(TASKS_PREFIX);
    await mapBounded(lists, DELETES_AT_ONCE, (key) => this.target.delete(key));
  }

  putReport(report: unknown): Promise<void> {
    return this.target.put(REPORT_KEY, new TextEncoder().encode(JSON.stringify(report)));
  }

  /** Writes a record; it is durable when the promise resolves. */
  putRecord(key: string, record: object): Promise<void> {
    return this.target.put(key, encodeCheckedJson(JSON.stringify(record)));
  }

  /**
   * Whole records below a prefix, read several at a time, in the order of their keys; `wanted` leaves out
   * keys before they are read. A broken one is an error: records are written whole or not at all.
   */
  async records<T>(prefix: string, wanted: (key: string) => boolean = () => true): Promise<T[]> {
    const keys = (await this.target.list(prefix)).filter((key) => key.endsWith(".json") && wanted(key));
    const found = await mapBounded(keys, RECORDS_AT_ONCE, (key) => this.record<T>(key));
    return found.filter((record) => record !== undefined);
  }

  /** A whole record, or undefined where there is none of this key. A broken one is an error. */
  async record<T>(key: string): Promise<T | undefined> {
    const bytes = await this.target.get(key);
    if (bytes === undefined) return undefined;
    try {
      return decodeCheckedJson(bytes) as T;
    } catch (error) {
      throw new GranaryError(
        "io",
        `${this.name}/${key}: not a whole record: ${(error as Error).message} (delete it and resume the run)`,
        { cause: error },
      );
    }
  }
}

/** The kind of job that a run directory is of. Throws an input error where there is no run. */
export async function jobKindOf(directory: JobDirectory): Promise<string> {
  return (await directory.document<JobSettings>(SETTINGS_KEY)).kind ?? "aggregate";
}

/** The folder beside an output that its run is kept in, unless another is named. */
export function defaultRunDirectory(output: string): string {
  return `${output.replace(/\/+$/, "")}.run`;
}

/** A folder's absolute path, or an address as it is. */
export function absoluteAddress(address: string): string {
  return isObjectAddress(address) ? address : path.resolve(address);
}

async function* each(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
