/** A granule's bands at an output grid: which files and variables, read and warped, scaled where that is meant. */
import { makeValues } from "../../core/element_types.ts";
import { GranaryError } from "../../core/errors.ts";
import { scaledNumbers } from "../../core/kernels/pixels.ts";
import type { Grid, GridFile, GridValues } from "../../core/raster/grid.ts";
import { type BandExpression, evaluateBands } from "../../core/raster/expressions/band_expression.ts";
import type { OutputGrid, Pixels } from "../../core/raster/pixels.ts";
import { readPlanned, readWarped } from "../../core/raster/warp/read.ts";
import { planWarp } from "../../core/raster/warp/plan.ts";
import { warp } from "../../core/raster/warp/warp.ts";
import { locate } from "../../catalog/driver.ts";
import type { GranuleAsset } from "../../catalog/granule.ts";
import type { Phases } from "../http/phases.ts";
import { badRequest, notFound } from "../http/problem.ts";
import type { RasterioReading, Reading, XarrayReading } from "../parameters/reading.ts";
import type { ServedGranule } from "../search/granules.ts";
import { assetKeys, assetOf, ONLY_FILE } from "./assets.ts";
import type { GridFiles } from "./grid_files.ts";
import { bandsOfSteps } from "./steps.ts";
import type { DriverChoice } from "../../catalog/driver_choice.ts";

/** Pixels whose bands have names for people. */
export interface NamedPixels {
  readonly pixels: Pixels;
  readonly descriptions: readonly string[];
}

/** Some bands of one grid of an open file. */
export interface GridPart {
  readonly grid: Grid;
  readonly bands: readonly number[];
  readonly descriptions: readonly string[];
  /** Whether values are those of scale and offset. */
  readonly scaled: boolean;
  /** Computed of these bands alone. */
  readonly expression: BandExpression | null;
}

export interface ReadContext {
  readonly files: GridFiles;
  readonly drivers: DriverChoice;
  readonly localRegion: string | undefined;
  /** Values of all bands of one output. */
  readonly mostValues: number;
}

/** Works with the grids that a reading means, in its order, while their files are open. */
export async function withParts<T>(
  context: ReadContext,
  granule: ServedGranule,
  reading: Reading,
  work: (parts: readonly GridPart[]) => Promise<T>,
): Promise<T> {
  if (reading.kind === "xarray") {
    return await withFile(context, granule, null, (file) => work(variableParts(file, reading)));
  }
  const keys = assetKeys(granule.row, reading.pattern);
  const wanted = reading.assets ?? onlyAsset([...keys.keys()]);
  const step = (index: number, parts: readonly GridPart[]): Promise<T> => {
    if (index === wanted.length) return work(parts);
    const { key } = wanted[index];
    return withFile(
      context,
      granule,
      assetOf(keys, key),
      (file) => step(index + 1, [...parts, assetPart(file, wanted[index], reading)]),
    );
  };
  return await step(0, []);
}

type Wanted = NonNullable<RasterioReading["assets"]>;

function onlyAsset(keys: readonly string[]): Wanted {
  if (keys.length === 1) return [{ key: keys[0], bands: null, expression: null }];
  throw badRequest(`assets must be given, of [${keys.map((key) => `'${key}'`).join(", ")}]`);
}

/** Works with a granule's file: its own, or that of an asset. */
export function withFile<T>(
  { files, drivers, localRegion }: ReadContext,
  { row }: ServedGranule,
  asset: GranuleAsset | null,
  work: (file: GridFile) => Promise<T>,
): Promise<T> {
  const location = locate(row, drivers, { asset, localRegion });
  const name = `${row.collection} ${row.id}${asset === null ? "" : ` (${asset.key})`}`;
  return files.use(location, name, work);
}

function assetPart(
  file: GridFile,
  { key, bands, expression }: Wanted[number],
  reading: RasterioReading,
): GridPart {
  const [grid] = file.grids;
  if (grid === undefined) throw noGrid(file, key === ONLY_FILE ? file.name : key);
  const wanted = reading.assetAsBand ? [1] : bands ?? grid.bands.map((_, i) => i + 1);
  const missing = wanted.find((band) => band > grid.bands.length);
  if (missing !== undefined) {
    throw badRequest(`asset '${key}' has ${grid.bands.length} bands (asked for band ${missing})`);
  }
  return {
    grid,
    bands: wanted.map((band) => band - 1),
    descriptions: wanted.map((band) => reading.assetAsBand ? key : `${key}_b${band}`),
    scaled: reading.unscale,
    expression,
  };
}

function variableParts(file: GridFile, reading: XarrayReading): GridPart[] {
  return reading.variables.map((variable) => {
    const grid = file.grids.find(({ name }) => isVariable(name, variable, reading.group));
    if (grid === undefined) {
      const refused = file.refused.find(({ name }) => isVariable(name, variable, reading.group));
      if (refused !== undefined) {
        throw badRequest(`variable '${variable}' cannot be drawn: ${refused.reason}`);
      }
      const names = file.grids.map(({ name }) => `'${name.replace(/^\//, "")}'`);
      throw badRequest(`variable '${variable}' is not there, should be one of [${names.join(", ")}]`);
    }
    const bands = reading.steps.length === 0
      ? grid.bands.map((_, i) => i)
      : bandsOfSteps(grid.bands, reading.steps, variable);
    const descriptions = bands.map((band) =>
      bands.length === 1 ? variable : `${variable} ${grid.bands[band].name}`
    );
    return { grid, bands, descriptions, scaled: true, expression: null };
  });
}

/** A variable is named by its path, or by its last part within a group. */
function isVariable(path: string, variable: string, group: string | null): boolean {
  const bare = path.replace(/^\//, "");
  const wanted = variable.replace(/^\//, "");
  if (group !== null) return bare === `${group.replace(/^\/|\/$/g, "")}/${wanted}`;
  return bare === wanted || (!wanted.includes("/") && bare.endsWith(`/${wanted}`));
}

function noGrid(file: GridFile, what: string): Error {
  const [refused] = file.refused;
  return refused === undefined
    ? notFound(`'${what}' holds no grid`)
    : badRequest(`'${what}' cannot be drawn: ${refused.reason}`);
}

/** Throws a 400 where an output of these bands would hold more values than a server makes. */
export function checkValues(
  { mostValues }: ReadContext,
  parts: readonly GridPart[],
  { width, height }: OutputGrid,
): void {
  const bands = parts.reduce((sum, part) => sum + part.bands.length, 0);
  if (width * height * bands <= mostValues) return;
  throw badRequest(
    `${bands} bands of ${width} x ${height} pixels (this server makes ${mostValues} values at most: ask for ` +
      "fewer bands or steps, or a smaller image)",
  );
}

/** The values of the parts at an output; undefined where no pixel of it lies on any. */
export async function readParts(
  parts: readonly GridPart[],
  output: OutputGrid,
  reading: Reading,
  signal: AbortSignal,
  phases: Phases,
): Promise<NamedPixels | undefined> {
  const bands: GridValues[] = [];
  const masks: Uint8Array[] = [];
  const descriptions: string[] = [];
  let touched = false;
  for (const part of parts) {
    const options = {
      resampling: reading.resampling,
      bands: part.bands,
      ...(reading.nodata === undefined ? {} : { nodata: reading.nodata }),
    };
    const read = await readOne(part.grid, output, options, signal, phases);
    touched ||= read !== undefined;
    const pixels = scaledPixels(read ?? emptyPixels(part, output), part);
    const computed = part.expression === null ? null : evaluateBands(pixels, part.expression);
    bands.push(...(computed ?? pixels).bands);
    masks.push(...(computed ?? pixels).masks);
    descriptions.push(...(computed?.names ?? part.descriptions));
  }
  if (!touched) return undefined;
  const pixels = { width: output.width, height: output.height, bands, masks };
  if (reading.expression === null) return { pixels, descriptions };
  const { names, ...computed } = evaluateBands(pixels, reading.expression);
  return { pixels: computed, descriptions: names };
}

/** Planned, read and warped, its time counted; what is too large for one window goes strip by strip. */
async function readOne(
  grid: Grid,
  output: OutputGrid,
  options: Parameters<typeof readWarped>[2] & { bands: readonly number[] },
  signal: AbortSignal,
  phases: Phases,
): Promise<Pixels | undefined> {
  const plan = await phases.of("warp", () => planWarp(grid, output, options));
  if (plan === undefined) return undefined;
  if (plan.window.width * plan.window.height * options.bands.length > LARGEST_WINDOW_CELLS) {
    return await phases.of("read", () => readWarped(grid, output, options, signal));
  }
  const window = await phases.of("read", () => readPlanned(grid, plan, signal));
  return await phases.of("warp", () => warp(window, plan));
}

/** Cells of all bands of one window together. */
const LARGEST_WINDOW_CELLS = 1 << 25;

function emptyPixels({ grid, bands }: GridPart, { width, height }: OutputGrid): Pixels {
  const mask = new Uint8Array(width * height);
  return {
    width,
    height,
    bands: bands.map(() => makeValues(grid.dtype, width * height)),
    masks: bands.map(() => mask),
  };
}

/**
 * Values by scale and offset as float64; whole numbers that have gaps as floats, as readers of netCDF give them.
 * Pixels without a value are NaN.
 */
function scaledPixels(pixels: Pixels, { grid, bands, scaled }: GridPart): Pixels {
  if (!scaled) return pixels;
  return {
    ...pixels,
    bands: pixels.bands.map((values, i) => {
      const { scale, offset } = grid.bands[bands[i]];
      const plain = scale === 1 && offset === 0;
      const float = values instanceof Float32Array || values instanceof Float64Array;
      if (plain && (float || grid.nodata === null)) return values;
      const numbers = scaledNumbers(values, pixels.masks[i], scale, offset);
      return plain && values.BYTES_PER_ELEMENT <= 2 ? new Float32Array(numbers) : numbers;
    }),
  };
}

/** Whether a failure is of this granule alone, so that others may still be drawn. */
export function isOfGranule(error: unknown): error is GranaryError {
  return error instanceof GranaryError && error.tag === "granule";
}
