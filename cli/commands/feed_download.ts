/** `granary feed download FEED.yaml` */
import type { Command } from "@commander-js/extra-typings";
import { inputError } from "../../core/errors.ts";
import { formatBytes, formatNumberOf } from "../../core/units.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { failOnFailures } from "../io/failures.ts";
import { withFeed } from "./feed_open.ts";

export function addFeedDownload(feed: Command, context: CliContext): void {
  feed.command("download")
    .description("fetch the files that the feed has queued and that are due")
    .argument("<feed>", "the feed's YAML")
    .option("--deadline <time>", "begin no file after this time: 14m, 1h")
    .addHelpText("after", "\nExamples:\n  granary feed download s2.yaml --deadline 14m")
    .action(async (file, options) => {
      const { durationMs } = await import("../../feed/definition/parse.ts");
      const { Deadline } = await import("../../feed/follow/deadline.ts");
      const { downloadDue } = await import("../../feed/queue/download.ts");
      const limit = options.deadline === undefined ? Infinity : durationMs(options.deadline);
      if (limit === null) {
        throw inputError(`--deadline: "${options.deadline}" is no time (wanted such as 14m, 1h)`);
      }
      await withFeed(file, context, async (opened) => {
        const { download } = opened.definition;
        if (download === undefined) throw inputError(`${file}: names no download.to`);
        const result = await downloadDue(opened, {
          ...download,
          env: context.env,
          signal: context.signal,
          deadline: new Deadline(Date.now() + limit, context.signal),
          onNote: (note) => context.log.warn(note),
        });
        if (context.json) printReport(context, "feed.download", result);
        else {
          context.log.info(
            `${formatNumberOf(result.files, "file")}, ${formatBytes(result.bytes)}` +
              (result.more ? "; more are due" : ""),
          );
        }
        failOnFailures(
          result.failed.map(({ id, error }) => ({ id, reason: error })),
          `${
            formatNumberOf(result.failed.length, "download")
          } failed (granary feed status says what is dead)`,
          context,
        );
      });
    });
}
