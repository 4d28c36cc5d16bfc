/** `granary feed download FEED.yaml` */
import type { Command } from "@commander-js/extra-typings";
import { inputError } from "../../core/errors.ts";
import { formatBytes, formatNumberOf } from "../../core/units.ts";
import type { Deadline } from "../../feed/follow/deadline.ts";
import type { Feed } from "../../feed/open.ts";
import type { DownloadResult } from "../../feed/queue/download.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { failOnFailures } from "../io/failures.ts";
import { withFeed } from "./feed_open.ts";
import { fileToRead } from "../flags/places.ts";

export function addFeedDownload(feed: Command, context: CliContext): void {
  feed.command("download")
    .description("fetch the files that the feed has queued and that are due")
    .argument("<feed>", "the feed's YAML", fileToRead)
    .option("--deadline <time>", "begin no file after this time: 14m, 1h")
    .addHelpText("after", "\nExamples:\n  granary feed download s2.yaml --deadline 14m")
    .action(async (file, options) => {
      const { durationMs } = await import("../../feed/definition/parse.ts");
      const { Deadline } = await import("../../feed/follow/deadline.ts");
      const limit = options.deadline === undefined ? Infinity : durationMs(options.deadline);
      if (limit === null) {
        throw inputError(`--deadline: "${options.deadline}" is no time (wanted such as 14m, 1h)`);
      }
      await withFeed(file, context, async (opened) => {
        const result = await fetchDue(opened, new Deadline(Date.now() + limit, context.signal), context);
        if (context.json) printReport(context, "feed.download", result);
        else sayFetched(result, context);
        failOnDownloads(result, context);
      });
    });
}

/** What the feed says of downloads. Throws an input error where it says nothing. */
export function downloadOf({ definition: { name, download } }: Feed) {
  if (download === undefined) throw inputError(`${name}: names no download.to`);
  return download;
}

/** Fetches what is due until nothing is, or the deadline comes. */
export async function fetchDue(feed: Feed, deadline: Deadline, context: CliContext): Promise<DownloadResult> {
  const { downloadDue } = await import("../../feed/queue/download.ts");
  return await downloadDue(feed, {
    ...downloadOf(feed),
    env: context.env,
    signal: context.signal,
    deadline,
    onNote: (note) => context.log.warn(note),
  });
}

export function sayFetched({ files, bytes, more }: DownloadResult, context: CliContext): void {
  context.log.info(
    `${formatNumberOf(files, "file")}, ${formatBytes(bytes)}${more ? "; more are due" : ""}`,
  );
}

export function failOnDownloads({ failed }: DownloadResult, context: CliContext): void {
  failOnFailures(
    failed.map(({ id, error }) => ({ id, reason: error })),
    `${formatNumberOf(failed.length, "download")} failed (granary feed status says what is dead)`,
    context,
  );
}
