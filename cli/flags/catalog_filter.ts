/** The flags by which commands choose granules of a catalog. */
import { type CommandUnknownOpts, InvalidArgumentError } from "@commander-js/extra-typings";
import type { GranuleFilter } from "../../catalog/query/filter.ts";

export interface FilterFlags {
  where?: string | undefined;
  collection?: string | undefined;
  provider?: string | undefined;
  start?: string | undefined;
  end?: string | undefined;
}

/** Adds --where, --collection, --provider, --start and --end. */
export function addFilterOptions(command: CommandUnknownOpts): void {
  command.option("--where <sql>", "only granules that fulfil this SQL condition on the catalog's columns");
  command.option("--collection <globs>", "only these collections, such as 'ATL06.*', with commas between");
  command.option("--provider <names>", "only these providers, with commas between");
  command.option(
    "--start <time>",
    "only granules that end at this time or later (2019-04-16 or with a time, UTC)",
  );
  command.option(
    "--end <time>",
    "only granules that start at this time or before; a date means all of its day",
  );
}

/** The filter that the flags name. */
export function filterFrom(flags: FilterFlags): GranuleFilter {
  return {
    where: flags.where,
    collections: flags.collection?.split(",").map((glob) => glob.trim()),
    providers: flags.provider?.split(",").map((name) => name.trim()),
    start: flags.start === undefined ? undefined : parseTime(flags.start, "start"),
    end: flags.end === undefined ? undefined : parseTime(flags.end, "end"),
  };
}

const DAY_MS = 86_400_000;

/** A date or a time in UTC as milliseconds since 1970; a date alone means its first or last millisecond. */
function parseTime(text: string, edge: "start" | "end"): number {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:\d{2})?)?$/.exec(
    text.trim(),
  );
  const time = match === null ? NaN : Date.parse(`${match[1]}T${match[2] ?? "00:00"}${match[3] ?? "Z"}`);
  const dayIsReal = match !== null && new Date(`${match[1]}T00:00Z`).toJSON()?.startsWith(match[1]);
  if (!Number.isFinite(time) || !dayIsReal) {
    throw new InvalidArgumentError(`"${text}" is not a time (wanted 2019-04-16 or 2019-04-16T09:30:00Z)`);
  }
  return edge === "end" && match[2] === undefined ? time + DAY_MS - 1 : time;
}
