/** `granary feed serve FEED.yaml`: the endpoint that a provider pushes to. */
import type { Command } from "@commander-js/extra-typings";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { pushCredentials, withFeed } from "./feed_open.ts";
import { fileToRead } from "../flags/places.ts";

const EXAMPLES = `
Examples:
  GRANARY_PUSH_USER=cdse GRANARY_PUSH_PASSWORD=… granary feed serve s2.yaml

The endpoint speaks plain HTTP, on 127.0.0.1 unless push.host says otherwise: put a proxy that speaks HTTPS
before it. It answers 204 when a notice is kept for good.`;

export function addFeedServe(feed: Command, context: CliContext): void {
  feed.command("serve")
    .description("take notices that a provider pushes, until stopped")
    .argument("<feed>", "the feed's YAML", fileToRead)
    .addHelpText("after", EXAMPLES)
    .action(async (file) => {
      const credentials = pushCredentials(context);
      const { serveNotices } = await import("../../feed/notices/serve.ts");
      await withFeed(file, context, (opened) =>
        serveNotices(opened, {
          ...credentials,
          signal: context.signal,
          onListening: (url) =>
            context.json
              ? printReport(context, "feed.serve", { url })
              : context.log.info(`listening on ${url}`),
          onNote: (note) => context.log.warn(note),
        }));
    });
}
