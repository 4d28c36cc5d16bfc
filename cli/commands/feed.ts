/** `granary feed …`: catalogs that follow a provider as it publishes. */
import type { Command } from "@commander-js/extra-typings";
import type { CliContext } from "../io/context.ts";
import { addFeedBackfill, addFeedRequeue } from "./feed_repair.ts";
import { addFeedDownload } from "./feed_download.ts";
import { addFeedPublish } from "./feed_publish.ts";
import { addFeedRun } from "./feed_run.ts";
import { addFeedServe } from "./feed_serve.ts";
import { addFeedSubscribe, addFeedSubscriptions } from "./feed_subscribe.ts";
import { addFeedConsume } from "./feed_consume.ts";
import { addFeedStatus } from "./feed_status.ts";

export function addFeed(program: Command, context: CliContext): void {
  const feed = program.command("feed").description(
    "follow a provider as it publishes, by polling and by push",
  );
  addFeedRun(feed, context);
  addFeedServe(feed, context);
  addFeedStatus(feed, context);
  addFeedBackfill(feed, context);
  addFeedRequeue(feed, context);
  addFeedDownload(feed, context);
  addFeedPublish(feed, context);
  addFeedSubscribe(feed, context);
  addFeedSubscriptions(feed, context);
  addFeedConsume(feed, context);
}
