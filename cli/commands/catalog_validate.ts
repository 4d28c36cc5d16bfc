/** `granary catalog validate F` */
import type { Command } from "@commander-js/extra-typings";
import { inputError } from "../../core/errors.ts";
import { formatCount, formatNumberOf } from "../../core/units.ts";
import { catalogAccess } from "./catalog_access.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { catalogToRead } from "../flags/places.ts";

const EXAMPLES = `
Examples:
  granary catalog validate catalog.parquet
  granary catalog validate catalog.parquet --no-cells     skip the slowest check
  granary catalog validate catalog.parquet --json | jq .counts

Exit code 2 when the file breaks the contract.`;

export function addCatalogValidate(catalog: Command, context: CliContext): void {
  catalog.command("validate")
    .description("check a catalog: GeoParquet metadata, columns, rows, cells against footprints, locations")
    .argument("<file>", "a catalog: a file, an address of S3 or HTTPS, or - for stdin", catalogToRead)
    .option("--no-cells", "do not compute footprints' cells again")
    .addHelpText("after", EXAMPLES)
    .action(async (file, options) => {
      const { openCatalog } = await import("../../catalog/file/open_catalog.ts");
      const { validateCatalog } = await import("../../catalog/validate/validate.ts");
      const opened = await openCatalog(file, catalogAccess(context));
      const progress = context.log.progress("validate", await opened.count(), "granules");
      try {
        const report = await validateCatalog(opened, {
          cells: options.cells,
          signal: context.signal,
          onRows: (rows) => progress.update(rows),
        });
        progress.end();
        if (context.json) printReport(context, "catalog.validate", report);
        else {
          for (const { level, message } of report.findings) context.out.write(`${level}: ${message}\n`);
          for (const [check, count] of Object.entries(report.counts)) {
            const shown = report.findings.filter((finding) => finding.check === check).length;
            if (count > shown) context.out.write(`… and ${formatCount(count - shown)} more of "${check}"\n`);
          }
          if (report.valid) {
            context.out.write(`OK: ${report.file}: ${formatNumberOf(report.granules, "granule")}\n`);
          }
        }
        if (!report.valid) {
          throw inputError(`${report.file}: breaks the catalog's contract`, { counts: report.counts });
        }
      } finally {
        progress.end();
        opened.close();
      }
    });
}
