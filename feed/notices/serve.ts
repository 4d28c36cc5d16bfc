/** Listens for notices until it is stopped, and reads what came. */
import type { Feed } from "../open.ts";
import { feedMetrics } from "../metrics.ts";
import { feedStatus } from "../status.ts";
import { emptyInbox } from "./inbox.ts";
import { listen } from "./listen.ts";

/** Days that metrics count. */
const STATUS_DAYS = 30;

interface ServeOptions {
  user: string;
  password: string;
  signal: AbortSignal;
  onListening: (url: string) => void;
  onNote: (note: string) => void;
  /** Granules were registered. */
  onNews?: () => void;
}

export async function serveNotices(feed: Feed, options: ServeOptions): Promise<void> {
  const { user, password, signal, onNote } = options;
  let reading: Promise<void> | undefined;
  let more = false;
  const read = async () => {
    do {
      more = false;
      const { bad, news } = await emptyInbox(feed);
      if (news > 0) options.onNews?.();
      if (bad > 0) onNote(`${bad} notices could not be read; they stay in the inbox`);
    } while (more);
  };
  const onKept = () => {
    more = true;
    reading ??= read()
      .catch((error) => onNote(`notices stay in the inbox: ${(error as Error).message}`))
      .finally(() => reading = undefined);
  };
  const { push, name } = feed.definition;
  const metrics = async () => feedMetrics(await feedStatus(feed.engine, name, STATUS_DAYS, push.silentMs));
  const { host, port } = push;
  const listener = await listen(feed, { host, port, user, password, metrics, onKept, onError: onNote });
  options.onListening(listener.url);
  onKept(); // what an earlier process kept and did not read
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await listener.close();
  await reading;
}
