/**
 * Reading values out of JSON that others wrote: each function gives the value when it is of the
 * wanted kind and null when it is missing or of another. Nothing is converted in silence except
 * numbers written as strings, which older answers do throughout.
 */

export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value is an object. Arrays are not objects. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value as an object, or null. */
export function asObject(value: unknown): JsonObject | null {
  return isObject(value) ? value : null;
}

/** The value as an array, or an empty one. */
export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The objects of an array; members of other kinds are left out. */
export function asObjects(value: unknown): JsonObject[] {
  const objects: JsonObject[] = [];
  for (const member of asArray(value)) {
    const object = asObject(member);
    if (object !== null) objects.push(object);
  }
  return objects;
}

/** The value as a string that is not empty, or null. */
export function asText(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** The value as a finite number, or null. Accepts a number written as a string. */
export function asNumber(value: unknown): number | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "string" || !/^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(value)) return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** The value as a whole number that a double holds exactly, or null. */
export function asInteger(value: unknown): number | null {
  const number = asNumber(value);
  return number !== null && Number.isSafeInteger(number) ? number : null;
}

/**
 * An RFC 3339 time, or a date alone, as milliseconds since 1970 UTC; null when it is neither. A time
 * without an offset is UTC, as in every answer of this field. Microseconds are kept, as fractions.
 */
export function asTime(value: unknown): number | null {
  if (typeof value !== "string") return null;
  const match =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d+))?)?\s*(Z|[-+]\d\d:?\d\d|[-+]\d\d)?)?$/i.exec(
      value.trim(),
    );
  if (match === null) return null;
  const [, date, minutes = "00:00", seconds = "00", fraction = "", offset = "Z"] = match;
  const zone = /^[-+]\d\d$/.test(offset) ? `${offset}:00` : offset.replace(/^([-+]\d\d)(\d\d)$/, "$1:$2");
  const millis = fraction.slice(0, 3).padEnd(3, "0");
  // A leap second is the last millisecond of its minute.
  const text = seconds === "60"
    ? `${date}T${minutes}:59.999${zone.toUpperCase()}`
    : `${date}T${minutes}:${seconds}.${millis}${zone.toUpperCase()}`;
  const time = Date.parse(text);
  if (!Number.isFinite(time)) return null;
  // Date.parse accepts the 30th of February; the date must come back as it was written.
  const dateOnly = Date.parse(`${date}T00:00:00.000Z`);
  if (new Date(dateOnly).toISOString().slice(0, 10) !== date) return null;
  // Microseconds stand behind the point: a float64 holds them exactly enough to come back to the digit.
  const micros = seconds === "60" ? 0 : Number(fraction.slice(3, 6).padEnd(3, "0"));
  return time + micros / 1000;
}

/** The object without members that are null, empty strings, empty arrays or empty objects. */
export function withoutEmpty(object: Record<string, unknown>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(object)) {
    if (value === null || value === undefined || value === "") continue;
    if (Array.isArray(value) && value.length === 0) continue;
    if (!Array.isArray(value) && typeof value === "object" && Object.keys(value).length === 0) continue;
    Object.defineProperty(kept, key, { value, enumerable: true, writable: true, configurable: true });
  }
  return kept;
}
