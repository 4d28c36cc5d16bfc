/** A granule to COGs at the dataset's output. Which files and items there are follows from the granule alone. */
import type { SourceLocation } from "../../core/access/location.ts";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import type { SourceOpener } from "../../core/access/open.ts";
import { StagedSource } from "../../core/access/staged_source.ts";
import { GranaryError } from "../../core/errors.ts";
import { DEFAULT_LEVELS } from "../../core/geotiff/write/compress.ts";
import { writeCog } from "../../core/geotiff/write/cog.ts";
import { openGrids } from "../../core/grids/open_grids.ts";
import { openHdf5 } from "../../core/observations/open_granule_file.ts";
import type { Grid, RefusedVariable } from "../../core/raster/grid.ts";
import type { ItemTime } from "../../core/stac/raster_item.ts";
import { type DriverChoice, locate } from "../../catalog/driver.ts";
import type { GranuleAsset, GranuleRow } from "../../catalog/granule.ts";
import { granuleFacts } from "../../products/granule_facts.ts";
import type { Dataset } from "../dataset.ts";
import { type Cut, cutBands } from "./cut.ts";
import { type FileTime, itemTime } from "./item_time.ts";
import type { MadeFile } from "./items.ts";
import { cogKey, variableNames } from "./names.ts";

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

interface Converted {
  readonly files: readonly MadeFile[];
  /** What was assumed, and variables that are no grids. */
  readonly notes: readonly string[];
}

/**
 * Reads every chosen grid of the granule's files and puts its COGs; files of those names are replaced. Throws
 * a granule or an input error for what no other try can mend, and io errors for what may pass.
 */
export async function convertGranule(
  dataset: Dataset,
  row: GranuleRow,
  context: ConvertContext,
): Promise<Converted> {
  const files: MadeFile[] = [];
  const notes: string[] = [];
  const assets: readonly (GranuleAsset | null)[] = row.assets.length === 0 ? [null] : row.assets;
  const refused: RefusedVariable[] = [];
  const made = new Set<string>();
  for (const asset of assets) {
    const { driver, localRegion } = context;
    const location = locate(row, driver, { localRegion, asset });
    const file = await openGrids(await context.opener.open(location), row.id, {
      ...(dataset.convert.variables.length === 0 ? {} : { variables: dataset.convert.variables }),
      ...(dataset.convert.grid.crs === null ? {} : { crs: dataset.convert.grid.crs }),
      ...(context.signal === undefined ? {} : { signal: context.signal }),
    });
    try {
      refused.push(...file.refused);
      const names = variableNames(file.grids.map(({ name }) => name));
      const times = await timesOf(dataset, row, location, file.grids, context);
      for (const [i, grid] of file.grids.entries()) {
        if (made.has(names[i])) {
          throw new GranaryError("granule", `${row.id}: two of its files have a variable "${names[i]}"`);
        }
        for (const cut of cutBands(grid.bands, dataset.convert.steps)) {
          files.push(await writeCut(dataset, row, grid, names[i], cut, times(cut), context));
        }
        notes.push(...grid.notes.map((note) => `${names[i]}: ${note}`));
      }
      for (const name of names) made.add(name);
    } finally {
      await file.close();
    }
  }
  if (files.length === 0) throw noGrids(dataset, row, refused);
  notes.push(...refused.map(({ name, reason }) => `${name} is no grid: ${reason}`));
  return { files, notes: [...new Set(notes)] };
}

async function writeCut(
  dataset: Dataset,
  row: GranuleRow,
  grid: Grid,
  variable: string,
  cut: Cut,
  time: { time: ItemTime; isStep: boolean },
  context: ConvertContext,
): Promise<MadeFile> {
  const { values, compress, overviews } = dataset.convert;
  const summary = await writeCog(grid, context.target, cogKey(row.id, variable, cut.suffixes), {
    bands: cut.bands,
    values,
    compression: { name: compress, level: DEFAULT_LEVELS[compress] },
    overviews,
    tags: { GRANULE: row.id, VARIABLE: grid.name },
    workers: context.workers,
    replace: true,
    ...(context.memoryBytes === undefined ? {} : { memoryBytes: context.memoryBytes }),
    ...(context.scratch === undefined ? {} : { scratch: context.scratch }),
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  });
  const suffix = cut.bands.length === 1 && cut.suffixes.length > (time.isStep ? 1 : 0)
    ? `_${cut.suffixes[0]}`
    : "";
  return { variable: variable + suffix, summary, ...time };
}

/** The time of each file of a granule: its own step where there are several, else the granule's. */
async function timesOf(
  dataset: Dataset,
  row: GranuleRow,
  location: SourceLocation,
  grids: readonly Grid[],
  context: ConvertContext,
): Promise<(cut: Cut) => { time: ItemTime; isStep: boolean }> {
  const moments = [...new Set(grids.flatMap(({ bands }) => bands.map(({ time }) => time)))]
    .filter((time) => time !== null);
  const ofBands: FileTime | null = moments.length === 0
    ? null
    : { start: Math.min(...moments), end: Math.max(...moments) };
  const name = row.path.slice(row.path.lastIndexOf("/") + 1);
  const steps = dataset.convert.steps === "files" && moments.length > 1;
  const needsFacts = !steps && ofBands === null && dataset.time.from.includes("file") &&
    itemTime(
        {
          from: dataset.time.from.slice(0, dataset.time.from.indexOf("file")),
          pattern: dataset.time.pattern,
        },
        row,
        null,
        name,
      ) ===
      null;
  const stated = ofBands ?? (needsFacts ? await factsOf(location, context) : null);
  const whole = itemTime(dataset.time, row, stated, name);
  return (cut) => {
    if (steps && cut.time !== null) return { time: { instant: cut.time }, isStep: true };
    if (whole !== null) return { time: whole, isStep: false };
    throw new GranaryError(
      "granule",
      `${row.id}: nothing tells its time: neither discovery nor the file` +
        (dataset.time.pattern === null
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
