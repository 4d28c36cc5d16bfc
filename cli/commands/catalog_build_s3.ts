/** `granary catalog build --from s3 s3://bucket/prefix/`: granules among the objects of a bucket. */
import type { CliContext } from "../io/context.ts";
import type { BuildRequest, SourceRequest } from "../flags/build.ts";
import { discoveredSource, lazyProgress, type OpenedSource } from "./catalog_build_source.ts";

export async function openS3(
  { listing, query }: Extract<SourceRequest, { from: "s3" }>,
  { cellOrder }: BuildRequest,
  context: CliContext,
): Promise<OpenedSource> {
  const { discoverS3 } = await import("../../catalog/discover/discover.ts");
  const { SourceOpener } = await import("../../core/access/open.ts");
  const { signal, log } = context;
  const opener = new SourceOpener({ signal, warn: (message) => log.warn(message) });
  const progress = lazyProgress(context, "s3", "keys");
  const found = discoverS3(listing, opener, {
    cellOrder,
    asked: new Date().toISOString(),
    signal,
    onWarning: (message) => log.warn(message),
    onProgress: (keys) => progress.update(keys, null),
  }, query);
  return discoveredSource(found, "key", context, async () => {
    progress.end();
    await opener.close();
  });
}
