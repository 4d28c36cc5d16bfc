/** What a feed is opened with in tests: quick retries, no environment. */
import { defaultHttpIo } from "../../catalog/discover/draft/http_text.ts";
import { layoutChooser } from "../../aggregate/config/layout.ts";
import type { SourceContext } from "../../feed/sources/open_source.ts";

export function feedContext(env: SourceContext["env"] = {}): Omit<SourceContext, "test" | "condition"> {
  const io = defaultHttpIo();
  return {
    io: { ...io, retry: { ...io.retry, baseMs: 1, capMs: 2 } },
    env,
    warn: () => {},
    layout: (config) => layoutChooser(config, () => {}),
  };
}
