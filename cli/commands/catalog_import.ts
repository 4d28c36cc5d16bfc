/** `granary catalog import F -o G` */
import { type Command, Option } from "@commander-js/extra-typings";
import { formatBytes, formatNumberOf } from "../../core/units.ts";
import { DEFAULT_CELL_ORDER } from "../../catalog/schema.ts";
import { MAX_NUMBER_ORDER } from "../../core/cells/convention.ts";
import { whole } from "../flags/numbers.ts";
import { outputFile, OVERWRITE, OVERWRITE_HELP } from "../flags/output.ts";
import { CELL_INDEX, CELL_INDEX_HELP, NO_CELL_INDEX, NO_CELL_INDEX_HELP } from "../flags/output.ts";
import { indexBeside } from "./catalog_index.ts";
import type { CliContext } from "../io/context.ts";
import { warnOfDuplicates } from "./catalog_duplicates.ts";
import { printReport } from "../io/report.ts";
import { fileToRead, fileToWrite } from "../flags/places.ts";

const EXAMPLES = `
Examples:
  granary catalog import cat_neon.parquet -o catalog.parquet
  granary catalog import granules_by_cell.json --provider NSIDC_CPRD -o catalog.parquet

Takes stac-geoparquet files, such as the Python tools write, and JSON catalogs
{"metadata": {"parent_order", "s3_base", "https_base"}, "catalog": {morton id: [s3 urls]}}.`;

export function addCatalogImport(catalog: Command, context: CliContext): void {
  catalog.command("import")
    .description("make a catalog of another tool's")
    .argument("<file>", "a stac-geoparquet file or a JSON catalog, or - for stdin", fileToRead)
    .requiredOption("-o, --output <file>", "the catalog to write", fileToWrite)
    .option(OVERWRITE, OVERWRITE_HELP)
    .option("--cell-order <n>", "order of the cells", whole(0, MAX_NUMBER_ORDER), DEFAULT_CELL_ORDER)
    .option("--collection <name>", "the collection of granules that name none")
    .option("--provider <name>", "the provider of the granules")
    .addOption(
      new Option("--latitude <convention>", "how the tool that made a JSON catalog read latitudes")
        .choices(["authalic", "geodetic"] as const).default("geodetic" as const),
    )
    .option(CELL_INDEX, CELL_INDEX_HELP)
    .option(NO_CELL_INDEX, NO_CELL_INDEX_HELP)
    .addHelpText("after", EXAMPLES)
    .action(async (file, options) => {
      const { importCatalog } = await import("../../catalog/discover/import.ts");
      const { replacingRows } = await import("../../catalog/discover/discover.ts");
      const { writeCatalog } = await import("../../catalog/write/write.ts");
      const { cellOrder } = options;
      const output = outputFile(options.output, "Parquet", options.overwrite);
      const found = importCatalog(file, {
        cellOrder,
        collection: options.collection,
        provider: options.provider,
        latitude: options.latitude,
      });
      const progress = context.log.progress("import", null, "granules");
      try {
        const result = await writeCatalog(output, replacingRows(found.rows, output), {
          cellOrder,
          queries: () => [found.query()],
          signal: context.signal,
          onRows: (rows) => progress.update(rows),
        });
        progress.end();
        for (const line of found.tally.lines()) context.log.warn(line);
        if (result.replaced > 0) {
          context.log.warn(
            `${formatNumberOf(result.replaced, "granule")} came more than once (same collection and id); ` +
              "the last was kept",
          );
        }
        if (result.rows === 0) context.log.warn("no granule was found: the catalog is empty");
        await warnOfDuplicates(output, context);
        await indexBeside(output, options.cellIndex, context);
        if (context.json) {
          printReport(context, "catalog.import", { output, ...result, set_aside: found.tally });
        } else {
          context.log.info(
            `${output}: ${formatNumberOf(result.rows, "granule")}, ${formatBytes(result.sizeBytes)}`,
          );
        }
      } finally {
        progress.end();
      }
    });
}
