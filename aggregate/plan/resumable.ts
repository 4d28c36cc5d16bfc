/**
 * Whether a plan may go on with another's run: it is the same run, or one of more granules. Anything else
 * would replace what the other run has made.
 */
import type { GranuleRow } from "../../catalog/granule.ts";
import { changedPaths } from "../../core/changed_paths.ts";
import { identityKey } from "./identity.ts";
import type { Plan } from "./plan.ts";

/** Differences that are named; the others are counted. */
const MOST_NAMED = 4;

/**
 * What differs, in words, so that `now` may not go on with `then`; empty where it may. A store that is appended to
 * may get more of the windows that a config lists.
 */
export function resumeDifferences(then: Plan, now: Plan, appends = false): string[] {
  const found: string[] = [];
  if (then.engineVersion !== now.engineVersion) {
    found.push(`engine ${now.engineVersion} instead of ${then.engineVersion}`);
  }
  for (const path of changedPaths(configOf(then), configOf(now))) {
    if (appends && path === "output.time.windows" && keepsWindows(then, now)) continue;
    found.push(`config: ${path}`);
  }
  const [was, is] = [then, now].map(({ store }) => store.levels.join(", "));
  if (was !== is) found.push(`levels ${is} instead of ${was}`);
  if (then.store.layout !== now.store.layout) {
    found.push(`layout ${now.store.layout} instead of ${then.store.layout}`);
  }
  const asked = now.pipeline.output.shard;
  if (asked !== null && asked !== then.store.parentsPerShard) {
    found.push(`--shard ${asked} instead of ${then.store.parentsPerShard}`);
  }
  const lostParents = then.store.parentOrder === now.store.parentOrder ? parentsLost(then, now) : 0;
  if (lostParents > 0) found.push(`${count(lostParents, "parent cell")} of that run are not selected`);
  const granules = new Set([...now.granules, ...now.folded ?? []].map(nameOf));
  const lost = then.granules.filter((row) => !granules.has(nameOf(row)));
  if (lost.length > 0) {
    const names = lost.slice(0, 2).map(({ id }) => id).join(", ");
    found.push(
      `${count(lost.length, "granule")} of that run are not selected (${names}${
        lost.length > 2 ? ", …" : ""
      })`,
    );
  }
  return found.length <= MOST_NAMED
    ? found
    : [...found.slice(0, MOST_NAMED), `${found.length - MOST_NAMED} more`];
}

/**
 * Parents that the first plan has and the second has not, although a granule that is the same in both needs
 * them. One that only a changed granule needed is gone with what the granule was.
 */
function parentsLost(then: Plan, now: Plan): number {
  const parents = new Set(now.store.parents);
  const unchanged = new Set(now.granules.map((row) => identityKey(row)));
  const lost = new Set<number>();
  then.granules.forEach((row, granule) => {
    if (!unchanged.has(identityKey(row))) return;
    for (const rank of then.ranks[granule]) {
      const parent = then.store.parents[rank % then.store.parents.length];
      if (!parents.has(parent)) lost.add(parent);
    }
  });
  return lost.size;
}

/** Whether every window that was listed is listed still. */
function keepsWindows(then: Plan, now: Plan): boolean {
  const listed = (plan: Plan) => (plan.pipeline.output.time?.windows ?? []).map((pair) => pair.join(" "));
  const is = new Set(listed(now));
  return listed(then).every((window) => is.has(window));
}

function nameOf({ collection, id }: Pick<GranuleRow, "collection" | "id">): string {
  return `${collection} ${id}`;
}

function configOf(plan: Plan): unknown {
  return plan.store.provenance.config;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}
