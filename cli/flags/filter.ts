/** The flags by which commands choose granules of a catalog. */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { GranuleFilter } from "../../catalog/query/filter.ts";
import { endTime, startTime } from "./dates.ts";
import { listOf } from "./numbers.ts";

export interface FilterFlags {
  where?: string | undefined;
  collection?: string | undefined;
  provider?: string | undefined;
  start?: string | undefined;
  end?: string | undefined;
}

/** Adds --where, --collection, --provider, --start and --end, under a heading that the area's flags share. */
export function addFilterOptions(command: CommandUnknownOpts): void {
  command.optionsGroup("Choosing:");
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
    collections: flags.collection === undefined ? undefined : listOf(flags.collection),
    providers: flags.provider === undefined ? undefined : listOf(flags.provider),
    start: flags.start === undefined ? undefined : startTime(flags.start),
    end: flags.end === undefined ? undefined : endTime(flags.end),
  };
}
