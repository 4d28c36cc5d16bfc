/** Sizes and durations as people write and read them. */
import { inputError } from "./errors.ts";

const SIZE_UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1e3,
  kb: 1e3,
  kib: 1024,
  m: 1e6,
  mb: 1e6,
  mib: 1024 ** 2,
  g: 1e9,
  gb: 1e9,
  gib: 1024 ** 3,
  t: 1e12,
  tb: 1e12,
  tib: 1024 ** 4,
};

/** `"4GB"`, `"512MiB"`, `"1.5g"` or `"1000"` as bytes. Decimal units are powers of 1000. */
export function parseBytes(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  const unit = match ? SIZE_UNITS[match[2].toLowerCase()] : undefined;
  if (!match || unit === undefined) {
    throw inputError(`"${text}" is not a size (wanted a number with a unit, such as 4GB or 512MiB)`);
  }
  return Math.floor(Number(match[1]) * unit);
}

/** `1536000` as `"1.54 MB"`: three significant digits, decimal units. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 ? 0 : value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** `75.2` seconds as `"1m 15s"`, `0.42` as `"0.42s"`. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  if (seconds < 10) return `${seconds.toFixed(2)}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours > 0 ? `${hours}h ${minutes}m` : `${minutes}m ${whole % 60}s`;
}

/** `1234567` as `"1,234,567"`. */
export function formatCount(count: number | bigint): string {
  const text = String(count);
  // Whole numbers need nothing of what is known of languages, which takes milliseconds to load.
  return /^-?\d+$/.test(text) ? text.replace(/\B(?=(?:\d{3})+$)/g, ",") : count.toLocaleString("en-US");
}

/** `1, "granule"` as `"1 granule"`, `2089, "granule"` as `"2,089 granules"`: nouns whose plural ends in s. */
export function formatNumberOf(count: number | bigint, noun: string): string {
  return `${formatCount(count)} ${noun}${BigInt(count) === 1n ? "" : "s"}`;
}
