/** Which coordinate reference system a variable's axes are in, by its grid mapping (CF, section 5.6). */
import { attributeNumbers, attributeText } from "../hdf5/attribute_values.ts";
import { cfToCrs } from "../raster/crs/cf.ts";
import type { Crs } from "../raster/grid.ts";
import type { Attributes } from "./axes.ts";
import { baseName, type FileView, groupOf } from "./file_view.ts";
import { NoGrid } from "./refusal.ts";

/** What is known of the system; `mapping` holds the attributes that it was read from. */
interface VariableCrs {
  readonly crs: Crs;
  readonly notes: readonly string[];
}

/** The grid mapping of a variable, with a note where it was not found as the file says it. */
interface GridMapping {
  readonly path: string;
  readonly attributes: Attributes;
}

/**
 * The grid mapping that the variable at `path` names, or the only one in its group or the groups around it
 * where it names none. `coordinates` are the paths of its horizontal coordinates.
 */
export function gridMapping(
  view: FileView,
  path: string,
  coordinates: readonly string[],
  notes: string[],
): GridMapping | undefined {
  const named = attributeText(view.attributes(path).grid_mapping);
  if (named === "") return onlyMapping(view, path, notes);
  const name = mappingName(named, coordinates);
  const at = view.resolve(name, groupOf(path)) ?? view.resolve(baseName(name), groupOf(path));
  if (at !== undefined) return { path: at, attributes: view.attributes(at) };
  notes.push(`its grid_mapping ${named} is not in the file`);
  return undefined;
}

/** `crs`, or of `crsA: x y crsB: lat lon` the name before the coordinates that the variable has. */
function mappingName(text: string, coordinates: readonly string[]): string {
  if (!text.includes(":")) return text.split(/\s+/)[0];
  const names = coordinates.map(baseName);
  const parts = [...text.matchAll(/([^\s:]+)\s*:\s*([^:]*?)(?=\s+[^\s:]+\s*:|$)/g)];
  const fitting = parts.find(([, , listed]) => {
    const words = listed.split(/\s+/).map(baseName);
    return names.length > 0 && names.every((name) => words.includes(name));
  });
  return (fitting ?? parts[0])?.[1] ?? text.split(":")[0];
}

const MAPPING_MARKS = ["grid_mapping_name", "crs_wkt", "spatial_ref"] as const;

/** The one scalar variable in the variable's group, or in the nearest group around it, that is a grid mapping. */
function onlyMapping(view: FileView, path: string, notes: string[]): GridMapping | undefined {
  for (let group = groupOf(path);; group = groupOf(group)) {
    const found = view.inGroup(group).filter((candidate) => {
      const { shape } = view.dataset(candidate);
      if (shape.length > 1 || shape.some((size) => size !== 1)) return false;
      const attributes = view.attributes(candidate);
      return MAPPING_MARKS.some((mark) => attributeText(attributes[mark]) !== "");
    });
    if (found.length === 1) {
      notes.push(`it names no grid mapping: ${found[0]}, the only one there, is followed`);
      return { path: found[0], attributes: view.attributes(found[0]) };
    }
    if (found.length > 1 || group === "/") return undefined;
  }
}

/** The system of a grid mapping. Throws NoGrid where it is of a kind that is not read. */
export function mappingCrs({ path, attributes }: GridMapping): VariableCrs {
  const found = cfToCrs(attributes);
  if ("crs" in found) return { crs: found.crs, notes: found.notes.map((note) => `${path}: ${note}`) };
  throw new NoGrid(
    found.rule,
    `its grid mapping ${path} has ${found.refused}, which granary does not place (${
      found.rule === "projection"
        ? "name its coordinate reference system, as crs: EPSG:…"
        : "warp the file to a map projection first, as with gdalwarp -t_srs EPSG:4326"
    })`,
  );
}

/** GDAL's GeoTransform of a grid mapping, as rasterio's affine a, c, e, f; undefined where there is none that is upright. */
export function statedTransform(
  attributes: Attributes,
): { readonly dx: number; readonly west: number; readonly dy: number; readonly north: number } | undefined {
  const numbers = attributeNumbers(attributes.GeoTransform);
  if (numbers.length !== 6 || numbers[2] !== 0 || numbers[4] !== 0) return undefined;
  const [west, dx, , north, , dy] = numbers;
  return dx === 0 || dy === 0 ? undefined : { dx, west, dy, north };
}
