/** What a function is asked: one task of a run, its end, or to plan it. */
import { inputError } from "../../core/errors.ts";

interface LambdaEvent {
  runDirectory: string;
  /** The plan's key: a warm function that has this plan does not read it again. */
  planKey?: string;
  task: { stage: string; task: number } | { finish: true } | { kind: string; planFrom: string };
}

const KEYS = ["run_dir", "plan", "stage", "task", "finish", "kind", "plan_from", "scatter", "reduce"];

/** Reads an event. Throws an input error that says what was found and wanted. */
export function parseEvent(text: string): LambdaEvent {
  let event: unknown;
  try {
    event = JSON.parse(text);
  } catch (error) {
    throw inputError(`the event is not JSON: ${(error as Error).message}`);
  }
  if (typeof event !== "object" || event === null || Array.isArray(event)) throw wanted("no object");
  const fields = event as Record<string, unknown>;
  const unknown = Object.keys(fields).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) throw wanted(`the unknown key "${unknown}"`);
  const { run_dir: runDirectory, plan, finish } = fields;
  if (typeof runDirectory !== "string" || runDirectory === "") throw wanted("no run_dir");
  if (plan !== undefined && typeof plan !== "string") throw wanted("a plan that is no text");
  const common = { runDirectory, ...plan === undefined ? {} : { planKey: plan } };
  const tasks = tasksOf(fields);
  const { kind, plan_from: planFrom } = fields;
  if (kind !== undefined || planFrom !== undefined) {
    if (
      typeof kind !== "string" || typeof planFrom !== "string" || tasks.length > 0 || finish !== undefined
    ) {
      throw wanted("a kind or a plan_from without the other, or beside a task");
    }
    return { ...common, task: { kind, planFrom } };
  }
  if (tasks.length + (finish === undefined ? 0 : 1) !== 1) {
    throw wanted(`${tasks.length} tasks, or a finish beside one`);
  }
  if (finish !== undefined) {
    if (finish !== true) throw wanted("finish with another value than true");
    return { ...common, task: { finish } };
  }
  const { stage, task } = tasks[0];
  if (typeof stage !== "string" || stage === "") throw wanted("a stage that is no text");
  if (typeof task !== "number" || !Number.isSafeInteger(task) || task < 0) {
    throw wanted("a task that is no whole number");
  }
  return { ...common, task: { stage, task } };
}

/** Tasks that an event names: `stage` with `task`, or as version 0.1.0 wrote it, the stage as a key. */
function tasksOf(fields: Readonly<Record<string, unknown>>): { stage: unknown; task: unknown }[] {
  const named = fields.stage === undefined && fields.task === undefined
    ? []
    : [{ stage: fields.stage, task: fields.task }];
  const older = ["scatter", "reduce"].filter((stage) => fields[stage] !== undefined)
    .map((stage) => ({ stage, task: fields[stage] }));
  return [...named, ...older];
}

function wanted(found: string) {
  return inputError(
    `the event has ${found} (wanted {"run_dir": "s3://…", "stage": "…", "task": N}, or finish: true)`,
  );
}
