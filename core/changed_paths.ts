/** Where two JSON values differ. */
import { isObject } from "./json_value.ts";
import { canonicalJson } from "./keys.ts";

/** Paths of values that differ between two records, deepest first: `output.childOrder`. */
export function changedPaths(was: unknown, is: unknown, above = ""): string[] {
  if (isObject(was) && isObject(is)) {
    const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])];
    return keys.flatMap((key) => changedPaths(was[key], is[key], above === "" ? key : `${above}.${key}`));
  }
  if (canonicalJson(was) === canonicalJson(is)) return [];
  return [above === "" ? "all of it" : above];
}
