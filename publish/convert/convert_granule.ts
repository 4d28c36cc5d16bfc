/** A granule to COGs at the dataset's output. Which files and items there are follows from the granule alone. */
import type { SourceLocation } from "../../core/access/location.ts";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import type { Source } from "../../core/access/source.ts";
import type { SourceOpener } from "../../core/access/open.ts";
import { StagedSource } from "../../core/access/staged_source.ts";
import { GranaryError } from "../../core/errors.ts";
import { DEFAULT_LEVELS } from "../../core/geotiff/write/compress.ts";
import { writeCog } from "../../core/geotiff/write/cog.ts";
import { type CogOutput, cogOutputs } from "../../core/geotiff/write/outputs.ts";
import { openGrids } from "../../core/grids/open_grids.ts";
import { globMatches } from "../../core/glob.ts";
import { openHdf5 } from "../../core/observations/open_granule_file.ts";
import type { GridFile, RefusedVariable } from "../../core/raster/grid.ts";
import type { ItemTime } from "../../core/stac/raster_item.ts";
import { locate } from "../../catalog/driver.ts";
import type { DriverChoice } from "../../catalog/driver_choice.ts";
import type { GranuleAsset, GranuleRow } from "../../catalog/granule.ts";
import { granuleFacts } from "../../products/granule_facts.ts";
import type { Dataset } from "../dataset.ts";
import { isDamage } from "./faults.ts";
import { keepTiff, keptRoute } from "./kept_tiff.ts";
import { type FileTime, itemTime } from "./item_time.ts";
import type { MadeFile } from "./items.ts";
import { cogKey, fileVariable } from "./names.ts";

export interface ConvertContext {
  readonly opener: SourceOpener;
  /** The dataset's output. */
  readonly target: ObjectTarget;
  readonly driver: DriverChoice;
  /** The AWS region that this machine is in, if it is in one. */
  readonly localRegion?: string | undefined;
  readonly workers: number;
  readonly memoryBytes?: number | undefined;
  readonly scratch?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A variable that could not be read while others could. */
interface DamagedVariable {
  readonly variable: string;
  readonly error: GranaryError;
}

interface Converted {
  readonly files: readonly MadeFile[];
  readonly damaged: readonly DamagedVariable[];
  /** What was assumed, and variables that are no grids. */
  readonly notes: readonly string[];
}

/**
 * Reads every chosen grid of the granule's files and puts its COGs at the context's target; files of those names
 * are replaced. A damaged variable does not lose the others. Throws a granule or an input error for what no
 * other try can repair, and io errors for what may pass.
 */
export async function convertGranule(
  dataset: Dataset,
  row: GranuleRow,
  context: ConvertContext,
): Promise<Converted> {
  const files: MadeFile[] = [];
  const damaged: DamagedVariable[] = [];
  const notes: string[] = [];
  const assets = chosenAssets(dataset, row);
  const refused: RefusedVariable[] = [];
  const made = new Set<string>();
  for (const asset of assets) {
    const { driver, localRegion } = context;
    const location = locate(row, driver, { localRegion, asset });
    const source = await context.opener.open(location);
    const file = await openFile(dataset, row, source, context);
    try {
      refused.push(...file.refused);
      const variable = fileVariable(row.id, asset === null ? row.id : asset.key);
      const outputs = cogOutputs(variable, file.grids, {
        time: dataset.convert.steps === "files" ? "steps" : "bands",
        split: dataset.convert.split,
      });
      const times = await timesOf(dataset, row, location, outputs, context);
      for (const output of outputs) {
        const key = cogKey(row.id, output.key.slice(output.key.lastIndexOf("/") + 1));
        if (made.has(key)) throw new GranaryError("granule", `${row.id}: two of its files would be ${key}`);
        made.add(key);
        try {
          files.push(await writeOutput(dataset, row, output, key, source, times(output), context));
        } catch (error) {
          if (output.grid.name === "" || !isDamage(error)) throw error;
          damaged.push({ variable: output.grid.name, error });
        }
      }
      notes.push(...file.grids.flatMap(({ name, notes }) => notes.map((note) => `${name}: ${note}`)));
    } finally {
      await file.close();
    }
  }
  if (files.length === 0) throw damaged[0]?.error ?? noGrids(dataset, row, refused);
  for (const { name, rule, reason } of refused) {
    if (rule === "damaged") {
      damaged.push({ variable: name, error: new GranaryError("granule", `${row.id}: ${name}: ${reason}`) });
    } else notes.push(`${name} is no grid: ${reason}`);
  }
  return { files, damaged, notes: [...new Set(notes)] };
}

/** The granule's files that the dataset names; null is its only one. */
function chosenAssets(dataset: Dataset, row: GranuleRow): (GranuleAsset | null)[] {
  const { assets: globs } = dataset.convert;
  const all: (GranuleAsset | null)[] = row.assets.length === 0 ? [null] : row.assets;
  if (globs.length === 0) return all;
  const base = (place: string | null) => place === null ? "" : place.slice(place.lastIndexOf("/") + 1);
  const chosen = all.filter((asset) => {
    const names = asset === null
      ? [base(row.path)]
      : [asset.key, base(asset.path ?? asset.https_href ?? asset.s3_href ?? asset.local_href)];
    return globs.some((glob) => names.some((name) => globMatches(glob, name)));
  });
  if (chosen.length > 0) return chosen;
  const names = all.map((asset) => asset?.key ?? base(row.path)).join(", ");
  throw new GranaryError(
    "granule",
    `${row.id}: none of its files fits ${globs.join(", ")} (it has ${names})`,
  );
}

async function openFile(
  dataset: Dataset,
  row: GranuleRow,
  source: Source,
  context: ConvertContext,
): Promise<GridFile> {
  const { variables, grid, mask } = dataset.convert;
  try {
    return await openGrids(source, row.id, {
      ...(variables.length === 0 ? {} : { variables }),
      ...(grid.crs === null ? {} : { crs: grid.crs }),
      ...(grid.name === null ? {} : { grid: grid.name }),
      ...(mask === undefined ? {} : { mask }),
      ...(context.signal === undefined ? {} : { signal: context.signal }),
    });
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function writeOutput(
  dataset: Dataset,
  row: GranuleRow,
  { grid, bands, step }: CogOutput,
  key: string,
  source: Source,
  time: { time: ItemTime; isStep: boolean },
  context: ConvertContext,
): Promise<MadeFile> {
  const { values, compress, overviews, cogs } = dataset.convert;
  const mayStay = cogs === "keep" && values === "stored" && dataset.convert.grid.crs === null &&
    bands.length === grid.bands.length;
  const route = mayStay ? await keptRoute(source, grid, context.signal) : null;
  const summary = route !== null
    ? await keepTiff(source, grid, route, context.target, key, context.signal)
    : await writeCog(grid, context.target, key, {
      bands,
      values,
      compression: { name: compress, level: DEFAULT_LEVELS[compress] },
      overviews,
      tags: { SOURCE: row.id, ...(grid.name === "" ? {} : { VARIABLE: grid.name }) },
      workers: context.workers,
      replace: true,
      ...(context.memoryBytes === undefined ? {} : { memoryBytes: context.memoryBytes }),
      ...(context.scratch === undefined ? {} : { scratch: context.scratch }),
      ...(context.signal === undefined ? {} : { signal: context.signal }),
    });
  // An asset has one name in the items of all steps.
  const name = key.slice(key.lastIndexOf("/") + 1).replace(/\.tif$/, "");
  return {
    variable: time.isStep && name.endsWith(step) ? name.slice(0, name.length - step.length) : name,
    summary,
    ...time,
  };
}

/** The time of each file of a granule: its own step where there are several, else the granule's. */
async function timesOf(
  dataset: Dataset,
  row: GranuleRow,
  location: SourceLocation,
  outputs: readonly CogOutput[],
  context: ConvertContext,
): Promise<(output: CogOutput) => { time: ItemTime; isStep: boolean }> {
  const moments = [...new Set(outputs.flatMap(({ grid }) => grid.bands.map(({ time }) => time)))]
    .filter((time) => time !== null);
  const ofBands: FileTime | null = moments.length === 0
    ? null
    : { start: Math.min(...moments), end: Math.max(...moments) };
  const name = row.path.slice(row.path.lastIndexOf("/") + 1);
  const steps = dataset.convert.steps === "files" && moments.length > 1;
  const { from, pattern } = dataset.time;
  const before = { from: from.slice(0, Math.max(0, from.indexOf("file"))), pattern };
  // A TIFF has no place for the time of its observations.
  const asksFile = !steps && ofBands === null && from.includes("file") &&
    outputs.some(({ grid }) => grid.name !== "") &&
    itemTime(before, row, null, name) === null;
  const stated = ofBands ?? (asksFile ? await factsOf(location, context) : null);
  const whole = itemTime(dataset.time, row, stated, name);
  return ({ time }) => {
    if (steps && time !== null) return { time: { instant: time }, isStep: true };
    if (whole !== null) return { time: whole, isStep: false };
    throw new GranaryError(
      "granule",
      `${row.id}: nothing tells its time: neither discovery nor the file` +
        (pattern === null
          ? " (say convert.time.name, a pattern over its name)"
          : " nor its name by convert.time.name"),
    );
  };
}

/** What the file's own metadata says of its time. */
async function factsOf(location: SourceLocation, context: ConvertContext): Promise<FileTime | null> {
  const source = await context.opener.open(location);
  try {
    const staged = new StagedSource(source);
    const file = await staged.run(() => openHdf5(staged), context.signal);
    try {
      const { start, end } = await staged.run(() => granuleFacts(file), context.signal);
      return start === null ? null : { start, end: end ?? start };
    } finally {
      file.close();
    }
  } finally {
    await source.close();
  }
}

function noGrids(dataset: Dataset, row: GranuleRow, refused: readonly RefusedVariable[]): GranaryError {
  const { variables } = dataset.convert;
  const shown = refused.slice(0, 3).map(({ name, reason }) => `${name}: ${reason}`).join("; ");
  const more = refused.length > 3 ? `; and ${refused.length - 3} more` : "";
  const what = variables.length === 0 ? "holds no grid" : `holds no grid that ${variables.join(", ")} names`;
  return new GranaryError("granule", `${row.id}: ${what}${shown === "" ? "" : ` (${shown}${more})`}`);
}
