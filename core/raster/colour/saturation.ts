/**
 * Saturation of sRGB colours, changed in CIE L*a*b* (D65), where it is the distance from gray: lightness and
 * hue stay.
 */

const WHITE = [0.95047, 1, 1.08883] as const;
const EPSILON = 216 / 24389;
const KAPPA = 24389 / 27;

/** sRGB's transfer function (IEC 61966-2-1) and its inverse, over 0 to 1. */
function toLinear(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

function fromLinear(value: number): number {
  return value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
}

const LINEAR = Float64Array.from({ length: 256 }, (_, byte) => toLinear(byte / 255));

function cubeRoot(value: number): number {
  return value > EPSILON ? Math.cbrt(value) : (KAPPA * value + 16) / 116;
}

function cube(value: number): number {
  const third = value ** 3;
  return third > EPSILON ? third : (116 * value - 16) / KAPPA;
}

/** @param factor 0 is gray, 1 leaves colours as they are */
export function saturated(
  red: Uint8Array,
  green: Uint8Array,
  blue: Uint8Array,
  factor: number,
): [Uint8Array, Uint8Array, Uint8Array] {
  const out: [Uint8Array, Uint8Array, Uint8Array] = [red.slice(), green.slice(), blue.slice()];
  const put = (channel: Uint8Array, i: number, value: number) => {
    channel[i] = Math.min(1, Math.max(0, fromLinear(value))) * 255;
  };
  for (let i = 0; i < red.length; i++) {
    const r = LINEAR[red[i]], g = LINEAR[green[i]], b = LINEAR[blue[i]];
    const fx = cubeRoot((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / WHITE[0]);
    const fy = cubeRoot(0.2126729 * r + 0.7151522 * g + 0.072175 * b);
    const fz = cubeRoot((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / WHITE[2]);
    // a* is 500 (fx - fy), b* 200 (fy - fz): a longer distance from gray is a longer one of these.
    const x = WHITE[0] * cube(fy + factor * (fx - fy));
    const y = cube(fy);
    const z = WHITE[2] * cube(fy - factor * (fy - fz));
    put(out[0], i, 3.2404542 * x - 1.5371385 * y - 0.4985314 * z);
    put(out[1], i, -0.969266 * x + 1.8760108 * y + 0.041556 * z);
    put(out[2], i, 0.0556434 * x - 0.2040259 * y + 1.0572252 * z);
  }
  return out;
}
