/** `granary feed publish FEED.yaml` */
import type { Command } from "@commander-js/extra-typings";
import { inputError } from "../../core/errors.ts";
import { formatNumberOf } from "../../core/units.ts";
import { outputFile, OVERWRITE, OVERWRITE_HELP } from "../flags/output.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { withFeed } from "./feed_open.ts";
import { fileToRead, fileToWrite } from "../flags/places.ts";

export function addFeedPublish(feed: Command, context: CliContext): void {
  feed.command("publish")
    .description("write the catalog: the parts that changed, or all as one file")
    .argument("<feed>", "the feed's YAML", fileToRead)
    .option("-o, --output <file>", "one catalog file, with all granules", fileToWrite)
    .option(OVERWRITE, OVERWRITE_HELP)
    .addHelpText(
      "after",
      "\nExamples:\n  granary feed publish s2.yaml\n  granary feed publish s2.yaml -o s2.parquet --overwrite",
    )
    .action(async (file, options) => {
      const { publishFile, publishParts } = await import("../../feed/live/publish.ts");
      const output = options.output === undefined
        ? undefined
        : outputFile(options.output, "Parquet", options.overwrite);
      if (output === undefined && options.overwrite) {
        throw inputError("--overwrite replaces the file that -o names, and there is no -o");
      }
      await withFeed(
        file,
        context,
        async ({ engine, catalog: target, definition: { name, catalog, cellOrder } }) => {
          if (output !== undefined) {
            const rows = await publishFile(engine, name, output, cellOrder);
            if (context.json) printReport(context, "feed.publish", { output, rows });
            else context.log.info(`${output}: ${formatNumberOf(rows, "granule")}`);
            return;
          }
          if (target === undefined) throw inputError(`${file}: names no catalog.to (or give -o FILE)`);
          const published = await publishParts({ engine, feed: name, target, cellOrder });
          if (context.json) printReport(context, "feed.publish", { catalog, ...published });
          else {
            context.log.info(
              `${catalog}: ${formatNumberOf(published.parts, "part")}, ${
                formatNumberOf(published.beside, "granule")
              } beside them; ${
                formatNumberOf(published.written, "file")
              } written (manifest ${published.number})`,
            );
          }
        },
      );
    });
}
