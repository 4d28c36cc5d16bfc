/** What a function is asked: a reference to one piece of a run. */
import { inputError } from "../../core/errors.ts";

interface LambdaEvent {
  runDirectory: string;
  /** The plan's key: a warm function that has this plan does not read it again. */
  planKey?: string;
  task: { scatter: number } | { reduce: number } | { finish: true };
}

const KEYS = ["run_dir", "plan", "scatter", "reduce", "finish"];

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
  const { run_dir: runDirectory, plan, scatter, reduce, finish } = fields;
  if (typeof runDirectory !== "string" || runDirectory === "") throw wanted("no run_dir");
  if (plan !== undefined && typeof plan !== "string") throw wanted("a plan that is no text");
  const tasks = [scatter, reduce, finish].filter((task) => task !== undefined);
  if (tasks.length !== 1) throw wanted(`${tasks.length} of scatter, reduce and finish`);
  const common = { runDirectory, ...plan === undefined ? {} : { planKey: plan } };
  if (finish !== undefined) {
    if (finish !== true) throw wanted("finish with another value than true");
    return { ...common, task: { finish } };
  }
  const n = scatter ?? reduce;
  if (typeof n !== "number" || !Number.isSafeInteger(n) || n < 0) {
    throw wanted("a piece that is no whole number");
  }
  return { ...common, task: scatter === undefined ? { reduce: n } : { scatter: n } };
}

function wanted(found: string) {
  return inputError(
    `the event has ${found} (wanted {"run_dir": "s3://…", "scatter": N}, or reduce: N, or finish: true)`,
  );
}
