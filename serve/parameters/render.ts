/** How values become an image. */
import { z } from "zod";
import type { AppliedColormap, Rgba } from "../../core/raster/colour/apply.ts";
import {
  ALGORITHM_NAMES,
  type AlgorithmName,
  ALGORITHMS,
  algorithmValues,
} from "../../core/raster/algorithms/registry.ts";
import type { Algorithm, AlgorithmValues } from "../../core/raster/algorithms/algorithm.ts";
import { COLORMAP_NAMES } from "../../core/raster/colour/colormaps.ts";
import type { ValueRange } from "../../core/raster/colour/rescale.ts";
import { badParameter, badRequest } from "../http/problem.ts";

const text = (description: string) => z.string().max(20_000).optional().meta({ description });

export const RENDER = z.object({
  algorithm: z.enum(ALGORITHM_NAMES).optional().meta({
    description: "What is computed of the values before they are drawn; /algorithms tells of each",
  }),
  algorithm_params: text("Parameters of the algorithm as JSON"),
  rescale: z.array(z.string().max(200)).max(100).optional()
    .meta({
      description: "The values that become black and white: min,max; once for all bands, or for each",
    }),
  colormap_name: z.enum([...COLORMAP_NAMES]).optional().meta({ description: "A colormap by its name" }),
  colormap: text("A colormap as JSON: values to colours, or intervals with colours"),
  color_formula: text("Adjustments of colours: gamma R 1.2, sigmoidal RGB 6 0.5, saturation 1.1"),
  return_mask: z.boolean().default(true).meta({ description: "Whether empty pixels are marked" }),
});

export type RenderParameters = z.output<typeof RENDER>;

/** An algorithm with its parameters. */
interface AlgorithmRequest {
  readonly name: AlgorithmName;
  readonly algorithm: Algorithm;
  readonly values: AlgorithmValues;
}

/** Null where none is asked for. Throws a 422 for parameters that are no JSON, a 400 for those that do not fit. */
export function algorithmRequest(
  { algorithm: name, algorithm_params: text }: RenderParameters,
): AlgorithmRequest | null {
  if (name === undefined) return null;
  let asked: unknown = {};
  try {
    if (text !== undefined) asked = JSON.parse(text);
  } catch {
    throw badParameter("algorithm_params", "Value error, this is no JSON", text);
  }
  if (typeof asked !== "object" || asked === null || Array.isArray(asked)) {
    throw badParameter("algorithm_params", "Value error, wanted an object of JSON", text);
  }
  try {
    const values = algorithmValues(name, asked as Record<string, unknown>);
    return { name, algorithm: ALGORITHMS[name], values };
  } catch (error) {
    if (error instanceof RangeError) throw badRequest(error.message);
    throw error;
  }
}

/** One range for all bands, or one for each; null where none is stated. */
export function rescaleRanges({ rescale }: RenderParameters): readonly ValueRange[] | null {
  if (rescale === undefined) return null;
  return rescale.map((text) => {
    const numbers = text.replace(/^\[|\]$/g, "").split(",").map((part) =>
      part.trim() === "" ? NaN : Number(part)
    );
    const wrong = numbers.findIndex((number) => !Number.isFinite(number));
    if (wrong !== -1) {
      throw badParameter(
        "rescale",
        `Value error, invalid rescale format: '${text.split(",")[wrong]}' is no number`,
        rescale,
      );
    }
    if (numbers.length !== 2) {
      throw badParameter("rescale", "Value error, wanted two numbers, min,max", rescale);
    }
    return [numbers[0], numbers[1]];
  });
}

const MOST_COLOURS = 65_536;

/** A colormap that a request brings as JSON. Throws a 400 for what is none. */
export function parseColormap(text: string): AppliedColormap {
  const wrong = () => badRequest("Could not parse the colormap value.");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong();
  }
  if (Array.isArray(value)) {
    if (value.length === 0 || value.length > MOST_COLOURS) throw wrong();
    const intervals = value.map((one) => {
      const [range, colour] = Array.isArray(one) && one.length === 2 ? one : [];
      const rgba = parseColour(colour);
      const [low, high] = Array.isArray(range) && range.length === 2 ? range : [];
      if (rgba === null || typeof low !== "number" || typeof high !== "number") throw wrong();
      return { low, high, colour: rgba };
    });
    return { kind: "intervals", intervals };
  }
  if (typeof value !== "object" || value === null) throw wrong();
  const entries = Object.entries(value);
  if (entries.length === 0 || entries.length > MOST_COLOURS) throw wrong();
  const colours = new Map<number, Rgba>();
  for (const [key, colour] of entries) {
    const rgba = parseColour(colour);
    const number = key.trim() === "" ? NaN : Number(key);
    if (rgba === null || !Number.isFinite(number)) throw wrong();
    colours.set(number, rgba);
  }
  return { kind: "values", colours };
}

/** `#rrggbb`, `#rgb`, with alpha too, or a list of three or four bytes; null for what is none. */
function parseColour(value: unknown): Rgba | null {
  if (typeof value === "string") {
    const hex = /^#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.exec(value)?.[1];
    if (hex === undefined) return null;
    const digits = hex.length <= 4 ? [...hex].map((digit) => digit + digit) : hex.match(/../g) ?? [];
    const [r, g, b, a = 255] = digits.map((pair) => parseInt(pair, 16));
    return [r, g, b, a];
  }
  if (!Array.isArray(value) || (value.length !== 3 && value.length !== 4)) return null;
  if (!value.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255)) return null;
  const [r, g, b, a = 255] = value as number[];
  return [r, g, b, a];
}
