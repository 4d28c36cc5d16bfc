/** Opens a file as grids, whatever it is: HDF5, HDF-EOS5, netCDF-4. */
import type { Source } from "../access/source.ts";
import { StagedSource } from "../access/staged_source.ts";
import { GranaryError } from "../errors.ts";
import { globMatches } from "../glob.ts";
import { openHdf5 } from "../observations/open_granule_file.ts";
import { crsOfCode } from "../raster/crs/codes.ts";
import type { Grid, GridFile, RefusedVariable } from "../raster/grid.ts";
import { attributeText } from "../hdf5/attribute_values.ts";
import { baseName, FileView, groupOf, isText } from "./file_view.ts";
import { Hdf5Grid } from "./hdf5_grid.ts";
import { placeVariable, type PlacingContext } from "./place_variable.ts";
import { NoGrid } from "./refusal.ts";
import { readGridStructures, structMetadataText } from "./struct_metadata.ts";

export interface OpenGridsOptions {
  /** The coordinate reference system of the axes, by its code: goes before what the file says. */
  readonly crs?: string;
  /** Globs over the variables' paths; a glob without a slash is one of names. Default: all. */
  readonly variables?: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * The grids of a file, in path order, and the variables of two dimensions or more that are none, each with
 * the rule that refused it. Closing it closes the source. Throws a granule error that names the file where it
 * cannot be read at all, and an input error for a code that is not known.
 */
export async function openGrids(
  source: Source,
  name: string,
  options: OpenGridsOptions = {},
): Promise<GridFile> {
  const staged = new StagedSource(source);
  const { signal } = options;
  const crs = options.crs === undefined ? null : crsOfCode(options.crs);
  const file = await staged.run(() => openHdf5(staged), signal);
  const view = await staged.run(() => new FileView(file), signal);
  const structures = await staged.run(() => {
    const text = structMetadataText(file);
    return text === undefined ? new Map() : readGridStructures(file.name, text);
  }, signal);
  const context: PlacingContext = { view, structures, crs, axes: new Map() };
  const grids: Grid[] = [];
  const refused: RefusedVariable[] = [];
  const bounds = await boundsOf(view, staged, signal);
  for (const path of view.paths) {
    if (options.variables !== undefined && !options.variables.some((glob) => named(glob, path))) continue;
    if (bounds.has(path)) continue;
    const outcome = await staged.run(() => consider(context, path), signal);
    if (outcome === undefined) continue;
    if ("rule" in outcome) refused.push(outcome);
    else grids.push(new Hdf5Grid(staged, file, outcome));
  }
  return {
    name,
    grids,
    refused,
    close: async () => {
      file.close();
      await source.close();
    },
  };
}

/** The variable at `path`, placed or refused; undefined for what is no candidate: text, and lists. */
function consider(context: PlacingContext, path: string) {
  try {
    const { shape, dtype } = context.view.dataset(path);
    if (shape.length < 2 || isText(dtype)) return undefined;
    return placeVariable(context, path);
  } catch (error) {
    if (error instanceof NoGrid) return error.of(path);
    if (error instanceof GranaryError && error.tag === "granule") {
      return new NoGrid("damaged", error.message).of(path);
    }
    throw error;
  }
}

function named(glob: string, path: string): boolean {
  if (!glob.includes("/")) return globMatches(glob, baseName(path));
  return globMatches(glob, path) || globMatches(glob, path.slice(1));
}

/** Paths of the variables that hold bounds of others. */
async function boundsOf(view: FileView, source: StagedSource, signal?: AbortSignal): Promise<Set<string>> {
  const found = new Set<string>();
  for (const path of view.paths) {
    await source.run(() => {
      const attributes = guarded(() => view.attributes(path)) ?? {};
      for (const attribute of ["bounds", "climatology"]) {
        const name = attributeText(attributes[attribute]);
        const at = name === "" ? undefined : view.resolve(name, groupOf(path));
        if (at !== undefined) found.add(at);
      }
    }, signal);
  }
  return found;
}

function guarded<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof GranaryError && error.tag === "granule") return undefined;
    throw error;
  }
}
