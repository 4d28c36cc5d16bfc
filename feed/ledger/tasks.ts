/**
 * The download queue: a task is leased for a while, done by its owner only, due again when the lease has
 * run out, and dead when it failed too often. A dead one waits to be requeued; none is lost.
 */
import { numberOf, type SqlRow, type Statements, textOf, textOrNull } from "./engine.ts";
import { places } from "./sql_text.ts";

export interface Task {
  n: number;
  sourceId: string;
  asset: string;
  id: string;
  work: string;
  attempts: number;
}

interface LeaseRequest {
  owner: string;
  now: number;
  leaseMs: number;
  limit: number;
}

/** Takes up to `limit` tasks that are due. A task counts an attempt when it is taken. */
export async function leaseTasks(sql: Statements, feed: string, request: LeaseRequest): Promise<Task[]> {
  const { owner, now, leaseMs, limit } = request;
  const planned = sql.forLease();
  const leased = sql.all(
    `UPDATE task SET state = 'leased', owner = $1, attempts = attempts + 1, due = $2 WHERE n IN (
       SELECT n FROM task WHERE feed = $3 AND state <> 'done' AND state IN ('waiting', 'leased') AND due <= $4
       ORDER BY n LIMIT $5 FOR UPDATE SKIP LOCKED)
     RETURNING n, source_id, asset, id, work, attempts`,
    [owner, now + leaseMs, feed, now, limit],
  );
  const [, rows] = await Promise.all([planned, leased]);
  return rows.map(taskOf).sort((a, b) => a.n - b.n);
}

function taskOf(row: SqlRow): Task {
  return {
    n: numberOf(row, "n"),
    sourceId: textOf(row, "source_id"),
    asset: textOf(row, "asset"),
    id: textOf(row, "id"),
    work: textOf(row, "work"),
    attempts: numberOf(row, "attempts"),
  };
}

/** Ends tasks that this owner still holds; returns how many it held. */
export async function finishTasks(sql: Statements, owner: string, tasks: readonly number[]): Promise<number> {
  if (tasks.length === 0) return 0;
  const rows = await sql.all(
    `UPDATE task SET state = 'done', owner = NULL, error = NULL
     WHERE owner = $1 AND state = 'leased' AND n IN (${places(tasks.length, 2)}) RETURNING n`,
    [owner, ...tasks],
  );
  return rows.length;
}

/** Lengthens this owner's lease. False when it has passed to another. */
export async function extendLease(
  sql: Statements,
  owner: string,
  n: number,
  until: number,
): Promise<boolean> {
  const rows = await sql.all(
    "UPDATE task SET due = $1 WHERE owner = $2 AND n = $3 AND state = 'leased' RETURNING n",
    [until, owner, n],
  );
  return rows.length > 0;
}

interface RetryRule {
  mostAttempts: number;
  firstWaitMs: number;
  longestWaitMs: number;
}

export const DEFAULT_RETRY_RULE: Readonly<RetryRule> = {
  mostAttempts: 10,
  firstWaitMs: 30_000,
  longestWaitMs: 3_600_000,
};

/** Notes a failure: due again after a wait that doubles, dead after the last attempt or when `final`. */
export async function failTask(
  sql: Statements,
  owner: string,
  task: Pick<Task, "n" | "attempts">,
  error: string,
  now: number,
  rule: Readonly<RetryRule>,
  final = false,
): Promise<"waiting" | "dead"> {
  const dead = final || task.attempts >= rule.mostAttempts;
  const wait = Math.min(rule.longestWaitMs, rule.firstWaitMs * 2 ** (task.attempts - 1));
  const state = dead ? "dead" : "waiting";
  await sql.all(
    `UPDATE task SET state = $1, owner = NULL, error = $2, due = $3
     WHERE owner = $4 AND n = $5 AND state = 'leased'`,
    [state, error.slice(0, 1000), now + wait, owner, task.n],
  );
  return state;
}

/** Which tasks to put back: dead ones, ones that wait after a failure, those of a day or of a granule. */
interface RequeueRequest {
  dead?: boolean;
  failed?: boolean;
  day?: number;
  id?: string;
}

/** Puts tasks back with no attempts counted, or only counts them. A task that is leased is left alone. */
export async function requeueTasks(
  sql: Statements,
  feed: string,
  request: RequeueRequest,
  now: number,
  dryRun = false,
): Promise<{ n: number; id: string; asset: string; state: string; error: string | null }[]> {
  const values: (string | number)[] = [feed];
  const states: string[] = [];
  if (request.dead) states.push("state = 'dead'");
  if (request.failed) states.push("(state = 'waiting' AND error IS NOT NULL)");
  const tests = [
    `feed = $1 AND (${states.length > 0 ? states.join(" OR ") : "state IN ('waiting', 'done', 'dead')"})`,
  ];
  if (request.day !== undefined) tests.push(`day = $${values.push(request.day)}`);
  if (request.id !== undefined) tests.push(`id = $${values.push(request.id)}`);
  const found = await sql.all(
    `SELECT n, id, asset, state, error FROM task WHERE ${tests.join(" AND ")} ORDER BY n`,
    values,
  );
  if (!dryRun) {
    await sql.all(
      `UPDATE task SET state = 'waiting', attempts = 0, due = $${
        values.length + 1
      }, error = NULL, owner = NULL
       WHERE ${tests.join(" AND ")}`,
      [...values, now],
    );
  }
  return found.map((row) => ({
    n: numberOf(row, "n"),
    id: textOf(row, "id"),
    asset: textOf(row, "asset"),
    state: textOf(row, "state"),
    error: textOrNull(row, "error"),
  }));
}

export interface TaskCounts {
  waiting: number;
  /** Waiting after a failure. */
  failed: number;
  leased: number;
  done: number;
  dead: number;
  /** Left, because the source deleted the granule. */
  dropped: number;
  oldestDue: number | null;
}

/** How many tasks are in each state, and when the oldest that is due became so. */
export async function taskCounts(
  sql: Statements,
  feed: string,
): Promise<TaskCounts> {
  const rows = await sql.all(
    `SELECT state, error IS NOT NULL AS failed, count(*) AS tasks, min(due) AS due FROM task
     WHERE feed = $1 GROUP BY state, error IS NOT NULL`,
    [feed],
  );
  const counts: TaskCounts = {
    waiting: 0,
    failed: 0,
    leased: 0,
    done: 0,
    dead: 0,
    dropped: 0,
    oldestDue: null,
  };
  for (const row of rows) {
    const state = textOf(row, "state") as "waiting" | "leased" | "done" | "dead" | "dropped";
    const tasks = numberOf(row, "tasks");
    if (state === "waiting" && Boolean(row.failed)) counts.failed += tasks;
    else counts[state] += tasks;
    if (state === "waiting" && (counts.oldestDue === null || numberOf(row, "due") < counts.oldestDue)) {
      counts.oldestDue = numberOf(row, "due");
    }
  }
  return counts;
}
