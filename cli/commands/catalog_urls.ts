/** `granary catalog urls F --driver s3|https|local` */
import { type Command, Option } from "@commander-js/extra-typings";
import { compileLater } from "../../core/compile_later.ts";
import { formatCount, formatNumberOf } from "../../core/units.ts";
import { DRIVERS } from "../../catalog/locations.ts";
import { addAreaOptions, type AreaFlags, areaFrom } from "../flags/area.ts";
import { catalogAccess } from "./catalog_access.ts";
import type { CliContext } from "../io/context.ts";
import { addFilterOptions, type FilterFlags, filterFrom } from "../flags/filter.ts";
import { printReport } from "../io/report.ts";
import { catalogToRead } from "../flags/places.ts";

const DEFAULT_DRIVER = "https";

const EXAMPLES = `
Examples:
  granary catalog urls catalog.parquet | aria2c -i -
  granary catalog urls catalog.parquet --driver s3 --where "size_bytes < 1e8" | xargs -n 1 aws s3 ls
  granary catalog urls catalog.parquet --collection 'ATL06.*' --bbox -60,60,-20,84`;

export function addCatalogUrls(catalog: Command, context: CliContext): void {
  const command = catalog.command("urls")
    .description("print where the granules' bytes lie, one URL a line")
    .argument("<file>", "a catalog: a file, an address of S3 or HTTPS, or - for stdin", catalogToRead)
    .addOption(
      new Option("--driver <driver>", "which of a granule's locations").choices(DRIVERS).default(
        DEFAULT_DRIVER,
      ),
    );
  addFilterOptions(command);
  addAreaOptions(command);
  command.addHelpText("after", EXAMPLES)
    .action(async (file, options) => {
      compileLater();
      const { openCatalog } = await import("../../catalog/file/open_catalog.ts");
      const { granuleUrls } = await import("../../catalog/query/urls.ts");
      const { parseDriver } = await import("../../catalog/locations.ts");
      const flags: AreaFlags & FilterFlags = options as object;
      const area = await areaFrom(flags);
      const filter = { ...filterFrom(flags), areas: area === undefined ? [] : [area] };
      const driver = parseDriver(options.driver);
      const opened = await openCatalog(file, catalogAccess(context));
      const { filterNotes } = await import("../../catalog/query/filter_notes.ts");
      const all: unknown[] = [];
      let without = 0;
      let broken = 0;
      try {
        const notes = await filterNotes(opened, filter);
        for await (const granule of granuleUrls(opened, driver, filter)) {
          context.signal.throwIfAborted();
          if (granule.urls.length === 0) without += 1;
          if (context.json) all.push(granule);
          else {
            const lines = granule.urls.filter((url) => !/[\r\n]/.test(url));
            broken += granule.urls.length - lines.length;
            if (lines.length > 0) context.out.write(lines.join("\n") + "\n");
          }
        }
        for (const note of notes) context.log.warn(note);
      } finally {
        opened.close();
      }
      if (context.json) printReport(context, "catalog.urls", { granules: all });
      if (broken > 0) {
        context.log.warn(
          `URLs with a line's end in them, left out: ${formatCount(broken)} (--json gives all)`,
        );
      }
      if (without > 0) context.log.warn(`${formatNumberOf(without, "granule")} without ${driver} location`);
    });
}
