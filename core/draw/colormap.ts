/**
 * Colour maps: a few control points of our own choosing, interpolated in Oklab (Ottosson 2020,
 * "A perceptual color space for image processing"), where equal steps look equal.
 */
import { inputError } from "../errors.ts";
import type { Colour } from "./canvas.ts";

/** Control points from low to high, as hex. */
const CONTROL_POINTS = {
  viridis: ["#440c54", "#45327f", "#355e8d", "#20878d", "#2fae7b", "#86d34b", "#f7e626"],
  magma: ["#05051a", "#2f1160", "#70207f", "#b83778", "#f1605d", "#fdaa77", "#fbf7c4"],
  ice: ["#0b2545", "#14518a", "#3a86bd", "#83bcdc", "#c9e3f0", "#f5fafd"],
  diverging: ["#12437f", "#4a8cc2", "#b5d3e7", "#f4f2ef", "#f2bfa3", "#cf654d", "#7d1128"],
  grey: ["#1a1a1a", "#f0f0f0"],
} as const;

type ColormapName = keyof typeof CONTROL_POINTS;
export const COLORMAP_NAMES = Object.keys(CONTROL_POINTS) as ColormapName[];
export const DEFAULT_COLORMAP: ColormapName = "viridis";

/** 256 colours from low to high, three bytes each. */
export type Colormap = Uint8Array;

const STEPS = 256;

/** The colour map of a name; `-reversed` after it turns it round. Throws an input error for others. */
export function colormap(name: string): Colormap {
  const reversed = name.endsWith("-reversed");
  const base = reversed ? name.slice(0, -"-reversed".length) : name;
  if (!Object.hasOwn(CONTROL_POINTS, base)) {
    throw inputError(
      `colormap "${name}" is unknown; wanted one of ${COLORMAP_NAMES.join(", ")}, with -reversed if you like`,
    );
  }
  const points = CONTROL_POINTS[base as ColormapName].map((hex) => oklabOf(parseHex(hex)));
  const colours = new Uint8Array(3 * STEPS);
  for (let step = 0; step < STEPS; step++) {
    const place = (step / (STEPS - 1)) * (points.length - 1);
    const index = Math.min(points.length - 2, Math.floor(place));
    const t = place - index;
    const mixed = points[index].map((a, i) => a + (points[index + 1][i] - a) * t);
    colours.set(rgbOf(mixed), 3 * (reversed ? STEPS - 1 - step : step));
  }
  return colours;
}

/** The colour at `t`, 0 for the lowest and 1 for the highest; beyond them the ends. */
export function colourAt(map: Colormap, t: number): Colour {
  const step = 3 * Math.min(STEPS - 1, Math.max(0, Math.floor(t * STEPS)));
  return [map[step], map[step + 1], map[step + 2]];
}

function parseHex(hex: string): Colour {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as unknown as Colour;
}

const toLinear = (byte: number): number => {
  const value = byte / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
};

const toByte = (linear: number): number => {
  const value = Math.min(1, Math.max(0, linear));
  return Math.round(255 * (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055));
};

function oklabOf(colour: Colour): number[] {
  const [r, g, b] = colour.map(toLinear);
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function rgbOf([lightness, a, b]: number[]): Colour {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    toByte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    toByte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    toByte(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}
