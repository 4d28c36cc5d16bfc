/** The directories of a cloud-optimized GeoTIFF, field by field (TIFF 6.0, GeoTIFF 1.1, GDAL's private tags). */
import { elementBytes } from "../../element_types.ts";
import type { GridBand, GridDtype } from "../../raster/grid.ts";
import { PHOTOMETRIC } from "../tags.ts";
import { COMPRESSION_TAGS } from "./compress.ts";
import type { Directory, Field } from "./directory.ts";
import { nodataText } from "./metadata.ts";
import type { CogPlan } from "./plan.ts";
import type { Predictor } from "./predictor.ts";

/** TIFF's SampleFormat. */
const SAMPLE_FORMATS: Readonly<Record<GridDtype, number>> = {
  uint8: 1,
  uint16: 1,
  uint32: 1,
  int8: 2,
  int16: 2,
  int32: 2,
  float32: 3,
  float64: 3,
};

/** Places and lengths of the packed tiles of one level, 0 for tiles that are not stored. */
export interface TilePlaces {
  readonly offsets: Float64Array;
  readonly lengths: Uint32Array;
}

/** One directory a level, the full one first. `metadata` is GDAL's XML. */
export function cogDirectories(
  plan: CogPlan,
  predictor: Predictor,
  bands: readonly GridBand[],
  metadata: string | null,
  places: readonly TilePlaces[],
): Directory[] {
  const photometric = plan.colourTable === null
    ? colours(bands, plan.dtype)
    : { interpretation: PHOTOMETRIC.palette, extra: [] };
  return plan.levels.map(({ width, height }, level): Directory => {
    const count = bands.length;
    const format = SAMPLE_FORMATS[plan.dtype];
    const fields: (Field | null)[] = [
      level === 0 ? null : { tag: 254, type: "long", values: [1] },
      { tag: 256, type: "long", values: [width] },
      { tag: 257, type: "long", values: [height] },
      short(258, new Array(count).fill(elementBytes(plan.dtype) * 8)),
      short(259, [COMPRESSION_TAGS[plan.compression.name]]),
      short(262, [photometric.interpretation]),
      short(277, [count]),
      short(284, [1]),
      level === 0 ? timeField(bands) : null,
      predictor === 1 ? null : short(317, [predictor]),
      plan.colourTable === null ? null : short(320, plan.colourTable),
      short(322, [plan.tileSize]),
      short(323, [plan.tileSize]),
      { tag: 324, type: "offsets", values: places[level].offsets },
      { tag: 325, type: "counts", values: places[level].lengths },
      photometric.extra.length === 0 ? null : short(338, photometric.extra),
      short(339, new Array(count).fill(format)),
      ...(level === 0 ? plan.place : []),
      level === 0 && metadata !== null ? { tag: 42112, type: "ascii", text: metadata } : null,
      plan.nodata === null ? null : { tag: 42113, type: "ascii", text: nodataText(plan.nodata) },
    ];
    return fields.filter((field) => field !== null);
  });
}

function short(tag: number, values: readonly number[]): Field {
  return { tag, type: "short", values };
}

/** Bands called red, green and blue are an image; all others are numbers. */
function colours(
  bands: readonly GridBand[],
  dtype: GridDtype,
): { interpretation: number; extra: number[] } {
  const names = bands.map(({ name }) => name.toLowerCase());
  const image = (dtype === "uint8" || dtype === "uint16") &&
    names[0] === "red" && names[1] === "green" && names[2] === "blue";
  const extra = names.slice(image ? 3 : 1);
  // 2: alpha that the colours are not multiplied with; 0: of no stated meaning.
  return { interpretation: image ? 2 : 1, extra: extra.map((name) => image && name === "alpha" ? 2 : 0) };
}

/** TIFF's DateTime, in UTC, where all bands are of one time. */
function timeField(bands: readonly GridBand[]): Field | null {
  const [{ time }] = bands;
  if (time === null || bands.some((band) => band.time !== time)) return null;
  const text = new Date(time).toISOString();
  return { tag: 306, type: "ascii", text: `${text.slice(0, 10).replaceAll("-", ":")} ${text.slice(11, 19)}` };
}
