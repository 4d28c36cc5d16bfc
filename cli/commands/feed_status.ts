/** `granary feed status FEED.yaml` */
import type { Command } from "@commander-js/extra-typings";
import { GranaryError } from "../../core/errors.ts";
import { formatSeconds } from "../../core/units.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { countOf } from "../flags/numbers.ts";
import { withFeed } from "./feed_open.ts";
import { fileToRead } from "../flags/places.ts";

const DEFAULT_DAYS = 30;
const COLUMNS = [
  "day",
  "available",
  "known",
  "kept",
  "filtered",
  "deleted",
  "downloaded",
  "failed",
  "dead",
  "",
];

const EXAMPLES = `
Examples:
  granary feed status s2.yaml
  granary feed status s2.yaml --days 7 --json

Days are those of the granules' last change at the source. Exit code 3: a day is short or a download is dead.`;

export function addFeedStatus(feed: Command, context: CliContext): void {
  feed.command("status")
    .description("what came, what was kept, what was fetched, by day")
    .argument("<feed>", "the feed's YAML", fileToRead)
    .option("--days <count>", "days to show", countOf, DEFAULT_DAYS)
    .addHelpText("after", EXAMPLES)
    .action(async (file, options) => {
      const { feedStatus } = await import("../../feed/status.ts");
      const { reasonsLeftOut } = await import("../../feed/left_out.ts");
      const { status, leftOut } = await withFeed(file, context, async ({ engine, definition }) => ({
        status: await feedStatus(engine, definition.name, options.days, definition.push.silentMs),
        leftOut: await reasonsLeftOut(engine, definition.name, options.days),
      }));
      if (context.json) printReport(context, "feed.status", { ...status, leftOut });
      else {
        context.out.table(
          COLUMNS,
          status.days.map((day) => [
            ...[day.day, day.available ?? "", day.known, day.kept, day.filtered, day.deleted],
            ...[day.downloaded, day.failed, day.dead, day.short ? "short" : ""],
          ]),
        );
        for (const { reason, granules } of leftOut) context.log.info(`${granules} left out: ${reason}`);
        const { tasks, notices } = status;
        context.log.info(
          `watermark ${status.watermark ?? "none"}, last poll ${status.polled ?? "none"}, last push ${
            status.pushed ?? "none"
          }${status.silent ? " (unusually silent)" : ""}; ${
            tasks.waiting + tasks.failed
          } downloads wait (oldest ${formatSeconds(status.queueAgeMs / 1000)}), ` +
            `${tasks.leased} under way, ${tasks.done} done, ${tasks.dead} dead; ${notices.waiting} notices wait, ` +
            `${notices.bad} bad`,
        );
      }
      const short = status.days.filter((day) => day.short).length;
      if (short > 0 || status.tasks.dead > 0) {
        throw new GranaryError(
          "granule",
          `${status.feed}: ${short} days short, ${status.tasks.dead} downloads dead`,
        );
      }
    });
}
