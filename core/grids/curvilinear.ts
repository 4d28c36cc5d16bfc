/** Variables without axes of their own: what stands in the way, told by the latitudes and longitudes they have. */
import { attributeWords } from "../hdf5/attribute_values.ts";
import { axisKind } from "./axes.ts";
import type { Dimension } from "./dimensions.ts";
import { baseName, type FileView, groupOf } from "./file_view.ts";
import { NoGrid } from "./refusal.ts";

/** Names of dimensions along and across an orbit. */
const ORBIT = /scan|track|pixel|swath|atrack|xtrack|fov|beam|shot|sample|line_?of/i;

/** The refusal of a variable whose dimensions do not give two axes in a known system. */
export function refuseCurvilinear(view: FileView, path: string, dimensions: readonly Dimension[]): NoGrid {
  const shape = dimensions.map(({ size }) => size);
  const found = latitudesOf(view, path, shape);
  const names = dimensions.map(({ name, size }) => name === "" ? String(size) : `${name}=${size}`).join(", ");
  if (found !== undefined) {
    const { path: at, rank } = found;
    if (rank === 1 || dimensions.some(({ name }) => ORBIT.test(name))) {
      return new NoGrid(
        "swath",
        `each of its places has a latitude of its own (${at}), along an orbit (${names}; bin it to cells with ` +
          `granary aggregate)`,
      );
    }
    return new NoGrid(
      "curvilinear",
      `its rows and columns have latitudes and longitudes of two dimensions (${at}, ${
        found.shape.join(" by ")
      }) ` +
        `and no x and y (wanted axes of equal steps: regrid the file, or name the grid that it is on)`,
    );
  }
  const placed = dimensions.filter(({ kind, coordinate }) =>
    coordinate !== undefined && (kind.direction === "x" || kind.direction === "y")
  );
  if (placed.length >= 2) {
    return new NoGrid(
      "no-crs",
      `its axes ${
        placed.map(({ name }) => name).join(" and ")
      } are no degrees, and no grid mapping says which ` +
        `projection they are of (name it, as crs: EPSG:…)`,
    );
  }
  return new NoGrid(
    "no-axes",
    `of its dimensions (${names}) no two are told to be x and y by coordinates (wanted dimension scales, ` +
      `coordinate variables, or latitudes and longitudes)`,
  );
}

interface Latitudes {
  readonly path: string;
  readonly rank: number;
  readonly shape: readonly number[];
}

/** Latitudes of one dimension or two that lie over dimensions of the variable. */
function latitudesOf(view: FileView, path: string, shape: readonly number[]): Latitudes | undefined {
  const group = groupOf(path);
  const named = attributeWords(view.attributes(path).coordinates).flatMap((name) =>
    view.resolve(name, group) ?? []
  );
  for (const candidate of new Set([...named, ...view.inGroup(group)])) {
    const { shape: own } = view.dataset(candidate);
    if (own.length < 1 || own.length > shape.length) continue;
    const kind = axisKind(baseName(candidate), view.attributes(candidate));
    if (kind.direction !== "y" || kind.measure !== "degrees") continue;
    const lies = shape.some((_, from) => own.every((size, i) => shape[from + i] === size));
    if (lies && own.length <= 3) return { path: candidate, rank: own.length, shape: own };
  }
  return undefined;
}
