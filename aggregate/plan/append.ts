/** What a store grows to when granules are appended: the selection of the run that made it, joined with another. */
import { inputError } from "../../core/errors.ts";
import { canonicalJson } from "../../core/keys.ts";
import type { GranuleRow } from "../../catalog/granule.ts";
import type { Pipeline, PipelineSelection } from "../pipeline.ts";
import type { Plan, RunSelection } from "./plan.ts";

/**
 * The granules and parents of both. A granule that both have is taken as the second has it, and for the parents
 * that either needs it for. Throws an input error where the parents are of different orders.
 */
export function joinSelections(then: Plan, now: RunSelection, pipeline: Pipeline): RunSelection {
  const { parentOrder } = pipeline.output;
  if (then.store.parentOrder !== parentOrder) {
    throw inputError(
      `--append: the store's parent cells are of order ${then.store.parentOrder}, and the config asks order` +
        ` ${parentOrder} (append with the config that made the store)`,
    );
  }
  const old = then.store.parents;
  const parents = [...new Set([...old, ...now.parents])].sort((a, b) => a - b);
  const rankOf = new Map(parents.map((parent, rank) => [parent, rank]));
  const granules = new Map<string, { row: GranuleRow; ranks: Set<number> }>();
  const add = (row: GranuleRow, cells: Iterable<number>) => {
    const name = `${row.collection} ${row.id}`;
    const ranks = granules.get(name)?.ranks ?? new Set<number>();
    for (const cell of cells) ranks.add(rankOf.get(cell)!);
    granules.set(name, { row, ranks });
  };
  then.granules.forEach((row, g) => add(row, then.ranks[g].map((rank) => old[rank % old.length])));
  now.granules.forEach((row, g) => add(row, Array.from(now.ranks[g], (rank) => now.parents[rank])));
  const joined = [...granules.values()];
  return {
    parents,
    granules: joined.map(({ row }) => row),
    ranks: joined.map(({ ranks }) => [...ranks].sort((a, b) => a - b)),
    leftOut: now.leftOut,
    folded: then.folded ?? [],
  };
}

/** What both selections say alike, and the parent cells of either: the others hold for a part of the store only. */
export function joinedConditions(
  then: PipelineSelection | undefined,
  now: PipelineSelection | undefined,
): PipelineSelection | undefined {
  if (then === undefined || now === undefined) return undefined;
  const same = Object.entries(now).filter(([key, value]) =>
    canonicalJson(value) === canonicalJson(then[key as keyof PipelineSelection])
  );
  const cells = then.cells === undefined || now.cells === undefined
    ? {}
    : { cells: [...new Set([...then.cells, ...now.cells])] };
  const joined: PipelineSelection = { ...Object.fromEntries(same), ...cells };
  return Object.keys(joined).length === 0 ? undefined : joined;
}
