/** How far a run is, by its records. */
import type { JobStatus, StageStatus } from "../../runs/job.ts";
import { targetKey } from "../plan/identity.ts";
import { discoveredOf, type PublishPlan } from "../plan/plan.ts";
import type { PublishDirectory } from "./directory.ts";
import { type FailedGranule, isTaken } from "./finish.ts";
import { itemTargets, unregistered } from "./register.ts";
import { CONVERT, REGISTER } from "./stages.ts";

export interface PublishStatus extends JobStatus {
  readonly dataset: string;
  readonly output: string;
  readonly planned: string;
  readonly discovered: number;
  /** Granules with files in their places. */
  readonly converted: number;
  readonly setAside: number;
  readonly failed: readonly FailedGranule[];
  /** Granules of which a target still has the items of files that were replaced, until the next run. */
  readonly outdated: readonly string[];
}

export async function publishStatus(directory: PublishDirectory, plan: PublishPlan): Promise<PublishStatus> {
  const records = await directory.convertRecords();
  const left: number[] = [];
  const again: number[] = [];
  plan.convert.forEach((granule, task) => {
    const record = records.get(granule.name);
    if (!isTaken(granule, plan, record)) left.push(task);
    else if (record?.failure !== null && record?.failure?.permanent === false) again.push(task);
  });
  const convert: StageStatus = {
    name: CONVERT,
    total: plan.convert.length,
    done: plan.convert.length - left.length,
    left,
    failed: again,
  };
  const targets = itemTargets(plan.dataset);
  const refused: FailedGranule[] = [];
  const targetsLeft: number[] = [];
  const outdated = new Set([...records].flatMap(([name, { replacing }]) => replacing === true ? [name] : []));
  for (const [task, index] of targets.entries()) {
    const known = await directory.registered(targetKey(plan.dataset, index));
    if (left.length > 0 || unregistered(records, known).length > 0) targetsLeft.push(task);
    for (const [name, { itemsHash, refused: items }] of known) {
      const record = records.get(name);
      if (record?.done != null && record.done.itemsHash !== itemsHash) outdated.add(name);
      if (items.length === 0 || record === undefined) continue;
      const reason = items.map(({ id, reason }) => `${plan.dataset.targets[index].to}: ${id}: ${reason}`)
        .join("; ");
      refused.push({ collection: record.collection, id: record.id, reason, permanent: true });
    }
  }
  const register: StageStatus = {
    name: REGISTER,
    total: targets.length,
    done: targets.length - targetsLeft.length,
    left: targetsLeft,
    failed: [],
  };
  const failed = [...records.values()].flatMap(({ collection, id, failure }): FailedGranule[] =>
    failure === null ? [] : [{ collection, id, reason: failure.reason, permanent: failure.permanent }]
  );
  // Those that a plan did not come to convert have no record.
  const recorded = new Set([...records.values()].map(({ collection, id }) => `${collection} ${id}`));
  const unrecorded = plan.failed.filter(({ collection, id }) => !recorded.has(`${collection} ${id}`));
  return {
    dataset: plan.dataset.name,
    output: plan.dataset.output,
    planned: plan.created,
    stages: [convert, register],
    finished: await directory.isFinished(),
    discovered: discoveredOf(plan),
    converted: [...records.values()].filter(({ done }) => done !== null).length,
    setAside: Object.values(plan.setAside).reduce((sum, count) => sum + count, 0),
    failed: [...failed, ...refused, ...unrecorded],
    outdated: [...outdated].flatMap((name) => records.get(name)?.id ?? []).sort(),
  };
}
