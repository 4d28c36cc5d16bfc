/** `granary catalog build --from SOURCE … -o F`: granules found somewhere become a catalog. */
import { inputError } from "../../core/errors.ts";
import { type Command, Option } from "@commander-js/extra-typings";
import { formatBytes, formatNumberOf } from "../../core/units.ts";
import type { BuildResult } from "../../catalog/write/build.ts";
import { DEFAULT_CELL_ORDER } from "../../catalog/schema.ts";
import { outputFile, OVERWRITE, OVERWRITE_HELP } from "../flags/output.ts";
import type { CliContext } from "../io/context.ts";
import { type FailedItem, failOnFailures, showFailures } from "../io/failures.ts";
import { localSource } from "./catalog_build_local.ts";
import { remoteSources } from "./catalog_build_remote.ts";
import { s3Source } from "./catalog_build_s3.ts";
import type { BuildSource, OpenedSource } from "./catalog_build_source.ts";
import { parseCellOrder } from "./catalog_import.ts";
import { warnOfDuplicates } from "./catalog_duplicates.ts";
import { printReport } from "../io/report.ts";

const EXAMPLES = `
Examples:
  granary catalog build --from local granules/ -o catalog.parquet
  granary catalog build --from local *.h5 -c my.yaml --checksum none -o catalog.parquet
  granary catalog build --from cmr --short-name ATL06 --version 006 --cycle 22 --region antarctica -o atl06.parquet
  granary catalog build --from cmr --update -o atl06.parquet
  granary catalog build --from s3 s3://noaa-goes16/ABI-L2-LSTF/2024/001/ --s3-access unsigned -o goes.parquet
  granary catalog build --from stac https://earth-search.aws.element84.com/v1 --collection sentinel-2-l2a \\
    --bbox -50,68,-48,70 --start 2023-07-01 --end 2023-07-31 -o sentinel.parquet`;

export function addCatalogBuild(
  catalog: Command,
  context: CliContext,
  sources: readonly BuildSource[] = [localSource, ...remoteSources, s3Source],
): void {
  const command = catalog.command("build")
    .description("find granules and write their catalog")
    .argument("[inputs...]", "what the source takes: paths, files, URLs")
    .addOption(
      new Option("--from <source>", "where granules are found").choices(sources.map(({ kind }) => kind))
        .makeOptionMandatory(),
    )
    .requiredOption("-o, --output <file>", "the catalog to write")
    .option(OVERWRITE, OVERWRITE_HELP)
    .option("--cell-order <n>", "order of the cells", parseCellOrder, DEFAULT_CELL_ORDER)
    .option("--provider <name>", "who serves the granules");
  for (const source of sources) source.addOptions(command);
  command.addHelpText("after", EXAMPLES)
    .action(async (inputs, options) => {
      const { buildCatalog } = await import("../../catalog/write/build.ts");
      const { cellOrder } = options;
      const { update } = options as { update?: boolean };
      if (update === true && options.from === "local") {
        throw inputError(
          "--update asks CMR for what changed since, and files of a disk cannot be asked (build another catalog and" +
            " granary catalog merge the two)",
        );
      }
      const updates = update === true ? [options.output] : [];
      const output = outputFile(options.output, "Parquet", options.overwrite, updates);
      const source = sources.find(({ kind }) => kind === options.from)!;
      const flags = options as object as Record<string, unknown>;
      const opened = await source.open({ inputs, flags, cellOrder, output, context });
      let result: BuildResult;
      try {
        result = await buildCatalog({
          rows: opened.rows,
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
      await warnOfDuplicates(output, context);
      report(output, result, opened, context);
    });
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
  if (context.json) printReport(context, "catalog.build", { output, ...result, failures: opened.failures });
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
