/**
 * The end of a run: the collection from all items, the files that hold all of them, what is left over taken
 * away, and the count: discovered = published + failed + set aside.
 */
import type { SourceOpener } from "../../core/access/open.ts";
import { openTarget } from "../../core/access/targets.ts";
import { GranaryError, inputError } from "../../core/errors.ts";
import { CollectionSum } from "../../core/stac/collection.ts";
import type { StacItem } from "../../core/stac/values.ts";
import { collectionForTarget, collectionText } from "../collection_text.ts";
import { targetKey } from "../plan/identity.ts";
import { discoveredOf, type PublishPlan } from "../plan/plan.ts";
import { openPublishTarget } from "../targets/open.ts";
import type { PublishDirectory } from "./directory.ts";
import type { ConvertRecord, RegisterRecord } from "../records.ts";
import { itemTargets, unregistered } from "./register.ts";

export interface FailedGranule {
  readonly collection: string;
  readonly id: string;
  readonly reason: string;
  /** Not tried again until the source or the config changes. */
  readonly permanent: boolean;
}

export interface PublishReport {
  readonly dataset: string;
  readonly output: string;
  readonly discovered: number;
  readonly published: number;
  readonly items: number;
  readonly setAside: number;
  readonly failed: readonly FailedGranule[];
  /** Of this run's plan, by why they were converted. */
  readonly converted: Readonly<Record<string, number>>;
  readonly targets: readonly { readonly to: string; readonly items: number; readonly refused: number }[];
}

/** Throws an input error that names what is left where tasks are. */
export async function finishDataset(
  directory: PublishDirectory,
  plan: PublishPlan,
  opener: SourceOpener,
): Promise<PublishReport> {
  const { dataset } = plan;
  const records = await directory.convertRecords();
  const open = plan.convert.filter((granule) => !isTaken(granule, plan, records.get(granule.name)));
  if (open.length > 0) {
    throw inputError(
      `${directory.name}: ${open.length} of ${plan.convert.length} granules are not converted` +
        ` (do granary run work ${directory.name} --stage convert --task N)`,
    );
  }
  const registered = new Map<number, ReadonlyMap<string, RegisterRecord["granules"][number]>>();
  for (const index of itemTargets(dataset)) {
    const known = await directory.registered(targetKey(dataset, index));
    const left = unregistered(records, known);
    if (left.length > 0) {
      throw inputError(
        `${directory.name}: ${dataset.targets[index].to} has yet to receive ${left.length} granules` +
          ` (do granary run work ${directory.name} --stage register --task N)`,
      );
    }
    registered.set(index, known);
  }
  const sum = new CollectionSum();
  const items = async function* (): AsyncGenerator<StacItem> {
    for (const [name, { done }] of records) {
      if (done !== null) yield* (await directory.outbox(name, done.itemsHash)).items;
    }
  };
  for await (const item of items()) sum.add(item);
  const collection = sum.result(collectionText(dataset), []);
  const options = {
    collection: dataset.name,
    output: dataset.output,
    href: dataset.href,
    opener,
    attempts: dataset.retry.attempts,
  };
  // Files that hold all come first: the static catalog's collection is what announces the whole.
  const opened = dataset.targets.map((target) => openPublishTarget(target, options));
  for (const one of opened) if (one.kind === "whole") await one.target.write(collection, items);
  for (const [index, one] of opened.entries()) {
    if (one.kind !== "items") continue;
    try {
      // A collection without items has no extent to tell of.
      if (sum.items > 0) await one.target.finish(collectionForTarget(dataset, index, collection));
    } finally {
      await one.target.close();
    }
  }
  await dropGone(directory, dataset.output, records, opener);
  const report = reportOf(plan, records, registered, sum.items);
  await directory.dropTasks();
  await directory.putReport(report);
  return report;
}

/** Whether a planned granule was tried in this plan, whatever came of it. */
export function isTaken(
  granule: { readonly identity: string },
  plan: PublishPlan,
  record: ConvertRecord | undefined,
): boolean {
  if (record === undefined) return false;
  const { done, failure } = record;
  if (failure !== null) return failure.plan === plan.key;
  return done?.identity === granule.identity && done.config === plan.config;
}

/** Files that no item holds any more go when every target knows. */
async function dropGone(
  directory: PublishDirectory,
  output: string,
  records: ReadonlyMap<string, ConvertRecord>,
  opener: SourceOpener,
): Promise<void> {
  const target = openTarget(output, opener);
  const held = new Set(
    [...records.values()].flatMap(({ done }) => done?.outputs.map(({ key }) => key) ?? []),
  );
  for (const [name, record] of records) {
    const { done } = record;
    if (done === null || done.gone.items.length + done.gone.outputs.length === 0) continue;
    for (const key of done.gone.outputs) if (!held.has(key)) await target.delete(key);
    await directory.putConvert(name, { ...record, done: { ...done, gone: { items: [], outputs: [] } } });
  }
}

function reportOf(
  plan: PublishPlan,
  records: ReadonlyMap<string, ConvertRecord>,
  registered: ReadonlyMap<number, ReadonlyMap<string, RegisterRecord["granules"][number]>>,
  items: number,
): PublishReport {
  const failed: FailedGranule[] = [...plan.failed];
  const failedIds = new Set(plan.failed.map(({ collection, id }) => `${collection} ${id}`));
  let published = 0;
  for (const [name, { collection, id, done, failure }] of records) {
    if (failedIds.has(`${collection} ${id}`)) continue;
    if (failure !== null) {
      failed.push({ collection, id, reason: failure.reason, permanent: failure.permanent });
      continue;
    }
    const refusals = [...registered].flatMap(([index, known]) =>
      (known.get(name)?.refused ?? []).map(({ id, reason }) =>
        `${plan.dataset.targets[index].to}: ${id}: ${reason}`
      )
    );
    if (refusals.length > 0) failed.push({ collection, id, reason: refusals.join("; "), permanent: true });
    else if (done !== null) published += 1;
  }
  const converted: Record<string, number> = {};
  for (const { why } of plan.convert) converted[why] = (converted[why] ?? 0) + 1;
  const setAside = Object.values(plan.setAside).reduce((sum, count) => sum + count, 0);
  const discovered = discoveredOf(plan);
  if (discovered !== published + failed.length + setAside) {
    throw new GranaryError(
      "io",
      `${plan.dataset.name}: the counts do not agree: ${discovered} granules were discovered, and ${published}` +
        ` are published, ${failed.length} failed, ${setAside} set aside (plan the run again; if it stays so,` +
        " records were taken from the run directory)",
    );
  }
  return {
    dataset: plan.dataset.name,
    output: plan.dataset.output,
    discovered,
    published,
    items,
    setAside,
    failed,
    converted,
    targets: itemTargets(plan.dataset).map((index) => {
      const granules = [...registered.get(index)?.values() ?? []];
      const refused = granules.reduce((sum, one) => sum + one.refused.length, 0);
      return { to: plan.dataset.targets[index].to, items: items - refused, refused };
    }),
  };
}
