/** `granary catalog index F`: the cell index beside a catalog, also of commands that write catalogs. */
import type { Command } from "@commander-js/extra-typings";
import type { WrittenCellIndex } from "../../catalog/cell_index/write_index.ts";
import { inputError } from "../../core/errors.ts";
import { inputPath } from "../../core/files/address.ts";
import { formatBytes, formatNumberOf } from "../../core/units.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { fileToRead } from "../flags/places.ts";

const EXAMPLES = `
Examples:
  granary catalog index atl06.parquet
  granary cells atl06.parquet --cells 6/45763

The index, atl06.cells.parquet, says for each cell which granules touch it: granary cells and granary aggregate
then find a region's granules among a million at once. It is never needed, and where the catalog has changed since,
the changed rows are looked through as without it.`;

export function addCatalogIndex(catalog: Command, context: CliContext): void {
  catalog.command("index")
    .description("write the cell index of a catalog beside it: which granules touch which cells")
    .argument("<file>", "a catalog's file", fileToRead)
    .addHelpText("after", EXAMPLES)
    .action(async (named) => {
      const { cellIndexPath } = await import("../../catalog/file/cell_index_path.ts");
      const { requireCellIndex } = await import("../../catalog/cell_index/keep_index.ts");
      const { writeCellIndex } = await import("../../catalog/cell_index/write_index.ts");
      if (named === "-") {
        throw inputError("-: a cell index lies beside its catalog (found stdin, wanted a file)");
      }
      const file = inputPath(named);
      await requireCellIndex(cellIndexPath(file));
      const progress = context.log.progress("index", null, "granules");
      try {
        const written = await writeCellIndex(file, {
          signal: context.signal,
          onRows: (rows) => progress.update(rows),
        });
        progress.end();
        if (context.json) printReport(context, "catalog.index", written);
        else say(written, context);
      } finally {
        progress.end();
      }
    });
}

/** After a catalog was written: its cell index, where it is to have one. */
export async function indexBeside(
  file: string,
  wished: boolean | undefined,
  context: CliContext,
): Promise<void> {
  const { keepCellIndex } = await import("../../catalog/cell_index/keep_index.ts");
  const written = await keepCellIndex(file, wished, {
    signal: context.signal,
    warn: (message) => context.log.warn(message),
  });
  if (written !== null && !context.json) say(written, context);
}

function say({ file, cells, sizeBytes }: WrittenCellIndex, context: CliContext): void {
  context.log.info(`${file}: cell index, ${formatNumberOf(cells, "cell")}, ${formatBytes(sizeBytes)}`);
}
