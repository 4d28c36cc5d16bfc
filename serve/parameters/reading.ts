/** What is read of each granule: files of bands, or variables with dimensions. */
import { z } from "zod";
import { type BandExpression, parseBandExpression } from "../../core/raster/expressions/band_expression.ts";
import { Pattern } from "../../core/patterns/pattern.ts";
import type { Resampling } from "../../core/raster/warp/resampling.ts";
import { badParameter } from "../http/problem.ts";
import type { Interval } from "./temporal.ts";

const LONGEST = 2000;
const text = (description: string) => z.string().max(LONGEST).optional().meta({ description });
const texts = (description: string) =>
  z.array(z.string().max(LONGEST)).max(100).optional().meta({ description });

const NODATA = text("The value that means none, instead of the file's own; nan is one");
const EXPRESSION = text("Bands computed from others, with ; between: b1/b2;b3");
/** What both ways take; the words are rasterio's, each way's own as TiTiler offers them. */
const RESAMPLINGS = ["nearest", "bilinear", "cubic", "cubic_spline", "lanczos", "average", "mode"] as const;
const REPROJECT = z.enum([...RESAMPLINGS, "max", "min", "med", "q1", "q3", "sum", "rms"])
  .default("nearest").meta({ description: "How cells become pixels" });

export const RASTERIO = z.object({
  assets: texts("Files of each granule by key; |bidx=1,2 chooses bands, |expression=b1*2 computes them"),
  assets_regex: text("Which part of a file's name is its key: B[0-9][0-9]"),
  asset_as_band: z.boolean().default(false).meta({
    description: "Whether an asset's first band is called by the asset's name",
  }),
  expression: EXPRESSION,
  nodata: NODATA,
  unscale: z.boolean().default(false).meta({ description: "Whether scale and offset are applied to values" }),
  resampling: z.enum([...RESAMPLINGS, "gauss", "rms"])
    .default("nearest").meta({ description: "How cells become pixels" }),
  reproject: REPROJECT,
});

export const XARRAY = z.object({
  variables: z.array(z.string().max(500)).min(1).max(100).meta({ description: "Variables by name" }),
  sel: texts(
    "Steps of other dimensions: time=nearest::2024-10-11T12:00:00; {datetime} is the request's time",
  ),
  group: text("The group that variables lie in"),
  decode_times: z.boolean().default(true).meta({
    description: "True: times are always decoded; false is refused",
  }),
  expression: EXPRESSION,
  nodata: NODATA,
  reproject: REPROJECT,
});

/** An asset of a request. */
interface AssetRequest {
  readonly key: string;
  /** Numbers of bands from 1; null is all. */
  readonly bands: readonly number[] | null;
  /** Of the asset's own bands. */
  readonly expression: BandExpression | null;
}

/** A step of a dimension that is asked for. */
export interface StepRequest {
  readonly dimension: string;
  readonly method: "exact" | "nearest" | "pad" | "backfill";
  readonly value: string;
}

interface Common {
  /** Of all bands that are read, by their numbers. */
  readonly expression: BandExpression | null;
  /** Undefined is the file's own. */
  readonly nodata: number | undefined;
  readonly resampling: Resampling;
}

export interface RasterioReading extends Common {
  readonly kind: "rasterio";
  /** Null is the granule's only file. */
  readonly assets: readonly AssetRequest[] | null;
  readonly pattern: Pattern | null;
  readonly assetAsBand: boolean;
  readonly unscale: boolean;
}

export interface XarrayReading extends Common {
  readonly kind: "xarray";
  readonly variables: readonly string[];
  readonly steps: readonly StepRequest[];
  readonly group: string | null;
}

export type Reading = RasterioReading | XarrayReading;

export function rasterioReading(parameters: z.output<typeof RASTERIO>): RasterioReading {
  const { assets, resampling, reproject } = parameters;
  return {
    kind: "rasterio",
    assets: assets === undefined ? null : assets.map(assetRequest),
    pattern: compilePattern(parameters.assets_regex),
    assetAsBand: parameters.asset_as_band,
    unscale: parameters.unscale,
    expression: parameters.expression === undefined ? null : parseBandExpression(parameters.expression),
    nodata: nodataOf(parameters.nodata),
    resampling: reproject === "nearest" ? resampling : reproject,
  };
}

export function xarrayReading(parameters: z.output<typeof XARRAY>): XarrayReading {
  if (!parameters.decode_times) {
    throw badParameter("decode_times", "Value error, this server always decodes times", false);
  }
  return {
    kind: "xarray",
    variables: parameters.variables,
    steps: (parameters.sel ?? []).map(stepRequest),
    group: parameters.group ?? null,
    expression: parameters.expression === undefined ? null : parseBandExpression(parameters.expression),
    nodata: nodataOf(parameters.nodata),
    resampling: parameters.reproject,
  };
}

/** What stands in `sel` for the time of the request. */
const DATETIME = "{datetime}";

/**
 * The reading at a request's time: in steps of dimensions `{datetime}` is its start, or its end where that is open. Throws
 * a 422 where the request says no time.
 */
export function readingAt(reading: Reading, temporal: Interval | null): Reading {
  if (reading.kind !== "xarray" || !reading.steps.some(({ value }) => value.includes(DATETIME))) {
    return reading;
  }
  const time = temporal?.start ?? temporal?.end;
  if (time == null) {
    throw badParameter("sel", `Value error, ${DATETIME} is the time of the request (say temporal)`, DATETIME);
  }
  const text = new Date(time).toISOString();
  return {
    ...reading,
    steps: reading.steps.map((step) => ({ ...step, value: step.value.replaceAll(DATETIME, text) })),
  };
}

function assetRequest(text: string): AssetRequest {
  const [key, ...options] = text.split("|");
  let bands: number[] | null = null;
  let expression: BandExpression | null = null;
  for (const option of options) {
    const [, name, value] = /^(\w+)=(.+)$/s.exec(option) ?? [];
    if (name === "bidx" || name === "indexes") {
      bands = value.split(",").map(Number);
      if (bands.length > 0 && bands.every((band) => Number.isInteger(band) && band >= 1)) continue;
    } else if (name === "expression") {
      expression = parseBandExpression(value);
      continue;
    }
    throw badParameter("assets", "Value error, wanted NAME, NAME|bidx=1,2 or NAME|expression=b1*2", [text]);
  }
  if (key === "") throw badParameter("assets", "Value error, an asset has no name", [text]);
  return { key, bands, expression };
}

const METHODS: Readonly<Record<string, StepRequest["method"]>> = {
  nearest: "nearest",
  pad: "pad",
  ffill: "pad",
  backfill: "backfill",
  bfill: "backfill",
};

function stepRequest(text: string): StepRequest {
  const [, dimension, named, value] = /^([^=]+)=(?:(\w+)::)?(.+)$/s.exec(text) ?? [];
  const method = named === undefined ? "exact" : METHODS[named];
  if (dimension === undefined || method === undefined) {
    throw badParameter(
      "sel",
      `Value error, wanted dimension=value or dimension=method::value, of methods ${
        Object.keys(METHODS).join(", ")
      }`,
      [text],
    );
  }
  return { dimension, method, value };
}

function compilePattern(text: string | undefined): Pattern | null {
  if (text === undefined) return null;
  try {
    return new Pattern(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw badParameter("assets_regex", `Value error, the pattern ${error.message}`, text);
  }
}

function nodataOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^nan$/i.test(text.trim())) return NaN;
  const value = text.trim() === "" ? NaN : Number(text);
  if (Number.isNaN(value)) throw badParameter("nodata", "Value error, wanted a number or nan", text);
  return value;
}
