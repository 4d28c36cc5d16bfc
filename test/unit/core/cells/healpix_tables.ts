/** The published and generated tables that the cells are tested against. */
import fs from "node:fs";
import { sharedData } from "../../../shared_data.ts";

/** A CSV of numbers: rows as objects of text, so that 64-bit ids keep every digit. */
export function readTable(file: string): Record<string, string>[] {
  const [head, ...lines] = fs.readFileSync(sharedData(file), "utf8").trim().split("\n");
  const names = head.split(",");
  return lines.map((line) => {
    const values = line.split(",");
    return Object.fromEntries(names.map((name, i) => [name, values[i]]));
  });
}

/** JSON in which integers too long for a Number are kept as text. */
// deno-lint-ignore no-explicit-any
export function readExactJson(file: string): any {
  const text = fs.readFileSync(sharedData(file), "utf8");
  return JSON.parse(text.replace(/([:[,]\s*)(-?\d{16,})(?=\s*[,\]}])/g, '$1"$2"'));
}

/** The distance of two longitudes in degrees, around the circle. */
export function longitudeGap(a: number, b: number): number {
  const gap = Math.abs(a - b) % 360;
  return Math.min(gap, 360 - gap);
}
