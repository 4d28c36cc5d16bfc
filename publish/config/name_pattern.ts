/** Patterns over file names with named groups, for times that no other place tells. */
import { Pattern } from "../../core/patterns/pattern.ts";

const GROUPS = ["year", "month", "day", "doy", "hour", "minute", "second"] as const;
type Group = (typeof GROUPS)[number];

interface NamePattern {
  /** The time that a file's name tells, with the finest unit that the pattern has; undefined where it does not fit. */
  time(
    fileName: string,
  ): { milliseconds: number; unit: "year" | "month" | "day" | "hour" | "minute" | "second" } | undefined;
}

/** Throws a SyntaxError that says what is wrong with the pattern. */
export function namePattern(pattern: string): NamePattern {
  const expression = new Pattern(pattern);
  const groups = expression.names;
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
      const found = expression.exec(fileName)?.named;
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
