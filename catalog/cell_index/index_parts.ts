/** The row groups of a cell index's own file, each with the sum of its bytes: of an index those are checked that are read. */
import { createHash } from "node:crypto";
import fs from "node:fs";
import { isObject } from "../../core/json_value.ts";
import { PARQUET_MAGIC } from "../../core/tables/parquet_magic.ts";
import { parquetParts } from "../../core/tables/parquet_row_groups.ts";
import { hashRange } from "./row_groups.ts";

export interface IndexPart {
  /** Order and cell of its first row, and of its last. */
  first: Place;
  last: Place;
  /** Where its pages lie in the file, [begin, end). */
  begin: number;
  end: number;
  /** Of these bytes, SHA-256 in hex. */
  sum: string;
}

type Place = readonly [order: number, cell: number];

/** The parts of an index that was just written, of its entries in their order. */
export function partsOf(file: string, entries: Iterable<{ order: number; cell: number }>): IndexPart[] {
  const ahead = entries[Symbol.iterator]();
  const next = (): Place => {
    const { value } = ahead.next();
    return [value.order, value.cell];
  };
  return parquetParts(file).groups.filter(({ rows }) => rows > 0).map(({ rows, begin, end }) => {
    const first = next();
    let last = first;
    for (let row = 1; row < rows; row++) last = next();
    return { first, last, begin, end, sum: sumOf(file, begin, end) };
  });
}

/** Those parts that may hold cells of an order in a range; null for all of the order. */
export function partsWith(
  parts: readonly IndexPart[],
  order: number,
  range: { readonly first: number; readonly last: number } | null,
): IndexPart[] {
  return parts.filter(({ first: [from, least], last: [to, greatest] }) => {
    if (order < from || order > to) return false;
    // Of a part of several orders statistics tell nothing.
    return range === null || from !== to || range.first <= greatest && range.last >= least;
  });
}

/** Where the pages of an index end, by its parts. */
export function pagesEnd(parts: readonly IndexPart[]): number {
  return parts.at(-1)?.end ?? PARQUET_MAGIC.length;
}

/** Whether the bytes of a part are those that were written. */
export function isWhole(file: string, { begin, end, sum }: IndexPart): boolean {
  return sumOf(file, begin, end) === sum;
}

/** Whether these are they. */
export function isOfPart(bytes: Uint8Array, { sum }: IndexPart): boolean {
  return createHash("sha256").update(bytes).digest("hex") === sum;
}

export function isPart(value: unknown): value is IndexPart {
  return isObject(value) && isPlace(value.first) && isPlace(value.last) &&
    Number.isSafeInteger(value.begin) && Number.isSafeInteger(value.end) &&
    0 <= (value.begin as number) && (value.begin as number) <= (value.end as number) &&
    typeof value.sum === "string";
}

function isPlace(value: unknown): value is Place {
  return Array.isArray(value) && value.length === 2 && value.every(Number.isFinite);
}

function sumOf(file: string, begin: number, end: number): string {
  const hash = createHash("sha256");
  const fd = fs.openSync(file, "r");
  try {
    hashRange(fd, begin, end - begin, hash);
  } finally {
    fs.closeSync(fd);
  }
  return hash.digest("hex");
}
