/**
 * Adjustments of colours in the notation of rio-color: `gamma R 1.2, sigmoidal RGB 6 0.5, saturation 1.1`.
 * Each works on bytes and gives bytes, cut and not rounded.
 */
import { inputError } from "../../errors.ts";
import type { Pixels } from "../pixels.ts";
import { saturated } from "./saturation.ts";

const MAX_CHARACTERS = 500;
const MAX_OPERATIONS = 20;
const BANDS = "rgb";

/** One adjustment: of single bands by a table, or of the three together. */
type Adjustment =
  | { readonly kind: "bands"; readonly bands: readonly number[]; readonly table: Uint8Array }
  | { readonly kind: "saturation"; readonly factor: number };

type ColourFormula = readonly Adjustment[];

/** Throws an input error for what is no formula. */
export function parseColourFormula(text: string): ColourFormula {
  const fail = (problem: string) =>
    inputError(
      `color formula "${text.slice(0, 80)}": ${problem} ` +
        '(wanted such as "gamma RG 1.2, sigmoidal RGB 6 0.5, saturation 1.1")',
    );
  if (text.length > MAX_CHARACTERS) throw fail(`${text.length} characters, at most ${MAX_CHARACTERS}`);
  const words = text.replaceAll(",", " ").split(/\s+/).filter((word) => word !== "").map((word) =>
    word.toLowerCase()
  );
  const formula: Adjustment[] = [];
  let at = 0;
  const number = (what: string): number => {
    const word = words[at++];
    const value = word === undefined ? NaN : Number(word);
    if (!Number.isFinite(value)) throw fail(`${what} is ${word ?? "missing"}`);
    return value;
  };
  const bands = (): number[] => {
    const word = words[at++] ?? "";
    const found = [...word].map((letter) =>
      "123".includes(letter) ? Number(letter) - 1 : BANDS.indexOf(letter)
    );
    if (found.length === 0 || found.includes(-1)) throw fail(`"${word}" are no bands of r, g and b`);
    return [...new Set(found)];
  };
  while (at < words.length) {
    if (formula.length === MAX_OPERATIONS) throw fail(`more than ${MAX_OPERATIONS} operations`);
    const name = words[at++];
    if (name === "gamma") {
      const wanted = bands();
      const gamma = number("gamma");
      if (!(gamma > 0)) throw fail(`gamma is ${gamma}, not above 0`);
      formula.push({ kind: "bands", bands: wanted, table: tableOf((x) => x ** (1 / gamma)) });
    } else if (name === "sigmoidal") {
      const wanted = bands();
      const contrast = number("contrast");
      const bias = number("bias");
      if (!(bias >= 0 && bias <= 1)) throw fail(`bias is ${bias}, not within 0 and 1`);
      formula.push({ kind: "bands", bands: wanted, table: tableOf(sigmoidal(contrast, bias)) });
    } else if (name === "saturation") {
      const factor = number("saturation");
      if (!(factor >= 0)) throw fail(`saturation is ${factor}, below 0`);
      formula.push({ kind: "saturation", factor });
    } else {
      throw fail(`"${name}" is no operation`);
    }
  }
  if (formula.length === 0) throw fail("it says nothing");
  return formula;
}

/** Bytes are few: what an operation does to each is computed once. */
function tableOf(operation: (x: number) => number): Uint8Array {
  return Uint8Array.from(
    { length: 256 },
    (_, byte) => Math.min(255, Math.max(0, operation(byte / 255) * 255)),
  );
}

/** Contrast about a middle (Farid, "Fundamentals of Image Processing"): a logistic curve through 0 and 1. */
function sigmoidal(contrast: number, bias: number): (x: number) => number {
  const middle = bias === 0 ? Number.EPSILON : bias;
  if (contrast === 0) return (x) => x;
  const logistic = (x: number) => 1 / (1 + Math.exp(contrast * (middle - x)));
  const [low, high] = [logistic(0), logistic(1)];
  if (contrast > 0) return (x) => (logistic(x) - low) / (high - low);
  // Its inverse, for less contrast.
  const steep = -contrast;
  const from = 1 / (1 + Math.exp(steep * middle));
  const to = 1 / (1 + Math.exp(steep * (middle - 1)));
  return (x) => middle - Math.log(1 / (from + x * (to - from)) - 1) / steep;
}

/**
 * Bands of bytes adjusted. A formula that names a band that there isn't, or saturation without three, is an
 * input error.
 */
export function adjustColours(pixels: Pixels, formula: ColourFormula): Pixels {
  let bands = pixels.bands.map((band) => {
    if (!(band instanceof Uint8Array)) {
      throw inputError("a color formula adjusts bytes (scale values by a range)");
    }
    return band;
  });
  for (const adjustment of formula) {
    if (adjustment.kind === "saturation") {
      if (bands.length < 3) throw inputError(`saturation needs three bands, not ${bands.length}`);
      bands = [...saturated(bands[0], bands[1], bands[2], adjustment.factor), ...bands.slice(3)];
      continue;
    }
    const { table } = adjustment;
    const missing = adjustment.bands.find((band) => band >= bands.length);
    if (missing !== undefined) {
      throw inputError(`the color formula adjusts band ${BANDS[missing]}, of ${bands.length} in all`);
    }
    bands = bands.map((band, b) => adjustment.bands.includes(b) ? band.map((byte) => table[byte]) : band);
  }
  return { ...pixels, bands };
}
