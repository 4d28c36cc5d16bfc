/** The granules that a dataset's sources know of now, laid onto the run's catalog: the set grows. */
import type { SourceOpener } from "../../core/access/open.ts";
import { inputError } from "../../core/errors.ts";
import {
  discoverCmr,
  discoverFiles,
  type DiscoverOptions,
  discoverS3,
  discoverStac,
  type Discovery as FoundGranules,
} from "../../catalog/discover/discover.ts";
import { defaultHttpIo } from "../../catalog/discover/draft/http_text.ts";
import { openCatalog } from "../../catalog/file/open_catalog.ts";
import type { GranuleRow } from "../../catalog/granule.ts";
import { type CatalogQuery, DEFAULT_CELL_ORDER } from "../../catalog/schema.ts";
import { buildCatalog } from "../../catalog/write/build.ts";
import type { Dataset, Discovery } from "../dataset.ts";

const DAY_MS = 86_400_000;

interface DiscoverRequest {
  readonly dataset: Dataset;
  /** The run's catalog, a file of this machine. */
  readonly output: string;
  /** Whether a catalog is there already. */
  readonly onto: boolean;
  readonly opener: SourceOpener;
  readonly now: number;
  readonly onWarning: (message: string) => void;
  readonly onProgress?: ((rows: number) => void) | undefined;
}

interface Discovered {
  /** Those of the catalog, in its order, where they are at hand. */
  readonly stored: readonly GranuleRow[] | null;
  /** Granules that gave no row, by reason, of this discovery. */
  readonly setAside: Readonly<Record<string, number>>;
  readonly notes: readonly string[];
}

export async function discoverDataset(request: DiscoverRequest): Promise<Discovered> {
  const { dataset, opener, now } = request;
  const options: DiscoverOptions = {
    cellOrder: DEFAULT_CELL_ORDER,
    asked: new Date(now).toISOString(),
    signal: opener.signal,
    onWarning: request.onWarning,
  };
  const queries: CatalogQuery[] = [];
  const setAside: Record<string, number> = {};
  const notes: string[] = [];
  async function* rows(): AsyncGenerator<GranuleRow> {
    // What was known before comes first: a newer row of the same granule takes its place.
    if (request.onto) yield* catalogRows(request.output, opener);
    for (const source of dataset.discover) {
      if (source.from === "catalog") {
        yield* catalogRows(source.path, opener);
        continue;
      }
      const found = openSource(source, dataset, opener, options, now);
      yield* found.rows;
      const query = found.query();
      queries.push(query);
      for (const [reason, count] of Object.entries(query.set_aside?.granules ?? {})) {
        setAside[reason] = (setAside[reason] ?? 0) + count;
      }
      notes.push(...found.tally.lines(["granule", "note"]));
    }
  }
  const built = await buildCatalog({
    rows: rows(),
    output: request.output,
    cellOrder: DEFAULT_CELL_ORDER,
    queries: () => queries,
    signal: opener.signal,
    onRows: request.onProgress,
  });
  return { stored: built.stored, setAside, notes };
}

function openSource(
  source: Exclude<Discovery, { from: "catalog" }>,
  dataset: Dataset,
  opener: SourceOpener,
  options: DiscoverOptions,
  now: number,
): FoundGranules {
  const io = { ...defaultHttpIo(opener.signal), client: opener.client, retry: opener.retry };
  switch (source.from) {
    case "cmr": {
      const { shortName, version, conceptId, provider, sinceDays, end, bbox, url } = source;
      const start = sinceDays === null ? source.start : new Date(now - sinceDays * DAY_MS).toISOString();
      return discoverCmr(
        {
          ...(shortName === null ? {} : { shortNames: [shortName] }),
          ...(version === null ? {} : { versions: [version] }),
          ...(conceptId === null ? {} : { conceptIds: [conceptId] }),
          ...(provider === null ? {} : { providers: [provider] }),
          ...(start === null ? {} : { start }),
          ...(end === null ? {} : { end }),
          ...(bbox === null ? {} : { bbox }),
        },
        io,
        { ...options, ...(url === null ? {} : { url }) },
      );
    }
    case "s3":
      return discoverS3(
        {
          prefixes: [source.prefix],
          match: source.match ?? undefined,
          id: source.id ?? undefined,
          collection: dataset.name,
        },
        opener,
        options,
      );
    case "local":
      return discoverFiles(
        {
          folder: source.path,
          match: source.match ?? undefined,
          id: source.id ?? undefined,
          collection: dataset.name,
        },
        options,
      );
    case "stac": {
      const { collection, start, end } = source;
      return discoverStac([source.url], io, options, {
        ...(collection === null ? {} : { collections: [collection] }),
        ...(start === null ? {} : { start }),
        ...(end === null ? {} : { end }),
      });
    }
  }
}

async function* catalogRows(file: string, opener: SourceOpener): AsyncGenerator<GranuleRow> {
  if (file === "-") throw inputError("a dataset is discovered again and again, and stdin is read once");
  const catalog = await openCatalog(file, { opener, signal: opener.signal, threads: 1 });
  try {
    for await (const { rows } of catalog.rows()) yield* rows;
  } finally {
    catalog.close();
  }
}
