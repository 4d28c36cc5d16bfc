/** Opens a file as grids, whatever it is: GeoTIFF, HDF5, HDF-EOS5, netCDF-4. */
import type { Source } from "../access/source.ts";
import type { Hdf5File } from "../hdf5/contract.ts";
import { openGeotiff } from "../geotiff/open.ts";
import { beginsAsTiff, TIFF_HEAD_BYTES } from "../geotiff/signature.ts";
import { GranaryError, inputError } from "../errors.ts";
import { globMatches } from "../glob.ts";
import { crsOfCode } from "../raster/crs/codes.ts";
import type { GridFile, RefusedVariable } from "../raster/grid.ts";
import { attributeText } from "../hdf5/attribute_values.ts";
import { fileAxes } from "./file_axes.ts";
import { NAMED_GRIDS, type NamedGrid } from "./ease_grids.ts";
import { isLongInteger, withinRange } from "./elements.ts";
import { baseName, FileView, groupOf, isText } from "./file_view.ts";
import { Hdf5Grid, type PlacedVariable } from "./hdf5_grid.ts";
import { Hdf5Session, isFileFault } from "./hdf5_session.ts";
import { longIntegers } from "./long_integers.ts";
import { placeVariable, variableDimensions } from "./place_variable.ts";
import type { GridMask, PlacingContext } from "./placing.ts";
import { NoGrid } from "./refusal.ts";
import { readGridStructures, structMetadataText } from "./struct_metadata.ts";

export interface OpenGridsOptions {
  /** The coordinate reference system of the axes, by its code: goes before what the file says. */
  readonly crs?: string;
  /** The named grid on which variables with latitudes and longitudes of two dimensions lie: `EASE2_M36km`. */
  readonly grid?: string;
  /** Values outside of the range that a variable states as valid are read as no values. */
  readonly mask?: GridMask;
  /** Globs over the variables' paths; a glob without a slash is one of names. Default: all. A TIFF has one grid. */
  readonly variables?: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * The grids of a file, in path order, and the variables of two dimensions or more that are none, each with
 * the rule that refused it. Closing it closes the source, which stays open where this throws. Throws a granule error that names the file where it
 * cannot be read at all, and an input error for a code that is not known.
 */
export async function openGrids(
  source: Source,
  name: string,
  options: OpenGridsOptions = {},
): Promise<GridFile> {
  const { signal } = options;
  const crs = options.crs === undefined ? null : crsOfCode(options.crs);
  const head = await source.read(0, Math.min(TIFF_HEAD_BYTES, source.sizeBytes), signal);
  if (beginsAsTiff(head)) {
    return await openGeotiff(source, name, { signal, ...(crs ? { crs } : {}) });
  }
  const session = await Hdf5Session.open(source, signal);
  const view = await session.run((file) => new FileView(file), signal);
  const structures = await session.run(structuresOf, signal);
  const context: PlacingContext = {
    view,
    structures,
    crs,
    grid: namedGrid(options.grid),
    mask: options.mask ?? null,
    axes: new Map(),
    placed: new Map(),
  };
  const grids: Hdf5Grid[] = [];
  const refused: RefusedVariable[] = [];
  const bounds = await boundsOf(view, session, signal);
  for (const path of view.paths) {
    if (options.variables !== undefined && !options.variables.some((glob) => named(glob, path))) continue;
    if (bounds.has(path)) continue;
    const outcome = await consider(session, context, path, signal);
    if (outcome === undefined) continue;
    if ("rule" in outcome) refused.push(outcome);
    else grids.push(new Hdf5Grid(session, outcome));
  }
  return {
    name,
    grids,
    refused,
    axes: async (signal) => {
      const placed = await session.run(
        () =>
          grids.map(({ name: path }) => ({ path, dimensions: variableDimensions(context, path).dimensions })),
        signal,
      );
      return await fileAxes(session, view, placed, signal);
    },
    close: async () => {
      for (const grid of grids) grid.forget();
      session.close();
      await source.close();
    },
  };
}

/** The grids of HDF-EOS5 by name; why they cannot be placed where their description is damaged. */
function structuresOf(file: Hdf5File): PlacingContext["structures"] {
  try {
    const text = structMetadataText(file);
    return text === undefined ? new Map() : readGridStructures(file.name, text);
  } catch (error) {
    if (isFileFault(error)) return new NoGrid("damaged", error.message.replace(`${file.name}: `, ""));
    throw error;
  }
}

function namedGrid(name: string | undefined): NamedGrid | null {
  if (name === undefined) return null;
  const grid = NAMED_GRIDS.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (grid !== undefined) return grid;
  throw inputError(
    `${name}: no grid has this name (wanted one of ${NAMED_GRIDS.map((one) => one.name).join(", ")})`,
  );
}

/** The variable at `path`, placed or refused; undefined for what is no candidate: text, and lists. */
async function consider(
  session: Hdf5Session,
  context: PlacingContext,
  path: string,
  signal?: AbortSignal,
): Promise<PlacedVariable | RefusedVariable | undefined> {
  try {
    const placed = await session.run(() => {
      const { shape, dtype } = context.view.dataset(path);
      return shape.length < 2 || isText(dtype) ? undefined : placeVariable(context, path);
    }, signal);
    if (placed === undefined || !isLongInteger(placed.elements.stored)) return placed;
    const packing = await session.run(() => context.view.gridPacking(path), signal);
    const { rule, note } = await longIntegers(session, path, packing, signal);
    const elements = context.mask === "valid_range" ? withinRange(rule, packing) : rule;
    return { ...placed, elements, notes: [...placed.notes, note] };
  } catch (error) {
    if (error instanceof NoGrid) return error.of(path);
    if (isFileFault(error)) {
      // The file and the variable stand beside the reason.
      const reason = error.message.replace(`${context.view.name}: `, "").replace(`${path}: `, "");
      return new NoGrid("damaged", reason).of(path);
    }
    // The user's own words were taken before: what cannot be a projection stands in the file.
    if (error instanceof GranaryError && error.tag === "input") {
      return new NoGrid("projection", error.message).of(path);
    }
    throw error;
  }
}

function named(glob: string, path: string): boolean {
  if (!glob.includes("/")) return globMatches(glob, baseName(path));
  return globMatches(glob, path) || globMatches(glob, path.slice(1));
}

/** Paths of the variables that hold bounds of others. */
async function boundsOf(view: FileView, session: Hdf5Session, signal?: AbortSignal): Promise<Set<string>> {
  const found = new Set<string>();
  for (const path of view.paths) {
    await session.run(() => {
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
    if (isFileFault(error)) return undefined;
    throw error;
  }
}
