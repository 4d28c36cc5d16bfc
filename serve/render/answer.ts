/** The answer of an image: its bytes, where it lies, what it is made of. */
import type { OutputGrid } from "../../core/raster/pixels.ts";
import type { DataContext } from "../context.ts";
import type { Answer } from "../http/operation.ts";
import { withParts } from "../layers/read_granule.ts";
import { crsUri } from "../parameters/crs.ts";
import type { ImageFormat } from "../parameters/formats.ts";
import type { RenderParameters } from "../parameters/render.ts";
import type { ServedGranule } from "../search/granules.ts";
import type { Composed } from "./compose.ts";
import { defaultRanges, rangesOfPixels } from "./default_range.ts";
import { encodeImage, wantsRanges } from "./image.ts";
import { boxOfOutput, processed } from "./processed.ts";
import type { Selection } from "./selection.ts";

/** Granules that a header names. */
const MOST_NAMED = 20;

interface ImagePlace {
  readonly output: OutputGrid;
  /** What the header says, where it is not the output's own box. */
  readonly bounds: readonly [number, number, number, number];
  /** Of the tile matrix set, where it has one of its own. */
  readonly uri?: string;
}

export async function imageAnswer(
  context: DataContext,
  selection: Selection,
  composed: Composed,
  granules: readonly ServedGranule[],
  { output, bounds, uri = crsUri(output.crs) ?? undefined }: ImagePlace,
  format: ImageFormat | null,
  render: RenderParameters,
): Promise<Answer> {
  const { phases, signal, reading } = selection;
  const made = await phases.of("warp", () => processed(render, composed.pixels, output));
  const first = granules.find(({ row }) => row.id === composed.used[0]);
  // What expressions give has no range of a file's own: it is drawn by the pixels themselves.
  const computed = reading.expression !== null;
  const chosen = !wantsRanges(render, format) || first === undefined
    ? null
    : made !== null
    ? made.ranges
    : computed
    ? rangesOfPixels(composed.pixels)
    : await phases.of("read", () =>
      withParts(context.reading, first, reading, (parts) => defaultRanges(parts, signal)));
  const [pixels, place] = made === null ? [composed.pixels, output] : [made.pixels, made.output];
  const image = await phases.of("encode", () => encodeImage(pixels, place, format, render, chosen));
  const box = place.width === output.width ? bounds : boxOfOutput(place);
  return {
    body: image.bytes,
    type: image.type,
    headers: {
      "content-bbox": box.map(floatText).join(","),
      ...(uri === undefined ? {} : { "content-crs": `<${uri}>` }),
      "x-granary-granules": composed.used.slice(0, MOST_NAMED).map(headerText).join(","),
      ...(composed.failed === 0 ? {} : { "x-granary-failed": String(composed.failed) }),
      ...(chosen === null ? {} : { "x-granary-rescale": chosen.map((range) => range.join(",")).join(";") }),
    },
  };
}

/** As Python writes a float: whole numbers with `.0`. */
function floatText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e16 ? `${value.toFixed(1)}` : String(value);
}

/** What a header may hold. */
function headerText(text: string): string {
  return text.replace(/[^\x21-\x7e]|,/g, "_");
}
