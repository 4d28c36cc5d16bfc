/**
 * A cell index's sum of its own footer, which has those of its parts: a changed byte would not always be told by what
 * is read. It stands in the footer, and counts as zeros in itself.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import { bytesBeforeMetadata } from "../../core/tables/parquet_row_groups.ts";
import { hashRange } from "./row_groups.ts";

/** What a sum is before it is known. */
export const NO_SUM = "0".repeat(64);

const BEFORE = '"sum":"';

/** Whether a file's bytes after its pages, which end at `begin`, are those that its sum is of. */
export function hasItsSum(file: string, begin: number): boolean {
  const place = placeOfSum(file);
  return place !== undefined && place.said === sumOf(file, begin, place.at);
}

/** Puts the sum in place of {@linkcode NO_SUM}. The file is one that nobody reads yet, and its pages end at `begin`. */
export function writeSum(file: string, begin: number): void {
  const place = placeOfSum(file);
  if (place?.said !== NO_SUM) throw new Error(`${file}: has no place for its sum`);
  const sum = new TextEncoder().encode(sumOf(file, begin, place.at));
  const fd = fs.openSync(file, "r+");
  try {
    fs.writeSync(fd, sum, 0, sum.length, place.at);
  } finally {
    fs.closeSync(fd);
  }
}

function placeOfSum(file: string): { at: number; said: string } | undefined {
  const before = bytesBeforeMetadata(file);
  const fd = fs.openSync(file, "r");
  try {
    const footer = new Uint8Array(fs.fstatSync(fd).size - before);
    fs.readSync(fd, footer, 0, footer.length, before);
    const text = new TextDecoder("latin1").decode(footer);
    const at = text.lastIndexOf(BEFORE);
    if (at < 0) return undefined;
    const first = at + BEFORE.length;
    return { at: before + first, said: text.slice(first, first + NO_SUM.length) };
  } finally {
    fs.closeSync(fd);
  }
}

function sumOf(file: string, begin: number, at: number): string {
  const hash = createHash("sha256");
  const fd = fs.openSync(file, "r");
  try {
    const after = at + NO_SUM.length;
    hashRange(fd, begin, at - begin, hash);
    hash.update(NO_SUM);
    hashRange(fd, after, fs.fstatSync(fd).size - after, hash);
  } finally {
    fs.closeSync(fd);
  }
  return hash.digest("hex");
}
