/** The grids of an HDF5, HDF-EOS5 or netCDF-4 file. */
import type { Source } from "../access/source.ts";
import type { Hdf5File } from "../hdf5/contract.ts";
import { GranaryError, inputError } from "../errors.ts";
import { globMatches } from "../glob.ts";
import type { Crs, GridFile, RefusedVariable } from "../raster/grid.ts";
import { attributeText } from "../hdf5/attribute_values.ts";
import { fileAxes } from "./file_axes.ts";
import { NAMED_GRIDS, type NamedGrid } from "./ease_grids.ts";
import { isLongInteger, withinRange } from "./elements.ts";
import { baseName, FileView, groupOf, isText } from "./file_view.ts";
import { Hdf5Grid, type PlacedVariable } from "./hdf5_grid.ts";
import { Hdf5Session, isFileFault } from "./hdf5_session.ts";
import { longIntegers } from "./long_integers.ts";
import { placeVariable, variableDimensions } from "./place_variable.ts";
import type { OpenGridsOptions } from "./open_options.ts";
import type { PlacingContext } from "./placing.ts";
import { NoGrid } from "./refusal.ts";
import { readGridStructures, structMetadataText } from "./struct_metadata.ts";

/** As {@linkcode openGrids} has it. `crs` goes before what the file says. */
export async function openHdf5Grids(
  source: Source,
  name: string,
  crs: Crs | null,
  options: OpenGridsOptions,
): Promise<GridFile> {
  const { signal } = options;
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
