/** Granules whose observations others of a selection have too. */
import { type DuplicateRule, foldDuplicates } from "../../catalog/duplicates.ts";
import { inputError } from "../../core/errors.ts";
import type { RunSelection } from "./plan.ts";

/** Granules that are left because others have their observations too, by position, and why in words. */
export function foldedGranules(
  { granules }: RunSelection,
  rule: DuplicateRule,
  catalog: string,
): { left: ReadonlySet<number>; what: string } {
  if (rule === "keep") return { left: new Set(), what: "" };
  const folded = foldDuplicates(granules);
  if (rule === "refuse" && folded.left.size > 0) {
    throw inputError(
      `${catalog}: ${folded.left.size} of the selected granules hold observations that others hold too: ` +
        `${folded.what} (take one of each with --duplicates fold, or all with --duplicates keep)`,
    );
  }
  return folded;
}

/** A selection without the granules `left`, and without parents that only those need. */
export function without(selection: RunSelection, left: ReadonlySet<number>): RunSelection {
  if (left.size === 0) return selection;
  const taken = <T>(list: readonly T[]) => list.filter((_, g) => !left.has(g));
  const ranks = taken(selection.ranks);
  const needed = new Set<number>();
  for (const own of ranks) for (const rank of own) needed.add(rank);
  const parents: number[] = [];
  const newRank = selection.parents.map((parent, rank) => needed.has(rank) ? parents.push(parent) - 1 : -1);
  const folded = [...left].map((g) => selection.granules[g]).map(({ collection, id }) => ({
    collection,
    id,
  }));
  return {
    parents,
    granules: taken(selection.granules),
    ranks: ranks.map((own) => Array.from(own, (rank) => newRank[rank])),
    leftOut: selection.leftOut,
    folded: [...selection.folded ?? [], ...folded],
  };
}
