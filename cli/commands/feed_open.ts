/** Opens the feed of a YAML file for a command, and closes it when the command ends. */
import type { Feed } from "../../feed/open.ts";
import type { CliContext } from "../io/context.ts";

export async function withFeed<T>(
  file: string,
  context: CliContext,
  work: (feed: Feed) => Promise<T>,
): Promise<T> {
  const { readFeed } = await import("../../feed/definition/parse.ts");
  const { openFeed } = await import("../../feed/open.ts");
  const { defaultHttpIo } = await import("../../catalog/discover/draft/http_text.ts");
  const io = {
    ...defaultHttpIo(context.signal),
    onWait: (reason: string, waitMs: number) =>
      context.log.warn(`${reason}; waiting ${(waitMs / 1000).toFixed(1)} s`),
  };
  const { layoutChooser } = await import("../../aggregate/config/layout.ts");
  const feed = await openFeed(readFeed(file), {
    io,
    env: context.env,
    warn: context.log.warn,
    layout: (config) => layoutChooser(config, context.log.warn),
  });
  try {
    return await work(feed);
  } finally {
    await feed.close();
  }
}
