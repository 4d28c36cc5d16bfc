/**
 * One granule of a plan: files at the output, then the items in the outbox, then the record. A kill between
 * any two of these is repaired by doing the task again.
 */
import { setTimeout as wait } from "node:timers/promises";
import { keyOf } from "../../core/keys.ts";
import { backoffMs } from "../../core/access/retry.ts";
import type { RetryPolicy } from "../../core/access/retry.ts";
import type { StacItem } from "../../core/stac/values.ts";
import { type ConvertContext, convertGranule } from "../convert/convert_granule.ts";
import { endsRun, isDamage, isDiskRefusal, isPermanent } from "../convert/faults.ts";
import { itemsOf } from "../convert/items.ts";
import { cogFolder } from "../convert/names.ts";
import { putStaged } from "../convert/put_staged.ts";
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

/** Throws only where no granule could be converted: credentials, an interruption, a bucket that is gone, the run directory. */
export async function convertTask(
  directory: PublishDirectory,
  plan: PublishPlan,
  planned: PlannedGranule,
  context: ConvertContext,
): Promise<TaskResult> {
  const before = await directory.convertRecord(planned.name);
  const state: ReplaceState = { replacing: before?.replacing === true };
  for (let tries = 1;; tries++) {
    try {
      const record = await convertOnce(directory, plan, planned, before, state, tries, context);
      // A part that seems damaged is fetched once more, as the whole is.
      if (record.failure !== null && tries < 2 && isRemote(planned)) continue;
      return { record, failure: record.failure };
    } catch (error) {
      context.signal?.throwIfAborted();
      if (endsRun(error)) throw error;
      const permanent = isPermanent(error);
      // A file that seems damaged is fetched once more: the damage may have come on the way.
      const again = permanent
        ? tries < 2 && isRemote(planned) && isDamage(error)
        : tries < plan.dataset.retry.attempts && !isDiskRefusal(error);
      if (again) {
        await wait(
          backoffMs(TRIES, tries + 1, undefined),
          undefined,
          context.signal ? { signal: context.signal } : {},
        );
        continue;
      }
      const failure = failureOf(plan, planned, before, reasonOf(error), permanent, tries);
      const record: ConvertRecord = {
        kind: "convert",
        collection: planned.row.collection,
        id: planned.row.id,
        done: before?.done ?? null,
        failure,
        notes: before?.notes ?? [],
        ...(state.replacing ? { replacing: true } : {}),
      };
      await dropUnannounced(planned, before, context);
      await directory.putConvert(planned.name, record);
      return { record, failure };
    }
  }
}

/** Whether files that items tell of may have been replaced by others. */
interface ReplaceState {
  replacing: boolean;
}

async function convertOnce(
  directory: PublishDirectory,
  plan: PublishPlan,
  planned: PlannedGranule,
  before: ConvertRecord | null,
  state: ReplaceState,
  tries: number,
  context: ConvertContext,
): Promise<ConvertRecord> {
  const { dataset } = plan;
  const convert = async (target: ConvertContext["target"]) => {
    const converted = await convertGranule(dataset, planned.row, { ...context, target });
    const made = new Set(converted.files.map(({ summary }) => summary.key));
    const [damaged] = converted.damaged;
    // What is announced stays whole, rather than to lose a variable.
    if (damaged !== undefined && before?.done?.outputs.some(({ key }) => !made.has(key))) throw damaged.error;
    return converted;
  };
  const replace = async () => {
    if (before === null || state.replacing) return;
    state.replacing = true;
    await directory.putConvert(planned.name, { ...before, replacing: true });
  };
  const { files, damaged, notes } = before?.done === null || before === null
    ? await convert(context.target)
    : await putStaged(context.target, context.scratch, convert, replace);
  const outputs = files.map(({ summary: { key, sizeBytes, sha256 } }): OutputFile => ({
    key,
    sizeBytes,
    sha256,
  }));
  const former = before?.done ?? null;
  const created = former?.created ?? planned.planned;
  const make = (updated: string) => itemsOf(dataset, planned.row, files, { created, updated });
  // What did not change keeps its time of change, so that no target gets it again.
  const asBefore = former === null ? null : make(former.updated);
  const unchanged = former !== null && asBefore !== null && itemsHashOf(asBefore) === former.itemsHash;
  const updated = unchanged ? former.updated : planned.planned;
  const items = unchanged ? asBefore : make(updated);
  const itemsHash = itemsHashOf(items);
  await directory.putOutbox(planned.name, { kind: "outbox", id: planned.row.id, itemsHash, items });
  const done: Done = {
    identity: planned.identity,
    config: plan.config,
    created,
    updated,
    outputs,
    items: items.map((item) => ({ id: item.id, year: yearOf(item) })),
    itemsHash,
    gone: goneSince(former, items, outputs),
  };
  const record: ConvertRecord = {
    kind: "convert",
    collection: planned.row.collection,
    id: planned.row.id,
    done,
    failure: damaged.length === 0
      ? null
      : failureOf(plan, planned, before, partReason(damaged, files.length), true, tries),
    notes,
  };
  await directory.putConvert(planned.name, record);
  return record;
}

/** Of a granule that is published without some of its variables. */
function partReason(damaged: readonly { variable: string; error: Error }[], files: number): string {
  const names = [...new Set(damaged.map(({ variable }) => variable))];
  return `${names.join(", ")}: cannot be read (${
    damaged[0].error.message
  }); its other ${files} files are published`;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Files of a try that failed are in no item: they go, and those of before stay. */
async function dropUnannounced(
  { row }: PlannedGranule,
  before: ConvertRecord | null,
  { target }: ConvertContext,
): Promise<void> {
  const held = new Set(before?.done?.outputs.map(({ key }) => key));
  for (const key of await target.list(cogFolder(row.id))) {
    // What programs put beside a COG, as its statistics, is not ours.
    if (key.endsWith(".tif") && !held.has(key)) await target.delete(key);
  }
}

function itemsHashOf(items: readonly StacItem[]): string {
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
  reason: string,
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
    reason,
    permanent,
    tries: tries + (same ? earlier.tries : 0),
    first: same ? earlier.first : now,
    last: now,
  };
}

function isRemote({ row }: PlannedGranule): boolean {
  return row.https_base !== null || row.s3_base !== null;
}
