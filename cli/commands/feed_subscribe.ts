/** `granary feed subscribe` and `granary feed subscriptions`: a provider that says what is new by itself. */
import type { Command } from "@commander-js/extra-typings";
import { Option } from "@commander-js/extra-typings";
import { inputError } from "../../core/errors.ts";
import type { Feed } from "../../feed/open.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { pushCredentials, withFeed } from "./feed_open.ts";
import { fileToRead } from "../flags/places.ts";
import { serverToAsk } from "../flags/places.ts";

const SUBSCRIBE_EXAMPLES = `
Examples:
  granary feed subscribe s2.yaml --pull          granary feed run reads the queue; no public endpoint is needed
  granary feed subscribe s2.yaml --push https://feed.example.org/events

The Copernicus Data Space runs one subscription a user. --push sends GRANARY_PUSH_USER and GRANARY_PUSH_PASSWORD
to the service, which sends them back with each notice.`;

export function addFeedSubscribe(feed: Command, context: CliContext): void {
  feed.command("subscribe")
    .description("ask the provider to say what is new: into a queue, or to an endpoint")
    .argument("<feed>", "the feed's YAML", fileToRead)
    .option("--pull", "into a queue that granary feed run reads", false)
    .addOption(
      new Option("--push <url>", "to this endpoint (granary feed serve behind https)")
        .argParser(serverToAsk).conflicts("pull"),
    )
    .addHelpText("after", SUBSCRIBE_EXAMPLES)
    .action(async (file, { pull, push }) => {
      if (!pull && push === undefined) throw inputError("neither --pull nor --push URL is said");
      const endpoint = push === undefined ? null : pushEndpoint(push, context);
      const { rememberSubscription } = await import("../../feed/ledger/subscriptions.ts");
      await withFeed(file, context, async (opened) => {
        const subscriptions = await subscriptionsOf(opened, context);
        const running = (await subscriptions.list()).filter((one) => one.status === "running");
        if (running.length > 0) {
          throw inputError(
            `subscription ${running[0].id} runs already, and the service runs one a user ` +
              `(granary feed subscriptions ${file} --pause or --delete ${running[0].id})`,
          );
        }
        const id = await subscriptions.create(endpoint);
        const { engine, definition: { name } } = opened;
        if (pull) await engine.transaction((sql) => rememberSubscription(sql, name, id));
        if (context.json) printReport(context, "feed.subscribe", { id, kind: pull ? "pull" : "push" });
        else {context.log.info(
            `subscription ${id}: ${pull ? "granary feed run reads its queue" : `to ${push}`}`,
          );}
      });
    });
}

export function addFeedSubscriptions(feed: Command, context: CliContext): void {
  feed.command("subscriptions")
    .description("list the provider's subscriptions; pause, resume or delete one")
    .argument("<feed>", "the feed's YAML", fileToRead)
    .addOption(new Option("--pause <id>", "no more notices from it").conflicts(["resume", "delete"]))
    .addOption(new Option("--resume <id>", "notices again").conflicts("delete"))
    .option("--delete <id>", "end it, with what its queue holds")
    .addHelpText("after", "\nExamples:\n  granary feed subscriptions s2.yaml")
    .action(async (file, options) => {
      const { forgetSubscription } = await import("../../feed/ledger/subscriptions.ts");
      await withFeed(file, context, async (opened) => {
        const subscriptions = await subscriptionsOf(opened, context);
        if (options.pause !== undefined) await subscriptions.setStatus(options.pause, "paused");
        if (options.resume !== undefined) await subscriptions.setStatus(options.resume, "running");
        if (options.delete !== undefined) {
          const id = options.delete;
          await subscriptions.remove(id);
          const { engine, definition: { name } } = opened;
          await engine.transaction((sql) => forgetSubscription(sql, name, id));
        }
        const list = await subscriptions.list();
        if (context.json) return printReport(context, "feed.subscriptions", { subscriptions: list });
        context.out.table(
          ["id", "kind", "status", "events", "endpoint", "last notice"],
          list.map((one) => [
            ...[
              one.id,
              one.kind,
              one.status,
              one.events.join(" "),
              one.endpoint ?? "",
              one.lastNotified ?? "",
            ],
          ]),
        );
      });
    });
}

async function subscriptionsOf({ definition }: Feed, context: CliContext) {
  const { source } = definition;
  if (source.from !== "cdse") {
    throw inputError(
      `${definition.name}: subscriptions are the Copernicus Data Space's (a feed from ${source.from} hears of ` +
        "by its own provider's topics: granary feed serve, granary feed consume)",
    );
  }
  const { CdseSubscriptions } = await import("../../feed/subscriptions/cdse.ts");
  const { defaultHttpIo } = await import("../../catalog/discover/draft/http_text.ts");
  return new CdseSubscriptions(source, defaultHttpIo(context.signal, context.env), context.env);
}

function pushEndpoint(url: string, context: CliContext) {
  if (!URL.canParse(url) || new URL(url).protocol !== "https:") {
    throw inputError(`--push "${url}": wanted an https URL (the password goes with each notice)`);
  }
  return { url, ...pushCredentials(context) };
}
