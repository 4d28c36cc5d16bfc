/**
 * One granule of a plan: files at the output, then the items in the outbox, then the record. A kill between
 * any two of these is mended by doing the task again.
 */
import { setTimeout as wait } from "node:timers/promises";
import { GranaryError } from "../../core/errors.ts";
import { keyOf } from "../../core/keys.ts";
import { backoffMs } from "../../core/access/retry.ts";
import type { RetryPolicy } from "../../core/access/retry.ts";
import type { StacItem } from "../../core/stac/values.ts";
import { type ConvertContext, convertGranule } from "../convert/convert_granule.ts";
import { itemsOf } from "../convert/items.ts";
import { cogFolder } from "../convert/names.ts";
import type { PlannedGranule, PublishPlan } from "../plan/plan.ts";
import { type GoneItem, yearOf } from "../targets/target.ts";
import type { PublishDirectory } from "./directory.ts";
import type { ConvertRecord, Done, Failure, OutputFile } from "../records.ts";

/** Waits between the tries of one granule. */
const TRIES: RetryPolicy = { attempts: 0, baseMs: 1000, capMs: 60_000, longestRetryAfterMs: 60_000 };

interface TaskResult {
  readonly record: ConvertRecord;
  readonly failure: Failure | null;
}

/** Throws only where no granule could be converted: credentials, an interruption, the run directory. */
export async function convertTask(
  directory: PublishDirectory,
  plan: PublishPlan,
  planned: PlannedGranule,
  context: ConvertContext,
): Promise<TaskResult> {
  const before = await directory.convertRecord(planned.name);
  for (let tries = 1;; tries++) {
    try {
      const record = await convertOnce(directory, plan, planned, before, context);
      return { record, failure: null };
    } catch (error) {
      context.signal?.throwIfAborted();
      if (error instanceof GranaryError && (error.tag === "credential" || error.tag === "interrupted")) {
        throw error;
      }
      const permanent = isPermanent(error);
      // A file that seems damaged is fetched once more: the damage may have come on the way.
      const again = permanent
        ? tries < 2 && isRemote(planned) && isDamage(error)
        : tries < plan.dataset.retry.attempts;
      if (again) {
        await wait(
          backoffMs(TRIES, tries + 1, undefined),
          undefined,
          context.signal ? { signal: context.signal } : {},
        );
        continue;
      }
      const failure = failureOf(plan, planned, before, error, permanent, tries);
      const record: ConvertRecord = {
        kind: "convert",
        collection: planned.row.collection,
        id: planned.row.id,
        done: before?.done ?? null,
        failure,
        notes: before?.notes ?? [],
      };
      await dropUntold(planned, before, context);
      await directory.putConvert(planned.name, record);
      return { record, failure };
    }
  }
}

async function convertOnce(
  directory: PublishDirectory,
  plan: PublishPlan,
  planned: PlannedGranule,
  before: ConvertRecord | null,
  context: ConvertContext,
): Promise<ConvertRecord> {
  const { dataset } = plan;
  const { files, notes } = await convertGranule(dataset, planned.row, context);
  const outputs = files.map(({ summary: { key, sizeBytes, sha256 } }): OutputFile => ({
    key,
    sizeBytes,
    sha256,
  }));
  const former = before?.done ?? null;
  const created = former?.created ?? planned.planned;
  const make = (updated: string) => itemsOf(dataset, planned.row, files, { created, updated });
  // What did not change keeps its time of change, so that nobody is told anew.
  const asBefore = former === null ? null : make(former.updated);
  const unchanged = former !== null && asBefore !== null && toldKey(asBefore) === former.told;
  const updated = unchanged ? former.updated : planned.planned;
  const items = unchanged ? asBefore : make(updated);
  const told = toldKey(items);
  await directory.putOutbox(planned.name, { kind: "outbox", id: planned.row.id, told, items });
  const done: Done = {
    identity: planned.identity,
    config: plan.config,
    created,
    updated,
    outputs,
    items: items.map((item) => ({ id: item.id, year: yearOf(item) })),
    told,
    gone: goneSince(former, items, outputs),
  };
  const record: ConvertRecord = {
    kind: "convert",
    collection: planned.row.collection,
    id: planned.row.id,
    done,
    failure: null,
    notes,
  };
  await directory.putConvert(planned.name, record);
  return record;
}

/** Files of a try that failed are told of by no item: they go, and those of before stay. */
async function dropUntold(
  { row }: PlannedGranule,
  before: ConvertRecord | null,
  { target }: ConvertContext,
): Promise<void> {
  const held = new Set(before?.done?.outputs.map(({ key }) => key));
  for (const key of await target.list(cogFolder(row.id))) if (!held.has(key)) await target.delete(key);
}

function toldKey(items: readonly StacItem[]): string {
  return keyOf(items);
}

/** Items and files of before that the granule has no longer. */
function goneSince(
  former: Done | null,
  items: readonly StacItem[],
  outputs: readonly OutputFile[],
): Done["gone"] {
  if (former === null) return { items: [], outputs: [] };
  const now = new Set(items.map((item) => `${yearOf(item)}/${item.id}`));
  const kept = new Set(outputs.map(({ key }) => key));
  const gone = new Map<string, GoneItem>();
  for (const item of [...former.items, ...former.gone.items]) {
    if (!now.has(`${item.year}/${item.id}`)) gone.set(`${item.year}/${item.id}`, item);
  }
  const files = [...former.outputs.map(({ key }) => key), ...former.gone.outputs];
  return { items: [...gone.values()], outputs: [...new Set(files.filter((key) => !kept.has(key)))] };
}

function failureOf(
  plan: PublishPlan,
  planned: PlannedGranule,
  before: ConvertRecord | null,
  error: unknown,
  permanent: boolean,
  tries: number,
): Failure {
  const now = new Date().toISOString();
  const earlier = before?.failure;
  const same = earlier !== null && earlier !== undefined && earlier.identity === planned.identity &&
    earlier.config === plan.config;
  return {
    identity: planned.identity,
    config: plan.config,
    plan: plan.key,
    reason: error instanceof Error ? error.message : String(error),
    permanent,
    tries: tries + (same ? earlier.tries : 0),
    first: same ? earlier.first : now,
    last: now,
  };
}

/** What no other try of the same bytes under the same config can mend. */
function isPermanent(error: unknown): boolean {
  if (!(error instanceof GranaryError)) return false;
  if (error.tag === "input") return true;
  // A server may come back, and an archive may be behind its own metadata.
  return error.tag === "granule" && typeof error.details.status !== "number" &&
    error.details.code !== "ENOENT";
}

function isDamage(error: unknown): boolean {
  return error instanceof GranaryError && error.tag === "granule";
}

function isRemote({ row }: PlannedGranule): boolean {
  return row.https_base !== null || row.s3_base !== null;
}
