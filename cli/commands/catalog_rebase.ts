/** `granary catalog rebase F --mirror DIR -o G` */
import type { Command } from "@commander-js/extra-typings";
import { formatCount, formatNumberOf } from "../../core/units.ts";
import { outputFile, OVERWRITE, OVERWRITE_HELP } from "../flags/output.ts";
import { catalogAccess } from "./catalog_access.ts";
import { CELL_INDEX, CELL_INDEX_HELP, NO_CELL_INDEX, NO_CELL_INDEX_HELP } from "../flags/output.ts";
import { indexBeside } from "./catalog_index.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { catalogToRead, fileToRead, fileToWrite } from "../flags/places.ts";

const EXAMPLES = `
Examples:
  granary catalog rebase catalog.parquet --mirror /data/mirror -o local.parquet
  granary catalog rebase catalog.parquet --mirror /data/mirror --existing -o catalog.parquet

A mirror holds files as provider/collection/path.`;

export function addCatalogRebase(catalog: Command, context: CliContext): void {
  catalog.command("rebase")
    .description("point a catalog's rows at a local mirror")
    .argument("<file>", "a catalog: a file, an address of S3 or HTTPS, or - for stdin", catalogToRead)
    .requiredOption("--mirror <dir>", "the folder of the mirror", fileToRead)
    .requiredOption("-o, --output <file>", "the catalog to write; it may be the input", fileToWrite)
    .option(OVERWRITE, OVERWRITE_HELP)
    .option("--existing", "only granules whose files are there")
    .option(CELL_INDEX, CELL_INDEX_HELP)
    .option(NO_CELL_INDEX, NO_CELL_INDEX_HELP)
    .addHelpText("after", EXAMPLES)
    .action(async (file, options) => {
      const { rebaseCatalog } = await import("../../catalog/mirror/rebase.ts");
      const output = outputFile(options.output, "Parquet", options.overwrite, [file]);
      const result = await rebaseCatalog(file, output, {
        mirror: options.mirror,
        existingOnly: options.existing,
        ...catalogAccess(context),
      });
      await indexBeside(output, options.cellIndex, context);
      if (context.json) printReport(context, "catalog.rebase", { output: options.output, ...result });
      else {
        context.log.info(
          `${options.output}: ${formatCount(result.rebased)} of ${
            formatCount(result.rows)
          } granules point at ` +
            `${options.mirror}`,
        );
      }
      const missing = result.rebased - result.there;
      if (!options.existing && missing > 0) {
        context.log.warn(
          `the files of ${formatNumberOf(missing, "granule")} are not in ${options.mirror}` +
            " (--existing leaves such granules as they are; granary fetch brings the files)",
        );
      }
      if (result.unsafe > 0) {
        context.log.warn(
          `left alone ${formatNumberOf(result.unsafe, "granule")} whose names would lead out of the mirror`,
        );
      }
    });
}
