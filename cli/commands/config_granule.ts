/** `granary config check CONFIG --granule FILE`: what a config takes of one file. */
import type { Pipeline } from "../../aggregate/pipeline.ts";
import { rowTests } from "../../aggregate/statistics/row_test.ts";
import { openFileSyncSource } from "../../core/access/file_source.ts";
import { openNamed } from "../../core/access/open_named.ts";
import { SourceOpener } from "../../core/access/open.ts";
import { GranaryError, inputError } from "../../core/errors.ts";
import { Hdf5Session } from "../../core/grids/hdf5_session.ts";
import type { Hdf5File } from "../../core/hdf5/contract.ts";
import { checkGranule, type GranuleCheck } from "../../core/observations/check_granule.ts";
import { openHdf5 } from "../../core/observations/open_granule_file.ts";
import { formatCount } from "../../core/units.ts";
import { givenValues } from "../../products/given_columns.ts";
import type { CliContext } from "../io/context.ts";
import { isObjectAddress } from "../../core/files/address.ts";

/** Throws an input error where the config does not fit the file, of this machine or behind an address. */
export async function checkFile(
  place: string,
  { dataSource }: Pipeline,
  context: CliContext,
): Promise<GranuleCheck> {
  try {
    const found = /^https?:\/\//i.test(place) || isObjectAddress(place)
      ? await checkRemote(place, dataSource, context)
      : await checkLocal(place, dataSource);
    if (found.groups.length === 0) {
      throw inputError(
        `${place}: none of the groups ${found.empty.join(", ")} has a dataset that the config names ` +
          "(granary inspect shows what is there)",
      );
    }
    return found;
  } catch (error) {
    // The config is held against the file: what does not fit is the input's fault, whichever of the two.
    if (error instanceof GranaryError && error.tag === "granule") throw inputError(error.message);
    throw error;
  }
}

function checkOpen(file: Hdf5File, place: string, request: Pipeline["dataSource"]): GranuleCheck {
  const id = place.split(/[\\/]/).at(-1)!.replace(/\.[^.]*$/, "");
  return checkGranule(file, request, rowTests(), givenValues(file, { collection: "", id }));
}

async function checkLocal(path: string, request: Pipeline["dataSource"]): Promise<GranuleCheck> {
  const source = openFileSyncSource(path);
  try {
    const file = await openHdf5(source);
    try {
      return checkOpen(file, path, request);
    } finally {
      file.close();
    }
  } finally {
    source.close();
  }
}

async function checkRemote(
  place: string,
  request: Pipeline["dataSource"],
  { env, signal, log }: CliContext,
): Promise<GranuleCheck> {
  const opener = new SourceOpener({ env, signal, warn: (message) => log.warn(message) });
  try {
    const source = await openNamed(opener, place);
    try {
      const session = await Hdf5Session.open(source, signal);
      try {
        return await session.run((file) => checkOpen(file, place, request), signal);
      } finally {
        session.close();
      }
    } finally {
      await source.close();
    }
  } finally {
    await opener.close();
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
