/** `granary catalog build --from local PATH…`: files on a disk, read by a pipeline config. */
import type { CliContext } from "../io/context.ts";
import type { BuildRequest, SourceRequest } from "../flags/build.ts";
import { lazyProgress, type OpenedSource } from "./catalog_build_source.ts";
import type { GranuleRow } from "../../catalog/granule.ts";
import { collectionName } from "../../products/collection_names.ts";

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
  const said = new Set<string>();
  return {
    rows: collection === undefined ? found.rows : noting(found.rows, said),
    queries: () => [found.query()],
    notes: () => [...found.notes(), ...uselessName(collection, said)],
    failures: found.failures,
    close: async () => {
      progress.end();
      await found.close();
    },
  };
}

/** The rows, with the collections that they name. */
async function* noting(rows: AsyncIterable<GranuleRow>, said: Set<string>): AsyncGenerator<GranuleRow> {
  for await (const row of rows) {
    said.add(row.collection);
    yield row;
  }
}

/** --collection names the collection of files that do not say it: where all of them do, it has no effect. */
function uselessName(collection: string | undefined, said: ReadonlySet<string>): string[] {
  if (collection === undefined || said.size === 0 || said.has(collectionName(collection))) return [];
  return [
    `--collection ${collection} has no effect: the files say that they are ${[...said].sort().join(", ")}`,
  ];
}
