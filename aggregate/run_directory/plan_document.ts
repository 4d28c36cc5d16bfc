/** The plan as a run directory keeps it, with the run's settings and the tasks that are left. */
import type { GranuleRow } from "../../catalog/granule.ts";
import { inputError } from "../../core/errors.ts";
import { PLAN_KEY, SETTINGS_KEY } from "../../runs/run_directory.ts";
import type { Plan } from "../plan/plan.ts";
import { ENGINE_VERSION, PLAN_FORMAT } from "../plan/version.ts";
import type { RunDirectory, RunSettings } from "./run_directory.ts";
import { REDUCE, SCATTER } from "./stages.ts";

export async function putPlan(directory: RunDirectory, plan: Plan, settings: RunSettings): Promise<void> {
  await directory.putDocument(SETTINGS_KEY, JSON.stringify(settings));
  await directory.putLongDocument(PLAN_KEY, planParts(plan));
}

/** The plan, for a machine that did not make it. Throws an input error where there is none. */
export async function readPlan(directory: RunDirectory): Promise<{ plan: Plan; settings: RunSettings }> {
  const plan = await directory.document<Plan>(PLAN_KEY);
  const settings = await directory.document<RunSettings>(SETTINGS_KEY);
  if (plan.format !== PLAN_FORMAT) {
    throw inputError(
      `${directory.name}: the plan has format ${plan.format}, this granary reads ${PLAN_FORMAT} (plan the run again)`,
    );
  }
  return { plan: revivedPlan(plan), settings };
}

/** Throws an input error where a plan is of another engine: shards of two engines are no one's result. */
export function mustBeOfThisEngine({ name }: RunDirectory, { engineVersion }: Plan): void {
  if (engineVersion === ENGINE_VERSION) return;
  throw inputError(
    `${name}: the run was begun by a granary of engine ${engineVersion}, and this is one of engine ${ENGINE_VERSION}, ` +
      "whose results are others; nothing was changed (go on with the granary that began it, choose another store, or " +
      "say --overwrite with granary aggregate to make it again)",
  );
}

/** The tasks of a plan that are left: batches with granules to read, shards to make. */
export async function putTasksLeft(
  directory: RunDirectory,
  plan: Plan,
  left: { granules: readonly { granule: number }[]; shards: readonly number[] },
): Promise<void> {
  const open = new Set(left.granules.map(({ granule }) => granule));
  const batches = plan.batches.flatMap(({ granules }, batch) =>
    granules.some((granule) => open.has(granule)) ? [batch] : []
  );
  await directory.putTasks([{ name: SCATTER, tasks: batches }, { name: REDUCE, tasks: left.shards }]);
}

/** A plan as it was read, with the parts of granules that are not kept. */
export function revivedPlan(plan: Plan): Plan {
  for (const row of plan.granules) Object.assign(row, { cells: new BigUint64Array(0), geometry: null });
  return plan;
}

/** A plan as JSON: granules without footprints, which no task needs. */
export function planJson(plan: Plan): string {
  return [...planParts(plan)].join("");
}

/** Members of the lists of a plan in a part of its JSON. */
const PART_MEMBERS = 1000;

/** The same part by part: a plan of many granules is long. */
function* planParts(plan: Plan): Generator<string> {
  const lists: Record<string, (from: number, to: number) => readonly unknown[]> = {
    granules: (from, to) => plan.granules.slice(from, to).map(withoutFootprint),
    ranks: (from, to) => plan.ranks.slice(from, to),
    shards: (from, to) => plan.shards.slice(from, to),
    batches: (from, to) => plan.batches.slice(from, to),
  };
  let before = "{";
  for (const [name, value] of Object.entries(plan)) {
    if (value === undefined) continue;
    yield `${before}${JSON.stringify(name)}:`;
    before = ",";
    if (Object.hasOwn(lists, name)) yield* listParts(lists[name], value.length);
    else yield JSON.stringify(value, plain);
  }
  yield "}";
}

function* listParts(
  part: (from: number, to: number) => readonly unknown[],
  length: number,
): Generator<string> {
  yield "[";
  for (let from = 0; from < length; from += PART_MEMBERS) {
    yield (from === 0 ? "" : ",") + JSON.stringify(part(from, from + PART_MEMBERS)).slice(1, -1);
  }
  yield "]";
}

function withoutFootprint({ geometry: _geometry, cells: _cells, ...row }: GranuleRow): unknown {
  return row;
}

function plain(key: string, value: unknown): unknown {
  if (key === "geometry") return undefined;
  return typeof value === "bigint" ? value.toString() : value;
}
