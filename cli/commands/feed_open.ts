/** Opens the feed of a YAML file for a command, and closes it when the command ends. */
import { GranaryError } from "../../core/errors.ts";
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
    ...defaultHttpIo(context.signal, context.env),
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

/** What a provider authenticates its pushes with. Throws a credential error where it is not set. */
export function pushCredentials(context: CliContext): { user: string; password: string } {
  const { GRANARY_PUSH_USER: user, GRANARY_PUSH_PASSWORD: password } = context.env;
  if (user && password) return { user, password };
  throw new GranaryError(
    "credential",
    "GRANARY_PUSH_USER and GRANARY_PUSH_PASSWORD are not set (the provider sends them with each notice)",
  );
}
