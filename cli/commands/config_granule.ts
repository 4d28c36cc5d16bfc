/** `granary config check CONFIG --granule FILE`: what a config takes of one file. */
import type { Pipeline } from "../../aggregate/pipeline.ts";
import { rowTests } from "../../aggregate/statistics/row_test.ts";
import { openFileSyncSource } from "../../core/access/file_source.ts";
import { GranaryError, inputError } from "../../core/errors.ts";
import { checkGranule, type GranuleCheck } from "../../core/observations/check_granule.ts";
import { openHdf5 } from "../../core/observations/open_granule_file.ts";
import { formatCount } from "../../core/units.ts";
import { givenValues } from "../../products/given_columns.ts";
import type { CliContext } from "../io/context.ts";

/** Throws an input error where the config does not fit the file. */
export async function checkFile(path: string, { dataSource }: Pipeline): Promise<GranuleCheck> {
  try {
    const source = openFileSyncSource(path);
    try {
      const file = await openHdf5(source);
      try {
        const id = path.split(/[\\/]/).at(-1)!.replace(/\.[^.]*$/, "");
        const found = checkGranule(file, dataSource, rowTests(), givenValues(file, { collection: "", id }));
        if (found.groups.length === 0) {
          throw inputError(
            `${path}: none of the groups ${found.empty.join(", ")} has a dataset that the config names ` +
              "(granary inspect shows what is there)",
          );
        }
        return found;
      } finally {
        file.close();
      }
    } finally {
      source.close();
    }
  } catch (error) {
    // The config is held against the file: what does not fit is the input's fault, whichever of the two.
    if (error instanceof GranaryError && error.tag === "granule") throw inputError(error.message);
    throw error;
  }
}

export function printCheck({ groups, empty, missing, warnings }: GranuleCheck, context: CliContext): void {
  const { out, log } = context;
  for (const { group, rows, datasets, filters, kept } of groups) {
    out.write(`\n${group}: ${formatCount(kept)} of ${formatCount(rows)} rows pass and have a place\n`);
    out.table(
      ["dataset", "for", "type", "rows", "fill", "scale", "offset", "without value", "least", "greatest"],
      datasets.map((one) => [
        one.path,
        one.role,
        one.dtype,
        one.rows,
        one.fills.join(", "),
        one.scale === 1 ? "" : one.scale,
        one.offset === 0 ? "" : one.offset,
        one.missing,
        one.min ?? "",
        one.max ?? "",
      ]),
    );
    if (filters.length > 0) {
      out.table(
        ["filter", "rows that pass"],
        filters.map(({ filter, passes }) => [filter, `${formatCount(passes)} of ${formatCount(rows)}`]),
      );
    }
  }
  if (empty.length > 0) log.warn(`groups without any of the config's datasets: ${empty.join(", ")}`);
  if (missing.length > 0) log.warn(`groups that the file does not have: ${missing.join(", ")}`);
  for (const warning of new Set(warnings)) log.warn(warning);
}
