/** Which files a granule's grids become: one a variable, a step of time and a step of other axes by wish. */
import { inputError } from "../../errors.ts";
import type { Grid } from "../../raster/grid.ts";

/** One file a step of time, or all steps as bands of one file. */
export type TimeLayout = "steps" | "bands";

/** Steps of further axes that are bands of one file without being asked for. */
export const MOST_STEPS_AS_BANDS = 16;

export interface OutputOptions {
  readonly time?: TimeLayout;
  /** Axes of which each step is a file of its own. */
  readonly split?: readonly string[];
}

export interface CogOutput {
  readonly grid: Grid;
  /** Indices of the grid's bands. */
  readonly bands: readonly number[];
  /** `{granule}/{variable}[_{axis}{value}][_{YYYYMMDDTHHMMSS[.sss]}].tif`; a grid without a name: `{granule}.tif`. */
  readonly key: string;
  /** The variable's part of the key. */
  readonly variable: string;
  /** The part of the key that tells its step of time, `_20240101T000000`; empty where it tells none. */
  readonly step: string;
  /** Milliseconds since 1970 UTC, where all bands are of one time. */
  readonly time: number | null;
}

/**
 * The files of a granule, in the order of its grids and of their steps. Throws an input error where a grid
 * has more steps than belong into one file and none of the options says how to cut them.
 */
export function cogOutputs(
  granule: string,
  grids: readonly Grid[],
  options: OutputOptions = {},
): CogOutput[] {
  checkAxes(granule, grids, options.split ?? []);
  const names = variableNames(grids.map(({ name }) => name));
  const moments = grids.flatMap(({ bands }) => bands.flatMap(({ time }) => time ?? []));
  const timeText = compactTimes(moments);
  const outputs = grids.flatMap((grid, i) => outputsOf(safePart(granule), grid, names[i], timeText, options));
  const taken = new Set<string>();
  for (const { key } of outputs) {
    if (taken.has(key)) {
      throw inputError(
        `${granule}: two of its files would be called ${key} (where they are steps of one moment, --time bands ` +
          `puts them into one file; variables whose names differ by signs alone are converted one by one)`,
      );
    }
    taken.add(key);
  }
  return outputs;
}

/** `level` 500, `time` 2024-01-01T00:00:00Z: where a band lies along one axis. */
interface Step {
  readonly axis: string;
  readonly value: string;
  readonly isTime: boolean;
}

function outputsOf(
  granule: string,
  grid: Grid,
  variable: string,
  timeText: (milliseconds: number) => string,
  { time = "steps", split = [] }: OutputOptions,
): CogOutput[] {
  const steps = grid.bands.map(({ name, time }) => stepsOf(name, time));
  const cut = ({ axis, isTime }: Step) => split.includes(axis) || (isTime && time === "steps");
  const groups = new Map<string, { bands: number[]; own: readonly Step[] }>();
  steps.forEach((all, band) => {
    const own = all.filter(cut);
    const id = JSON.stringify(own.map(({ value }) => value));
    const group = groups.get(id);
    if (group === undefined) groups.set(id, { bands: [band], own });
    else group.bands.push(band);
  });
  checkWidth(grid, steps, cut);
  return [...groups.values()].map(({ bands, own }): CogOutput => {
    const parts = [variable || granule];
    for (const step of own) {
      // What all files of the variable share tells none of them apart.
      if (groups.size > 1 && variesAlong(step.axis, steps) && !step.isTime) {
        parts.push(`${safePart(step.axis)}${safePart(step.value)}`);
      }
    }
    const [first] = bands;
    const times = new Set(bands.map((band) => grid.bands[band].time));
    const moment = times.size === 1 ? grid.bands[first].time : null;
    const tells = groups.size > 1 && own.some(({ axis, isTime }) => isTime && variesAlong(axis, steps));
    const step = tells && moment !== null ? `_${timeText(moment)}` : "";
    const file = `${parts.join("_")}${step}.tif`;
    return {
      grid,
      bands,
      key: variable === "" && groups.size === 1 ? file : `${granule}/${file}`,
      variable,
      step,
      time: moment,
    };
  });
}

/** A band's name as steps along its axes; none for bands that are no steps. */
function stepsOf(name: string, time: number | null): Step[] {
  const parts = name.split(",").map((part) => /^([^=]+)=(.*)$/.exec(part));
  if (parts.some((part) => part === null)) return [];
  return parts.flatMap((part) => {
    if (part === null) return [];
    const [, axis, value] = part;
    return [{ axis, value, isTime: time !== null && Date.parse(value) === time }];
  });
}

function variesAlong(axis: string, steps: readonly (readonly Step[])[]): boolean {
  return new Set(steps.map((own) => own.find((step) => step.axis === axis)?.value)).size > 1;
}

function checkAxes(granule: string, grids: readonly Grid[], split: readonly string[]): void {
  if (split.length === 0) return;
  const axes = new Set(
    grids.flatMap(({ bands }) =>
      bands.flatMap(({ name, time }) => stepsOf(name, time).map(({ axis }) => axis))
    ),
  );
  const unknown = split.find((axis) => !axes.has(axis));
  if (unknown === undefined) return;
  throw inputError(
    `${granule}: no variable has an axis ${unknown} (axes besides x and y: ${
      [...axes].join(", ") || "none"
    })`,
  );
}

function checkWidth(
  grid: Grid,
  steps: readonly (readonly Step[])[],
  cut: (step: Step) => boolean,
): void {
  const left = [
    ...new Set((steps[0] ?? []).filter((step) => !cut(step) && !step.isTime).map(({ axis }) => axis)),
  ];
  const sizes = left.map((axis) =>
    new Set(steps.map((own) => own.find((step) => step.axis === axis)?.value)).size
  );
  const bands = sizes.reduce((product, size) => product * size, 1);
  if (bands <= MOST_STEPS_AS_BANDS) return;
  const longest = left[sizes.indexOf(Math.max(...sizes))];
  throw inputError(
    `${grid.name}: ${bands} steps along ${left.join(", ")} are more than belong into one file (at most ` +
      `${MOST_STEPS_AS_BANDS} as bands; --split ${longest} writes a file a step)`,
  );
}

/** Groups of HDF-EOS that name nothing. */
const STRUCTURE = new Set(["", "HDFEOS", "GRIDS", "Data Fields"]);

/** Variables by as much of their paths as tells them apart, the last part at least. */
export function variableNames(paths: readonly string[]): string[] {
  const parts = paths.map((path) => path.split("/").filter((part) => !STRUCTURE.has(part)));
  return parts.map((own, i) => {
    for (let depth = 1; depth < own.length; depth++) {
      const tail = own.slice(-depth).join("/");
      const others = parts.filter((other, j) => j !== i && other.slice(-depth).join("/") === tail);
      if (others.length === 0) return own.slice(-depth).map(safePart).join(".");
    }
    return own.map(safePart).join(".");
  });
}

/** A name for files on any system and in any bucket. */
function safePart(text: string): string {
  const safe = text.trim().replace(/[^\p{L}\p{N}._+-]+/gu, "_").replace(/^\.+/, "_");
  return safe === "" ? "_" : safe;
}

/** How moments are written in names: `20240101T000000` in UTC, and `20240101T000000.500` where some share a second. */
export function compactTimes(moments: readonly number[]): (milliseconds: number) => string {
  const apart = new Set(moments);
  const seconds = new Set([...apart].map((moment) => Math.floor(moment / 1000)));
  const length = seconds.size < apart.size ? "2024-01-01T00:00:00.000".length : "2024-01-01T00:00:00".length;
  return (milliseconds) => new Date(milliseconds).toISOString().slice(0, length).replace(/[-:]/g, "");
}

/** Endings of files that hold grids. */
const ENDINGS = /\.(h5|he5|hdf5?|nc4?|netcdf|tiff?)$/i;

/** The name of a file in its folder; on a disk and in a bucket, `?` and `#` are parts of it. */
export function fileName(file: string): string {
  const path = /^https?:/i.test(file) ? file.replace(/[?#].*$/s, "") : file;
  return path.replace(/\/+$/, "").split("/").at(-1) ?? "";
}

/** A granule's name by the name of its file. */
export function granuleName(file: string): string {
  return fileName(file).replace(ENDINGS, "");
}
