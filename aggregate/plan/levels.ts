/** Levels of resolution as people write them. */
import { inputError } from "../../core/errors.ts";

/** `"6-12"`, `"12,9,6"` or `"12"` as orders from fine to coarse. */
export function parseLevels(text: string): number[] {
  const levels = new Set<number>();
  for (const part of text.split(",")) {
    const match = /^\s*(\d{1,2})(?:\s*-\s*(\d{1,2}))?\s*$/.exec(part);
    const first = Number(match?.[1]), last = Number(match?.[2] ?? match?.[1]);
    if (match === null || Math.max(first, last) > 29) {
      throw inputError(`--levels "${text}": wanted orders from 0 to 29, such as 6-12 or 12,9,6`);
    }
    for (let level = Math.min(first, last); level <= Math.max(first, last); level++) levels.add(level);
  }
  return [...levels].sort((a, b) => b - a);
}
