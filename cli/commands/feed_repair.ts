/** `granary feed backfill` and `granary feed requeue`. */
import type { Command } from "@commander-js/extra-typings";
import { inputError } from "../../core/errors.ts";
import { formatNumberOf } from "../../core/units.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { withFeed } from "./feed_open.ts";
import { fileToRead } from "../flags/places.ts";

function dayStart(flag: string, text: string): number {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  if (Number.isNaN(time)) throw inputError(`${flag}: "${text}" is no day (wanted such as 2026-11-01)`);
  return time;
}

export function addFeedBackfill(feed: Command, context: CliContext): void {
  feed.command("backfill")
    .description("follow days before the feed's start, too; the next run walks them")
    .argument("<feed>", "the feed's YAML", fileToRead)
    .requiredOption("--from <day>", "the first day")
    .option("--to <day>", "the last day (default: up to the feed's start)")
    .addHelpText("after", "\nExamples:\n  granary feed backfill s2.yaml --from 2026-01-01 --to 2026-03-31")
    .action(async (file, options) => {
      const { backfill } = await import("../../feed/follow/poll.ts");
      const { DAY_MS } = await import("../../feed/ledger/days.ts");
      const from = dayStart("--from", options.from);
      const to = options.to === undefined ? Infinity : dayStart("--to", options.to) + DAY_MS;
      if (to <= from) throw inputError(`--to ${options.to} lies before --from ${options.from}`);
      const days = await withFeed(
        file,
        context,
        ({ engine, definition }) =>
          backfill(engine, definition.name, { from, to: Math.min(to, definition.startMs) }),
      );
      if (context.json) printReport(context, "feed.backfill", { days });
      else context.log.info(`${formatNumberOf(days, "day")} to walk; granary feed run walks them`);
    });
}

export function addFeedRequeue(feed: Command, context: CliContext): void {
  feed.command("requeue")
    .description("put downloads and unread notices back, as if never tried")
    .argument("<feed>", "the feed's YAML", fileToRead)
    .option("--dead", "downloads that failed too often", false)
    .option("--failed", "downloads that failed and wait", false)
    .option("--notices", "notices that could not be read", false)
    .option("--day <day>", "of granules that changed on this day")
    .option("--id <id>", "of this granule")
    .option("--dry-run", "say which, change nothing", false)
    .addHelpText("after", "\nExamples:\n  granary feed requeue s2.yaml --dead --dry-run")
    .action(async (file, options) => {
      const { dead, failed, notices, day, id, dryRun } = options;
      if (!dead && !failed && !notices && day === undefined && id === undefined) {
        throw inputError("nothing to requeue is named (--dead, --failed, --notices, --day, --id)");
      }
      const { requeueTasks } = await import("../../feed/ledger/tasks.ts");
      const { noticeCounts, requeueNotices } = await import("../../feed/ledger/inbox.ts");
      const { dayOf } = await import("../../feed/ledger/days.ts");
      const request = {
        dead,
        failed,
        ...(day === undefined ? {} : { day: dayOf(dayStart("--day", day)) }),
        ...(id === undefined ? {} : { id }),
      };
      const tasksNamed = dead || failed || day !== undefined || id !== undefined;
      const result = await withFeed(
        file,
        context,
        ({ engine, definition: { name } }) =>
          engine.transaction(async (sql) => ({
            tasks: tasksNamed ? await requeueTasks(sql, name, request, Date.now(), dryRun) : [],
            notices: !notices
              ? 0
              : dryRun
              ? (await noticeCounts(sql, name)).bad
              : await requeueNotices(sql, name),
          })),
      );
      if (context.json) return printReport(context, "feed.requeue", { dryRun, ...result });
      context.out.table(
        ["granule", "asset", "state", "error"],
        result.tasks.map((task) => [
          ...[task.id, task.asset, task.state, task.error ?? ""],
        ]),
      );
      context.log.info(
        `${formatNumberOf(result.tasks.length, "download")} and ${
          formatNumberOf(result.notices, "notice")
        } ` +
          (dryRun ? "would be put back" : "put back"),
      );
    });
}
