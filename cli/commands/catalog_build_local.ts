/** `granary catalog build --from local PATH…`: files on a disk, read by a pipeline config. */
import type { CliContext } from "../io/context.ts";
import type { BuildRequest, SourceRequest } from "../flags/build.ts";
import { lazyProgress, type OpenedSource } from "./catalog_build_source.ts";

export async function openLocal(
  source: Extract<SourceRequest, { from: "local" }>,
  { cellOrder }: BuildRequest,
  context: CliContext,
): Promise<OpenedSource> {
  const { GRIDS, localGranules } = await import("../../catalog/discover/files/local_granules.ts");
  const { layoutChooser } = await import("../../aggregate/config/layout.ts");
  const { paths, config, collection, provider, checksum, workers, rowIndex } = source;
  const progress = lazyProgress(context, "catalog", "granules");
  const found = localGranules(paths, {
    layout: config === GRIDS ? GRIDS : layoutChooser(config, context.log.warn),
    cellOrder,
    collection,
    provider,
    checksum,
    workers,
    rowIndex,
    signal: context.signal,
    onDone: (files, total) => progress.update(files, total),
  });
  return {
    rows: found.rows,
    queries: () => [found.query()],
    notes: found.notes,
    failures: found.failures,
    close: async () => {
      progress.end();
      await found.close();
    },
  };
}
