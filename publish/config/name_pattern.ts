/**
 * Patterns over file names with named groups, for times that no other place tells. A pattern is compiled
 * once, is short, and repeats nothing that repeats, so that no name can keep it busy.
 */
import { MAX_PATTERN } from "./schema.ts";

const GROUPS = ["year", "month", "day", "doy", "hour", "minute", "second"] as const;
type Group = (typeof GROUPS)[number];

/** File names longer than this are not looked at. */
const MAX_NAME = 1000;

export interface NamePattern {
  /** The time that a file's name tells, with the finest unit that the pattern has; undefined where it does not fit. */
  time(
    fileName: string,
  ): { milliseconds: number; unit: "year" | "month" | "day" | "hour" | "minute" | "second" } | undefined;
}

/** Throws a SyntaxError that says what is wrong with the pattern. */
export function namePattern(pattern: string): NamePattern {
  if (pattern.length > MAX_PATTERN) {
    throw new SyntaxError(`has ${pattern.length} characters (at most ${MAX_PATTERN})`);
  }
  refuseNested(pattern);
  let expression: RegExp;
  try {
    expression = new RegExp(pattern, "u");
  } catch (error) {
    throw new SyntaxError(`is no regular expression: ${(error as Error).message}`);
  }
  const groups = [...pattern.matchAll(/\(\?<([A-Za-z_]\w*)>/g)].map(([, name]) => name);
  const unknown = groups.find((name) => !(GROUPS as readonly string[]).includes(name));
  if (unknown !== undefined) throw new SyntaxError(`has a group "${unknown}" (known: ${GROUPS.join(", ")})`);
  if (!groups.includes("year")) throw new SyntaxError("has no group (?<year>…)");
  const unit = groups.includes("second")
    ? "second"
    : groups.includes("minute")
    ? "minute"
    : groups.includes("hour")
    ? "hour"
    : groups.includes("day") || groups.includes("doy")
    ? "day"
    : groups.includes("month")
    ? "month"
    : "year";
  return {
    time(fileName) {
      if (fileName.length > MAX_NAME) return undefined;
      const found = expression.exec(fileName)?.groups;
      if (found === undefined) return undefined;
      const number = (group: Group, absent: number) =>
        found[group] === undefined ? absent : Number(found[group]);
      const year = number("year", NaN);
      const dayOfYear = found.doy === undefined ? undefined : Number(found.doy);
      const [month, day] = dayOfYear === undefined ? [number("month", 1), number("day", 1)] : [1, dayOfYear];
      const [hour, minute, second] = [number("hour", 0), number("minute", 0), number("second", 0)];
      const parts = [year, month, day, hour, minute, second];
      const most = [9999, 12, dayOfYear === undefined ? 31 : 366, 23, 59, 60];
      const least = [1, 1, 1, 0, 0, 0];
      if (!parts.every((part, i) => Number.isInteger(part) && part >= least[i] && part <= most[i])) {
        return undefined;
      }
      const milliseconds = Date.UTC(year, month - 1, day, hour, minute, second);
      // A day that the month does not have is no time.
      if (dayOfYear === undefined && new Date(milliseconds).getUTCMonth() !== month - 1) return undefined;
      return { milliseconds, unit };
    },
  };
}

/** A repeated group that holds a repetition can take time without end on a name made for it. */
function refuseNested(pattern: string): void {
  const open: boolean[] = [];
  let repeats = false;
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i];
    if (character === "\\") i++;
    else if (character === "[") {
      const end = pattern.indexOf("]", i + 2);
      i = end < 0 ? pattern.length : end;
    } else if (character === "(") {
      open.push(repeats);
      repeats = false;
    } else if (character === ")") {
      const inner: boolean = repeats;
      repeats = (open.pop() ?? false) || inner;
      const next = pattern[i + 1];
      if (inner && (next === "*" || next === "+" || next === "{")) {
        throw new SyntaxError("repeats a group that repeats itself (write the repetition out)");
      }
    } else if (character === "*" || character === "+" || character === "{") repeats = true;
    if (/^\\[1-9k]/.test(pattern.slice(i - 1, i + 1))) throw new SyntaxError("refers back to a group");
  }
}
