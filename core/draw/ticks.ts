/** Round numbers along a scale and how they are written. */

/** Multiples of 1, 2 or 5 times a power of ten within [low, high], about `wanted` of them. */
export function niceTicks(low: number, high: number, wanted: number): { ticks: number[]; step: number } {
  const step = niceStep((high - low) / Math.max(1, wanted));
  const ticks: number[] = [];
  const slack = step * 1e-9;
  for (let n = Math.ceil((low - slack) / step); n * step <= high + slack; n++) ticks.push(n * step + 0);
  return { ticks, step };
}

/** The nearest of 1, 2 and 5 times a power of ten, above or equal. */
export function niceStep(rough: number): number {
  if (!(rough > 0) || !Number.isFinite(rough)) return 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const mantissa = rough / power;
  const nice = mantissa <= 1.0001 ? 1 : mantissa <= 2.0001 ? 2 : mantissa <= 5.0001 ? 5 : 10;
  return nice * power;
}

/** A tick with as many decimals as its step needs, a real minus sign, and powers for extremes. */
export function tickText(value: number, step: number): string {
  const size = Math.abs(value);
  if (value !== 0 && (size >= 1e6 || step < 1e-4)) {
    const [mantissa, exponent] = value.toExponential(Math.min(3, significant(value, step))).split("e");
    return `${minus(mantissa)}e${minus(exponent.replace("+", ""))}`;
  }
  const decimals = Math.min(6, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  const [whole, fraction] = size.toFixed(decimals).split(".");
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, ",") : whole;
  return minus(`${value < 0 ? "-" : ""}${grouped}${fraction === undefined ? "" : `.${fraction}`}`);
}

function significant(value: number, step: number): number {
  return Math.max(0, Math.floor(Math.log10(Math.abs(value)) + 1e-9) - Math.floor(Math.log10(step) + 1e-9));
}

const minus = (text: string) => text.replace("-", "−");

/** `45°W`, `70.5°N`, `0°`, `180°`; `decimals` as the step of the graticule needs. */
export function degreesText(degrees: number, axis: "longitude" | "latitude", decimals: number): string {
  const size = Math.abs(degrees);
  const text = `${size.toFixed(decimals)}°`;
  if (size < 1e-9 || (axis === "longitude" && Math.abs(size - 180) < 1e-9)) return text;
  return text + (axis === "longitude" ? (degrees < 0 ? "W" : "E") : (degrees < 0 ? "S" : "N"));
}

/** Steps of a graticule in degrees, fine to coarse. */
const DEGREE_STEPS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10, 15, 20, 30, 45, 60, 90];

/** The finest step of whole degrees or their usual parts that gives at most `most` lines over a span. */
export function degreeStep(span: number, most: number): { step: number; decimals: number } {
  const step = DEGREE_STEPS.find((one) => span / one <= most) ?? 90;
  const decimals = [0, 1, 2, 3].find((count) => Math.abs(step * 10 ** count % 1) < 1e-9) ?? 3;
  return { step, decimals };
}
