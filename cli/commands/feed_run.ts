/** `granary feed run FEED.yaml`: one poll, or one every so often. */
import type { Command } from "@commander-js/extra-typings";
import { GranaryError, inputError } from "../../core/errors.ts";
import { sleep } from "../../core/concurrency.ts";
import { formatNumberOf } from "../../core/units.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import type { Beside } from "../../feed/beside.ts";
import type { Feed } from "../../feed/open.ts";
import { downloadOf, failOnDownloads, fetchDue, sayFetched } from "./feed_download.ts";
import { pushCredentials, withFeed } from "./feed_open.ts";
import { fileToRead } from "../flags/places.ts";

const EXAMPLES = `
Examples:
  granary feed run s2.yaml --deadline 14m        poll once, from a timer
  granary feed run s2.yaml --deadline 14m --download      and fetch what is due in the time that is left
  granary feed run s2.yaml --every 5m            poll until it is stopped
  granary feed run s2.yaml --every 5m --listen --download     all that a feed does, in one process

A poll that ends at its deadline goes on with the next one; --json says "more": true then. Exit code 3: days
that have settled and whose counts still differ.`;

export function addFeedRun(feed: Command, context: CliContext): void {
  feed.command("run")
    .description("poll the source, read the notices, write the catalog")
    .argument("<feed>", "the feed's YAML", fileToRead)
    .option("--deadline <time>", "stop at the next page after this time: 90s, 14m, 1h")
    .option("--every <time>", "poll again so often, until stopped")
    .option("--listen", "with --every: take pushed notices meanwhile, as granary feed serve does", false)
    .option("--download", "fetch what is due, too: after the poll, or with --every meanwhile", false)
    .option("--accept-absent", "take out granules that the source no longer lists, however many", false)
    .addHelpText("after", EXAMPLES)
    .action(async (file, options) => {
      const { durationMs } = await import("../../feed/definition/parse.ts");
      const { Deadline } = await import("../../feed/follow/deadline.ts");
      const { runFeed, silenceDue } = await import("../../feed/run.ts");
      const time = (flag: string, text: string | undefined) => {
        const ms = text === undefined ? undefined : durationMs(text);
        if (ms === null) throw inputError(`${flag}: "${text}" is no time (wanted such as 90s, 14m, 1h)`);
        return ms;
      };
      const deadlineMs = time("--deadline", options.deadline);
      const everyMs = time("--every", options.every);
      if (everyMs === undefined && options.listen) {
        throw inputError("--listen goes on until it is stopped, and wants --every");
      }
      await withFeed(file, context, async (opened) => {
        const besides = everyMs === undefined ? undefined : await beside(opened, options, context);
        try {
          await rounds(opened, () => besides?.wake());
        } finally {
          await besides?.stop();
        }
      });
      /** Sleeps until the next round, or until a silent push asks for one; what is pushed meanwhile puts that off. */
      async function untilNext(opened: Feed, start: number, everyMs: number) {
        const next = async () => Math.min(start + everyMs, await silenceDue(opened, start));
        for (let at = await next(); at > Date.now(); at = await next()) {
          await sleep(at - Date.now(), context.signal);
        }
      }
      async function rounds(opened: Feed, onNews: () => void) {
        for (;;) {
          const start = Date.now();
          const deadline = new Deadline(
            deadlineMs === undefined ? Infinity : start + deadlineMs,
            context.signal,
          );
          const result = await runFeed(opened, {
            deadline,
            acceptAbsent: options.acceptAbsent,
            onNote: (note) => context.log.warn(note),
          });
          if (result.news > 0) onNews();
          const fetched = everyMs === undefined && options.download
            ? await fetchDue(opened, deadline, context)
            : undefined;
          if (context.json) {
            printReport(context, "feed.run", {
              feed: opened.definition.name,
              ...result,
              ...(fetched === undefined ? {} : { fetched }),
            });
          } else {
            context.log.info(
              `${opened.definition.name}: ${formatNumberOf(result.news, "granule")} new or changed, ` +
                `${result.deleted} deleted${result.more ? "; more to come (the deadline came first)" : ""}`,
            );
            if (fetched !== undefined) sayFetched(fetched, context);
          }
          if (everyMs === undefined) {
            if (result.short.length > 0) {
              throw new GranaryError(
                "granule",
                `${opened.definition.name}: ${formatNumberOf(result.short.length, "day")} short: ${
                  result.short.map((day) => `${day.day} (${day.known} of ${day.available})`).join(", ")
                }`,
              );
            }
            if (fetched !== undefined) failOnDownloads(fetched, context);
            return;
          }
          if (context.signal.aborted) return;
          await untilNext(opened, start, everyMs);
        }
      }
    });
}

/** Starts what goes on beside the polls. */
async function beside(
  opened: Feed,
  options: { listen: boolean; download: boolean },
  context: CliContext,
): Promise<Beside | undefined> {
  if (!options.listen && !options.download) return undefined;
  const { startBeside } = await import("../../feed/beside.ts");
  const download = options.download ? downloadOf(opened) : undefined;
  return startBeside(opened, {
    listen: options.listen
      ? { ...pushCredentials(context), onListening: (url) => context.log.info(`listening on ${url}`) }
      : undefined,
    download: download === undefined ? undefined : { ...download, env: context.env },
    signal: context.signal,
    onNote: (note) => context.log.warn(note),
  });
}
