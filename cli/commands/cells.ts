/** `granary cells F --order 6`: parent cells with their counts of granules. */
import { type Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { compileLater } from "../../core/compile_later.ts";
import { formatCount, formatNumberOf } from "../../core/units.ts";
import { addAreaOptions, areaFrom } from "../flags/area.ts";
import { catalogAccess } from "./catalog_access.ts";
import type { CliContext } from "../io/context.ts";
import { addFilterOptions } from "../flags/filter.ts";
import { type CellsFlags, cellsRequest } from "../flags/selection.ts";
import { printReport } from "../io/report.ts";
import { catalogToRead } from "../flags/places.ts";

const EXAMPLES = `
Examples:
  granary cells catalog.parquet --order 6
  granary cells catalog.parquet --order 6 --region greenland --json
  granary cells catalog.parquet --order 8 --where "start_datetime >= '2019-06-01'"`;

const MAX_PARENT_ORDER = 24;
const DEFAULT_ORDER = 6;

export function addCells(program: Command, context: CliContext): void {
  const command = program.command("cells")
    .description("list parent cells with the number of granules that each needs")
    .argument("<file>", "a catalog: a file, an address of S3 or HTTPS, or - for stdin", catalogToRead)
    .option("--order <n>", `order of the cells, 0 to ${MAX_PARENT_ORDER}`, parseOrder, DEFAULT_ORDER)
    .addOption(
      new Option("--latitude <convention>", "how cells read latitudes")
        .choices(["authalic", "geodetic"] as const).default("authalic" as const),
    )
    .option("--cells <names>", "only these cells (6/45763 or -6134114), with commas between")
    .option("--unknown-extent", "count granules too whose extent the catalog does not know");
  addFilterOptions(command);
  addAreaOptions(command);
  command.addHelpText("after", EXAMPLES)
    .action(async (file, options) => {
      compileLater();
      const { openCatalog } = await import("../../catalog/file/open_catalog.ts");
      const { plainCatalogFor } = await import("../../catalog/query/filter.ts");
      const { countParents } = await import("../../catalog/query/select.ts");
      const { cellName, mortonName } = await import("../../core/cells/cell_name.ts");
      const { order } = options;
      const flags = options as CellsFlags;
      const request = cellsRequest(flags, await areaFrom(flags));
      // A condition may ask of the views of `catalog sql`.
      const views = flags.where !== undefined;
      const opened = plainCatalogFor(file, request) ??
        await openCatalog(file, { ...catalogAccess(context), views });
      try {
        const { filterNotes } = await import("../../catalog/query/filter_notes.ts");
        const notes = await filterNotes(opened, request);
        const found = await countParents(opened, { ...request, signal: context.signal });
        const { parents, counts } = found;
        const rows = Array.from(
          parents,
          (parent, i) => ({
            cell: cellName(parent, order),
            morton: mortonName(parent, order),
            granules: counts[i],
          }),
        );
        if (context.json) printReport(context, "cells", { order, cells: rows });
        else context.out.table(["cell", "morton", "granules"], rows.map((row) => Object.values(row)));
        context.log.info(
          `${formatNumberOf(rows.length, "cell")} of order ${order}, ${
            formatNumberOf(found.granules, "granule")
          }`,
        );
        if (found.unknownExtent > 0 && !options.unknownExtent) {
          context.log.warn(
            `${
              formatCount(found.unknownExtent)
            } granules of unknown extent are left out (--unknown-extent takes them)`,
          );
        }
        for (const note of notes) context.log.warn(note);
      } finally {
        opened.close();
      }
    });
}

function parseOrder(text: string): number {
  const order = Number(text);
  if (!/^\d+$/.test(text) || order > MAX_PARENT_ORDER) {
    throw new InvalidArgumentError(`"${text}" is not an order of 0 to ${MAX_PARENT_ORDER}.`);
  }
  return order;
}
