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
  const keeps = appends && keepsWindows(then, now);
  const lostParents = then.store.parentOrder === now.store.parentOrder ? parentsLost(then, now) : 0;
  const lost = granulesLost(then, now);
  const changed = changedPaths(then.store.provenance.config, now.store.provenance.config)
    .filter((path) => !(keeps && path === "output.time.windows"));

  const found: string[] = [];
  const differ = (what: string, was: unknown, is: unknown) => {
    if (was !== is) found.push(`${what} ${is} instead of ${was}`);
  };
  found.push(...changed.map((path) => `config: ${path}`));
  differ("levels", then.store.levels.join(", "), now.store.levels.join(", "));
  differ("layout", then.store.layout, now.store.layout);
  differ("--shard", then.store.parentsPerShard, now.pipeline.output.shard ?? then.store.parentsPerShard);
  if (lostParents > 0) found.push(`${count(lostParents, "parent cell")} of that run are not selected`);
  if (lost.length > 0) {
    const names = lost.slice(0, 2).map(({ id }) => id).join(", ");
    const more = lost.length > 2 ? ", …" : "";
    found.push(`${count(lost.length, "granule")} of that run are not selected (${names}${more})`);
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

function granulesLost(then: Plan, now: Plan): GranuleRow[] {
  const granules = new Set([...now.granules, ...now.folded ?? []].map(nameOf));
  return then.granules.filter((row) => !granules.has(nameOf(row)));
}

function nameOf({ collection, id }: Pick<GranuleRow, "collection" | "id">): string {
  return `${collection} ${id}`;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}
