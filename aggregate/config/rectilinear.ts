/**
 * The rectilinear grids of this field's Python tools as projected ones: the same cells, since a grid that begins at the
 * north-west corner of its bounds has that corner for origin.
 */
import { asArray, asObject } from "../../core/json_value.ts";

/** A key that means less here, and what becomes of it. */
interface Left {
  path: string[];
  because: string;
}

/** Puts a projected grid in the place of a rectilinear one in `config` (plain data, changed in place). */
export function takeRectilinear(config: unknown): Left[] {
  const output = asObject(asObject(config)?.output);
  const grid = asObject(output?.grid);
  if (output === null || grid === null || grid.type !== "rectilinear") return [];
  const { bounds, chunk_shape: chunks, ...rest } = grid;
  const [west, , , north] = asArray(bounds);
  const origin = typeof west === "number" && typeof north === "number" ? { origin: [west, north] } : {};
  Object.assign(output, { grid: { ...rest, type: "projected", ...origin } });
  const at = (key: string) => ["output", "grid", key];
  return [
    ...(bounds === undefined ? [] : [{
      path: at("bounds"),
      because: "its north-west corner is the grid's origin; cells beyond it are made too",
    }]),
    ...(chunks === undefined ? [] : [{ path: at("chunk_shape"), because: "passed over: tile is granary's" }]),
  ];
}
