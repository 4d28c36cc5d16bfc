/** Results of SQL as text: tables, CSV and JSON, a chunk at a time. */
import type { DuckDBResult, DuckDBValue } from "@duckdb/node-api";
import { smallest } from "./query.ts";

/** Rows of a result as plain values: what JSON has, and bigints for what may be beyond 2^53. */
export async function* plainRows(result: DuckDBResult): AsyncGenerator<unknown[][]> {
  for await (const rows of result.yieldRows()) yield rows.map((row) => row.map(plainValue));
}

/** A DuckDB value as JSON would hold it; integers of 64 bits and more are bigints whatever their size. */
export function plainValue(value: DuckDBValue): unknown {
  if (value === null || typeof value !== "object") return value;
  const nested = value as {
    items?: readonly DuckDBValue[];
    entries?: unknown;
    bytes?: Uint8Array;
  };
  if (nested.bytes instanceof Uint8Array) return hex(nested.bytes);
  if (Array.isArray(nested.items)) return nested.items.map(plainValue);
  if (Array.isArray(nested.entries)) {
    return (nested.entries as { key: DuckDBValue; value: DuckDBValue }[]).map(({ key, value }) => ({
      key: plainValue(key),
      value: plainValue(value),
    }));
  }
  if (nested.entries !== undefined) {
    const entries = Object.entries(nested.entries as Record<string, DuckDBValue>);
    return Object.fromEntries(entries.map(([key, inner]) => [key, plainValue(inner)]));
  }
  return isoTime(String(value));
}

/** DuckDB's `2019-04-16 09:39:11.5+00` as ISO 8601; any other text as it is. */
function isoTime(text: string): string {
  const match = /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(\+00)?$/.exec(text);
  return match === null ? text : `${match[1]}T${match[2]}${match[3] === undefined ? "" : "Z"}`;
}

function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** A value as JSON. Integers of every size are numbers with all their digits. */
export function jsonText(value: unknown): string {
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return `[${value.map(jsonText).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  const members = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}:${jsonText(inner)}`);
  return `{${members.join(",")}}`;
}

/** A field of CSV (RFC 4180): quoted where it must be; null is empty, an empty string is quoted. */
export function csvField(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? jsonText(value) : String(value);
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A cell of a table for people. */
export function tableCell(value: unknown): unknown {
  if (value === null || value === undefined) return "";
  if (typeof value === "bigint") return smallest(value);
  return typeof value === "object" ? jsonText(value) : value;
}
