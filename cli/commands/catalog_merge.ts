/** `granary catalog merge A B… -o C` */
import type { Command } from "@commander-js/extra-typings";
import { formatBytes, formatCount, formatNumberOf } from "../../core/units.ts";
import { outputFile, OVERWRITE, OVERWRITE_HELP } from "../flags/output.ts";
import { catalogAccess } from "./catalog_access.ts";
import { CELL_INDEX, CELL_INDEX_HELP, NO_CELL_INDEX, NO_CELL_INDEX_HELP } from "../flags/output.ts";
import { indexBeside } from "./catalog_index.ts";
import type { CliContext } from "../io/context.ts";
import { warnOfDuplicates } from "./catalog_duplicates.ts";
import { printReport } from "../io/report.ts";
import { catalogsToRead, fileToWrite } from "../flags/places.ts";

const EXAMPLES = `
Examples:
  granary catalog merge atl06.parquet atl08.parquet -o both.parquet
  granary catalog merge all.parquet new.parquet -o all.parquet

Of a granule that is in several, the highest revision stays; of equal ones that of the file named last.`;

export function addCatalogMerge(catalog: Command, context: CliContext): void {
  catalog.command("merge")
    .description("merge catalogs, of any products and providers, into one")
    .argument(
      "<files...>",
      "catalogs: files, addresses of S3 or HTTPS; one may be - for stdin",
      catalogsToRead,
    )
    .requiredOption("-o, --output <file>", "the catalog to write; it may be one of the inputs", fileToWrite)
    .option(OVERWRITE, OVERWRITE_HELP)
    .option(
      "--scratch <dir>",
      "folder for what does not fit memory (default: beside the output)",
      fileToWrite,
    )
    .option(CELL_INDEX, CELL_INDEX_HELP)
    .option(NO_CELL_INDEX, NO_CELL_INDEX_HELP)
    .addHelpText("after", EXAMPLES)
    .action(async (files, options) => {
      const { mergeCatalogs } = await import("../../catalog/write/merge.ts");
      const output = outputFile(options.output, "Parquet", options.overwrite, files);
      const result = await mergeCatalogs(files, output, {
        scratch: options.scratch,
        ...catalogAccess(context),
      });
      await warnOfDuplicates(output, context);
      await indexBeside(output, options.cellIndex, context);
      if (context.json) printReport(context, "catalog.merge", { output: options.output, ...result });
      else {
        context.log.info(
          `${options.output}: ${formatNumberOf(result.rows, "granule")}, ${formatBytes(result.sizeBytes)}; ` +
            `${formatCount(result.replaced)} older or repeated rows left out`,
        );
      }
    });
}
