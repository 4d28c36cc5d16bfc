/** `granary fetch CATALOG --to DIR`: downloads what a selection needs and points the catalog at it. */
import type { Command } from "@commander-js/extra-typings";
import { formatBytes, formatCount, formatNumberOf } from "../../core/units.ts";
import { FILES_AT_ONCE } from "../../core/concurrency.ts";
import { addAreaOptions, areaFrom } from "../flags/area.ts";
import type { CliContext, Progress } from "../io/context.ts";
import { failOnFailures } from "../io/failures.ts";
import { addFilterOptions } from "../flags/filter.ts";
import { type FetchFlags, fetchRequest } from "../flags/selection.ts";
import { whole } from "../flags/numbers.ts";
import { printReport } from "../io/report.ts";
import { catalogToRead, fileToWrite } from "../flags/places.ts";

const EXAMPLES = `
Examples:
  granary fetch catalog.parquet --to /data/mirror
  granary fetch catalog.parquet --to /data/mirror --collection 'ATL06.*' --bbox -60,60,-20,84
  granary aggregate -c atl06 --catalog /data/mirror/catalog.parquet -o store.zarr

Files lie as provider/collection/path. A run that was interrupted goes on where it was; files that are there
are not fetched again. Checksums of the catalog are verified.`;

export function addFetch(program: Command, context: CliContext): void {
  const command = program.command("fetch")
    .description("download the granules of a catalog to disk, and write a catalog that points at them")
    .argument("<catalog>", "a catalog: a file, an address of S3 or HTTPS, or - for stdin", catalogToRead)
    .requiredOption("--to <dir>", "the folder of the mirror", fileToWrite)
    .option(
      "-o, --output <file>",
      "the catalog to write (default: catalog.parquet in the mirror)",
      fileToWrite,
    )
    .option("--driver <drivers>", "where from: auto, or s3, https in order of preference", "auto")
    .option("--asset <key>", "of granules with several files, only this one: its key, or a glob of names")
    .option("--files <n>", "files to fetch side by side", whole(1, 64), FILES_AT_ONCE)
    .option("--verify", "compare the checksums of files that are there already, too");
  addFilterOptions(command);
  addAreaOptions(command);
  command
    .addHelpText("after", EXAMPLES)
    .action(async (file, options) => {
      const { fetchGranules } = await import("../../catalog/mirror/fetch.ts");
      const { SourceOpener } = await import("../../core/access/open.ts");
      const flags = options as FetchFlags;
      const request = fetchRequest(flags, await areaFrom(flags));
      let progress: Progress | undefined;
      const report = await fetchGranules(file, {
        ...request,
        signal: context.signal,
        opener: new SourceOpener({
          env: context.env,
          signal: context.signal,
          warn: (message) => context.log.warn(message),
        }),
        onNote: (note) => context.log.warn(note),
        onPlan: (files, bytes) => {
          const total = bytes === null ? "" : `, ${formatBytes(bytes)}`;
          context.log.info(`${formatCount(files)} files${total} to ${options.to}`);
          progress = context.log.progress("fetch", files, "files");
        },
        onProgress: (done, bytes) => progress?.update(done, formatBytes(bytes)),
      });
      progress?.end(formatBytes(report.bytes));
      if (context.json) printReport(context, "fetch", report);
      else {
        context.log.info(
          `${formatCount(report.fetched)} files fetched, ${formatCount(report.there)} were there, ` +
            `${formatCount(report.verified)} verified; ${report.catalog} points at them`,
        );
      }
      const failed = report.failures.map(({ message, ...granule }) => ({ ...granule, reason: message }));
      failOnFailures(
        failed,
        `${
          formatNumberOf(failed.length, "file")
        } could not be fetched; run again to try those, and only those`,
        context,
      );
    });
}
