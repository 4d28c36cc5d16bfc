/** `granary catalog build --from SOURCE … -o F`: granules found somewhere become a catalog. */
import type { Command } from "@commander-js/extra-typings";
import type { BuildResult } from "../../catalog/write/build.ts";
import { formatBytes, formatNumberOf } from "../../core/units.ts";
import { areaFrom } from "../flags/area.ts";
import {
  addBuildOptions,
  type BuildFlags,
  type BuildRequest,
  buildRequest,
  checkBuildFlags,
} from "../flags/build.ts";
import { outputFile } from "../flags/output.ts";
import type { CliContext } from "../io/context.ts";
import { type FailedItem, failOnFailures, showFailures } from "../io/failures.ts";
import { printReport } from "../io/report.ts";
import { openLocal } from "./catalog_build_local.ts";
import { openRemote, openUpdate } from "./catalog_build_remote.ts";
import { openS3 } from "./catalog_build_s3.ts";
import type { OpenedSource } from "./catalog_build_source.ts";
import { warnOfDuplicates } from "./catalog_duplicates.ts";
import { indexBeside } from "./catalog_index.ts";
import { placesToRead } from "../flags/places.ts";

const EXAMPLES = `
Examples:
  granary catalog build --from local granules/ -o catalog.parquet
  granary catalog build --from local *.h5 -c my.yaml --checksum none -o catalog.parquet
  granary catalog build --from cmr --short-name ATL06 --version 006 --cycle 22 --region antarctica -o atl06.parquet
  granary catalog build --from cmr --update -o atl06.parquet
  granary catalog build --from s3 s3://noaa-goes16/ABI-L2-LSTF/2024/001/ --s3-access unsigned -o goes.parquet
  granary catalog build --from stac https://earth-search.aws.element84.com/v1 --collection sentinel-2-l2a \\
    --bbox -50,68,-48,70 --start 2023-07-01 --end 2023-07-31 -o sentinel.parquet`;

export function addCatalogBuild(catalog: Command, context: CliContext): void {
  const command = catalog.command("build")
    .description("find granules and write their catalog")
    .argument("[inputs...]", "what the source takes: paths, files, URLs", placesToRead);
  addBuildOptions(command);
  command.addHelpText("after", EXAMPLES)
    .action(async (inputs) => {
      const flags = command.opts() as BuildFlags;
      checkBuildFlags(flags, inputs);
      const updates = flags.update === true ? [flags.output] : [];
      const output = outputFile(flags.output, "Parquet", flags.overwrite, updates);
      const request = buildRequest({ ...flags, output }, inputs, await areaFrom(flags));
      const opened = await openSource(request, context);
      const result = await written(opened, request, context);
      await warnOfDuplicates(output, context);
      await indexBeside(output, flags.cellIndex, context);
      report(output, result, opened, context);
    });
}

function openSource(request: BuildRequest, context: CliContext): Promise<OpenedSource> {
  const { source } = request;
  switch (source.from) {
    case "local":
      return openLocal(source, request, context);
    case "cmr-update":
      return openUpdate(source, request, context);
    case "s3":
      return openS3(source, request, context);
    default:
      return openRemote(source, request, context);
  }
}

/** Writes the catalog of a source, and closes the source. */
async function written(
  opened: OpenedSource,
  { output, cellOrder }: BuildRequest,
  context: CliContext,
): Promise<BuildResult> {
  const { buildCatalog } = await import("../../catalog/write/build.ts");
  const { replacingRows } = await import("../../catalog/discover/discover.ts");
  let result: BuildResult;
  try {
    result = await buildCatalog({
      rows: opened.onto === undefined ? replacingRows(opened.rows, output) : opened.rows,
      output,
      cellOrder: opened.onto?.cellOrder ?? cellOrder,
      onto: opened.onto?.file,
      removed: opened.onto?.removed,
      queries: () => opened.queries(),
      signal: context.signal,
      onWait: (holder) => context.log.info(`${output} is being written by ${holder}; waiting for it`),
    });
    opened.finished?.();
  } catch (error) {
    // Closing after a failure may fail too, of the very failure that is thrown here.
    await opened.close().catch(() => {});
    showFailures(failedOf(opened), context);
    throw error;
  }
  await opened.close();
  return result;
}

function report(
  output: string,
  result: BuildResult,
  opened: OpenedSource,
  context: CliContext,
): void {
  const failed = failedOf(opened);
  for (const note of opened.notes()) context.log.warn(note);
  if (result.removed > 0) {
    context.log.warn(`their source deleted ${formatNumberOf(result.removed, "granule")}`);
  }
  if (result.replaced > 0 && opened.onto === undefined) {
    context.log.warn(
      `${
        formatNumberOf(result.replaced, "granule")
      } came more than once (same collection and id); the highest ` +
        "revision, else the last, was kept",
    );
  }
  if (result.rows === 0) context.log.warn("no granule was found: the catalog is empty");
  const { rows, replaced, removed, sizeBytes } = result;
  const counts = { rows, replaced, removed, sizeBytes };
  if (context.json) printReport(context, "catalog.build", { output, ...counts, failures: opened.failures });
  else {context.log.info(
      `${output}: ${formatNumberOf(result.rows, "granule")}, ${formatBytes(result.sizeBytes)}`,
    );}
  failOnFailures(
    failed,
    `${formatNumberOf(failed.length, "granule")} could not be read; the catalog holds the others`,
    context,
  );
}

function failedOf({ failures }: OpenedSource): FailedItem[] {
  return failures.map(({ granule, reason }) => ({ id: granule, reason }));
}
