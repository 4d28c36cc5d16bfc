/** `granary feed consume FEED.yaml --sqs URL`: notices from a queue of Amazon's. */
import type { Command } from "@commander-js/extra-typings";
import { inputError } from "../../core/errors.ts";
import { formatNumberOf } from "../../core/units.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { withFeed } from "./feed_open.ts";
import { fileToRead, serverToAsk } from "../flags/places.ts";

const EXAMPLES = `
Examples:
  granary feed consume landsat.yaml --sqs https://sqs.us-west-2.amazonaws.com/123456789012/landsat
  granary feed consume landsat.yaml --sqs https://… --deadline 14m      wait for more until then

A message is deleted from the queue when it is in the inbox for good.`;

export function addFeedConsume(feed: Command, context: CliContext): void {
  feed.command("consume")
    .description("take notices from an SQS queue until it is empty")
    .argument("<feed>", "the feed's YAML", fileToRead)
    .requiredOption("--sqs <url>", "the queue's URL", serverToAsk)
    .option("--aws-region <name>", "where the queue is, if its URL does not say it")
    .option("--deadline <time>", "wait for more messages until then: 90s, 14m, 1h")
    .addHelpText("after", EXAMPLES)
    .action(async (file, options) => {
      const { durationMs } = await import("../../feed/definition/parse.ts");
      const { Deadline } = await import("../../feed/follow/deadline.ts");
      const { consumeQueue } = await import("../../feed/notices/sqs.ts");
      const { emptyInbox } = await import("../../feed/notices/inbox.ts");
      const { SourceOpener } = await import("../../core/access/open.ts");
      const limit = options.deadline === undefined ? Infinity : durationMs(options.deadline);
      if (limit === null) {
        throw inputError(`--deadline: "${options.deadline}" is no time (wanted such as 90s, 14m, 1h)`);
      }
      const opener = new SourceOpener({ env: context.env, signal: context.signal, warn: context.log.warn });
      try {
        await withFeed(file, context, async (opened) => {
          const total = { messages: 0, news: 0, deleted: 0, bad: 0 };
          const readAll = async () => {
            const { news, deleted, bad } = await emptyInbox(opened);
            total.news += news;
            total.deleted += deleted;
            total.bad += bad;
          };
          total.messages = await consumeQueue(opened, {
            url: options.sqs,
            region: options.awsRegion,
            opener,
            deadline: new Deadline(Date.now() + limit, context.signal),
            untilEmpty: options.deadline === undefined,
            onKept: readAll,
          });
          if (context.json) return printReport(context, "feed.consume", total);
          context.log.info(
            `${formatNumberOf(total.messages, "message")}: ${
              formatNumberOf(total.news, "granule")
            } new or changed, ` +
              `${total.deleted} deleted${
                total.bad === 0
                  ? ""
                  : `; ${formatNumberOf(total.bad, "notice")} could not be read and stay in the inbox`
              }`,
          );
        });
      } finally {
        await opener.close();
      }
    });
}
