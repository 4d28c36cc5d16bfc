/** Keys of a plan's granules, by which what was scattered of them is known again. */
import { keyOf, keysUnder } from "../../core/keys.ts";
import { identityJson, scatterConfig } from "./identity.ts";
import type { Plan } from "./plan.ts";
import { rowRules } from "./row_rules.ts";

/** Keys of plans that were asked before: each is a hash a granule. */
const keysOf = new WeakMap<Plan, readonly string[]>();

/** Hash of what the segments of each granule depend on: config, grid, parents, identity, engine. */
export function granuleKeys(plan: Plan): readonly string[] {
  const known = keysOf.get(plan);
  if (known !== undefined) return known;
  const { parents, parentsPerShard, layout } = plan.store;
  const base = keyOf([
    scatterConfig(plan.pipeline),
    rowRules(plan.rows ?? null),
    parents,
    parentsPerShard,
    layout,
    plan.engineVersion,
  ]);
  const keyUnder = keysUnder(base);
  const keys = plan.granules.map((row, granule) =>
    keyUnder(identityJson(row), JSON.stringify(plan.ranks[granule]))
  );
  keysOf.set(plan, keys);
  return keys;
}
