/** `granary catalog export F --stac-geoparquet -o G` */
import type { Command } from "@commander-js/extra-typings";
import { inputError } from "../../core/errors.ts";
import { formatBytes, formatNumberOf } from "../../core/units.ts";
import { outputFile, OVERWRITE, OVERWRITE_HELP } from "../flags/output.ts";
import { catalogAccess } from "./catalog_access.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { catalogToRead, fileToWrite } from "../flags/places.ts";

const EXAMPLES = `
Examples:
  granary catalog export catalog.parquet --stac-geoparquet -o items.parquet`;

export function addCatalogExport(catalog: Command, context: CliContext): void {
  catalog.command("export")
    .description("write a catalog in another form")
    .argument("<file>", "a catalog: a file, an address of S3 or HTTPS, or - for stdin", catalogToRead)
    .requiredOption("-o, --output <file>", "the file to write", fileToWrite)
    .option("--stac-geoparquet", "STAC items as GeoParquet")
    .option(OVERWRITE, OVERWRITE_HELP)
    .addHelpText("after", EXAMPLES)
    .action(async (file, options) => {
      if (!options.stacGeoparquet) throw inputError("the form is missing (wanted --stac-geoparquet)");
      const { openCatalog } = await import("../../catalog/file/open_catalog.ts");
      const { exportStacGeoparquet } = await import("../../catalog/write/export.ts");
      const output = outputFile(options.output, "Parquet", options.overwrite);
      const opened = await openCatalog(file, catalogAccess(context));
      try {
        const result = await exportStacGeoparquet(opened, output, { signal: context.signal });
        if (context.json) printReport(context, "catalog.export", { output: options.output, ...result });
        else {
          context.log.info(
            `${options.output}: ${formatNumberOf(result.items, "item")}, ${formatBytes(result.sizeBytes)}`,
          );
        }
        if (result.withoutFootprint > 0) {
          context.log.warn(
            `left out ${formatNumberOf(result.withoutFootprint, "granule")} without footprint: ` +
              "readers of stac-geoparquet take no item without a box",
          );
        }
        for (const [reason, count] of Object.entries(result.leftOut)) {
          context.log.warn(`left out of ${formatNumberOf(count, "item")}: ${reason}`);
        }
      } finally {
        opened.close();
      }
    });
}
