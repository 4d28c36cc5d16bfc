/**
 * Discovery as commands use it: where to look, what for, and out come rows for a catalog together with
 * the query that its metadata keeps. A query is complete only when its rows have been read to the end.
 */
import fs from "node:fs";
import { joinChunks } from "../../core/bytes.ts";
import { inputError, systemCode } from "../../core/errors.ts";
import { inputPath } from "../../core/files/address.ts";
import { timeOfText } from "../../core/times.ts";
import type { SourceOpener } from "../../core/access/open.ts";
import { safeName } from "../../core/access/redact.ts";
import { type Area, boxArea, geometryArea } from "../../core/geometry/area.ts";
import type { GranuleRow } from "../granule.ts";
import type { CatalogQuery } from "../schema.ts";
import { type CmrOptions, cmrRows } from "./cmr/cmr.ts";
import { parseAnswerJson, readCmrAnswer, readDrafts } from "./cmr/cmr_answer.ts";
import { isCollectionsAnswer, readCollections } from "./cmr/cmr_collection.ts";
import { CMR_URL, type CmrQuery, describeQuery, isAskedByBoxes } from "./cmr/cmr_query.ts";
import { type CollectionFacts, type Draft, finishRow, type ReadContext } from "./draft/draft.ts";
import { createFootprinter } from "./draft/footprinter.ts";
import { groupDrafts, idReader } from "./draft/group_drafts.ts";
import { fileDrafts, type FileListing } from "./files/file_list.ts";
import { type HttpIo, MOST_ANSWER_BYTES } from "./draft/http_text.ts";
import type { OrbitParameters } from "../../products/orbits.ts";
import { createRowFilter } from "./draft/row_filter.ts";
import { describeListing, s3Drafts, type S3Listing } from "./s3/s3_listing.ts";
import { harvestStac, parseStac, readStacDrafts, type StacOptions, type StacQuery } from "./stac/stac.ts";
import { readStacParquet } from "./stac/stac_parquet.ts";
import { Tally } from "./draft/tally.ts";
import { collectionName } from "../../products/collection_names.ts";

export interface DiscoverOptions {
  cellOrder: number;
  /** Widens footprints before they are covered. */
  bufferKm?: number;
  /** For orbit-only granules of missions that granary does not know. */
  orbit?: OrbitParameters | null;
  onWarning?: (message: string) => void;
  /** When the source is asked, for the catalog's metadata; absent where a catalog must be reproducible. */
  asked?: string;
  signal?: AbortSignal | undefined;
}

export interface Discovery {
  rows: AsyncGenerator<GranuleRow>;
  tally: Tally;
  /** The query with what was set aside; to be called after the last row. */
  query(): CatalogQuery;
}

/** Granules that CMR's search finds. */
export function discoverCmr(query: CmrQuery, io: HttpIo, options: DiscoverOptions & CmrOptions): Discovery {
  const tally = new Tally();
  const drafts = cmrRows(query, io, { tally, orbit: options.orbit ?? null }, options);
  // CMR itself tests all but polygons that are too long to ask with.
  const tests = isAskedByBoxes(query) ? { areas: [polygonsArea(query.polygons!)] } : {};
  const parameters = { url: safeName(options.url ?? CMR_URL), ...describeQuery(query) };
  return discovery("cmr", parameters, drafts, tests, tally, options, parameters.url);
}

/** Narrowing of saved answers and documents, which no server does. */
export interface LocalQuery {
  /** Names as rows have them (`ATL06.006`, a STAC collection), or short names without their versions. */
  collections?: readonly string[];
  start?: string;
  end?: string;
  /** Asked of a STAC API too. */
  bbox?: readonly [number, number, number, number];
  /** Tested here, exactly. */
  areas?: readonly Area[];
}

/**
 * Granules of CMR's answers saved to files (`-` is stdin): granules.umm_json, the older granules.json,
 * recorded exchanges, and collections.umm_json, whose facts hold for the files that follow.
 */
export function discoverCmrJson(
  files: readonly string[],
  options: DiscoverOptions,
  query: LocalQuery = {},
): Discovery {
  if (files.length === 0) throw inputError("no files of CMR's answers were named");
  const tally = new Tally();
  const facts = new Map<string, CollectionFacts>();
  const context: ReadContext = {
    tally,
    orbit: options.orbit ?? null,
    collection: (id) => facts.get(id) ?? null,
  };
  async function* drafts(): AsyncGenerator<Draft> {
    let granuleAnswers = 0;
    for (const file of files) {
      const answer = parseAnswerJson(await readText(file), file);
      if (isCollectionsAnswer(answer)) {
        for (const one of readCollections(answer, file)) facts.set(one.conceptId, one);
        continue;
      }
      granuleAnswers += 1;
      yield* readDrafts(readCmrAnswer(answer, file), context);
    }
    if (granuleAnswers === 0) {
      throw inputError(
        `${
          files.join(", ")
        }: collections and no granules (wanted an answer of granules.umm_json, after those of` +
          " collections if at all); no catalog was written",
      );
    }
  }
  const name = files.join(", ");
  return discovery("cmr-json", { files, ...describeLocal(query) }, drafts(), query, tally, options, name);
}

/** Granules of STAC: files of items, stac-geoparquet files, and URLs of searches or documents. */
export function discoverStac(
  locations: readonly string[],
  io: HttpIo,
  options: DiscoverOptions & StacOptions,
  query: LocalQuery = {},
): Discovery {
  if (locations.length === 0) throw inputError("no STAC file or URL was named");
  const tally = new Tally();
  const context = { tally };
  const { collections, bbox, start, end } = query;
  const asked: StacQuery = {
    ...(collections === undefined ? {} : { collections }),
    ...(bbox === undefined ? {} : { bbox }),
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
  };
  async function* drafts(): AsyncGenerator<Draft> {
    for (const location of locations) {
      if (/^https?:\/\//i.test(location)) yield* harvestStac(location, asked, io, context, options);
      else if (/\.(geo)?parquet$/i.test(location)) yield* readStacParquet(inputPath(location), context);
      else {
        const page = parseStac(await readText(location), location);
        if (page.catalog !== null) {
          throw inputError(
            `${location}: a STAC ${String(page.catalog.type)} holds no items (give item collections)`,
          );
        }
        if (page.next !== null && page.items.length !== page.matched) {
          options.onWarning?.(
            `${location}: a page of more (${page.items.length} of ${page.matched ?? "?"} items)`,
          );
        }
        yield* readStacDrafts(page, { ...context, isLocal: true });
      }
    }
  }
  const parameters = { locations: locations.map(safeName), ...describeLocal(query) };
  const name = parameters.locations.join(", ");
  return discovery("stac", parameters, drafts(), query, tally, options, name);
}

/** Granules among the objects of a bucket, by their names alone: they have times and no footprints. */
export function discoverS3(
  listing: S3Listing,
  opener: SourceOpener,
  options: DiscoverOptions & { onProgress?: (keys: number) => void },
  query: LocalQuery = {},
): Discovery {
  const tally = new Tally();
  const found = s3Drafts(listing, opener, { tally, signal: options.signal, onProgress: options.onProgress });
  const drafts = grouped(found, listing.id, tally);
  const parameters = { ...describeListing(listing), ...describeLocal(query) };
  return discovery("s3", parameters, drafts, query, tally, options, listing.prefixes.join(", "));
}

/** Granules among the files of a folder, by their names alone: they have times and no footprints. */
export function discoverFiles(listing: FileListing, options: DiscoverOptions): Discovery {
  const tally = new Tally();
  const { folder, match } = listing;
  const parameters = {
    folder,
    ...(match === undefined ? {} : { match }),
    ...(listing.id === undefined ? {} : { id: listing.id }),
  };
  const drafts = grouped(fileDrafts(listing, { tally, signal: options.signal }), listing.id, tally);
  return discovery("files", parameters, drafts, {}, tally, options, folder);
}

/** A granule a file, or granules of several files by a pattern over the names. */
function grouped(drafts: AsyncGenerator<Draft>, id: string | undefined, tally: Tally): AsyncGenerator<Draft> {
  return id === undefined ? drafts : groupDrafts(drafts, idReader(id, "id"), tally);
}

function discovery(
  source: string,
  parameters: Record<string, unknown>,
  drafts: AsyncGenerator<Draft>,
  query: LocalQuery,
  tally: Tally,
  options: DiscoverOptions,
  /** Where was looked, for messages. */
  name: string,
): Discovery {
  const footprinter = createFootprinter(options.cellOrder, { bufferKm: options.bufferKm ?? 0 });
  const passes = createRowFilter({
    collections: query.collections?.map(collectionName),
    areas: [...query.bbox === undefined ? [] : [boxArea(...query.bbox)], ...query.areas ?? []],
    byCellsOnly: (options.bufferKm ?? 0) > 0,
    start: timeOf("start", query.start, false),
    end: timeOf("end", query.end, true),
    cellOrder: options.cellOrder,
  }, tally);
  async function* rows(): AsyncGenerator<GranuleRow> {
    let made = 0;
    for await (const draft of drafts) {
      options.signal?.throwIfAborted();
      const row = finishRow(draft, footprinter, tally);
      if (row === null) continue;
      made += 1;
      if (passes === null || passes(row)) yield row;
    }
    refuseNothing(made, tally, name);
  }
  return {
    rows: rows(),
    tally,
    query: () => ({
      source,
      parameters,
      ...(options.asked === undefined ? {} : { asked: options.asked }),
      set_aside: tally.toJSON(),
    }),
  };
}

/** Throws an input error where granules were found and none gave a row: a catalog of nothing helps nobody. */
export function refuseNothing(made: number, tally: Tally, name: string): void {
  const found = tally.count("granule");
  if (made > 0 || found === 0) return;
  throw inputError(
    `${name}: none of ${found} granules gave a row; no catalog was written` +
      ` (${tally.lines(["granule"]).join("; ")})`,
  );
}

/** The rows; an input error where there are none and a catalog stands at `output`: nothing does not replace it. */
export async function* replacingRows<T>(
  rows: AsyncIterable<T> | Iterable<T>,
  output: string,
): AsyncGenerator<T> {
  let some = false;
  for await (const row of rows) {
    some = true;
    yield row;
  }
  if (some || !fs.existsSync(output)) return;
  throw inputError(`${output}: nothing was found to replace it with; it was left as it was`);
}

function timeOf(what: string, value: string | undefined, isEnd: boolean): number | null {
  if (value === undefined || value === "") return null;
  const time = timeOfText(value, isEnd);
  if (time === null) throw inputError(`${what} "${value}" is not a time (wanted such as 2023-12-18)`);
  return time;
}

function describeLocal(query: LocalQuery): Record<string, unknown> {
  const { areas, ...rest } = query;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return { ...given, ...(areas === undefined ? {} : { areas: areas.map((area) => area.name) }) };
}

function polygonsArea(rings: readonly Float64Array[]): Area {
  const coordinates = rings.map((ring) => [
    Array.from({ length: ring.length / 2 }, (_, i) => [ring[2 * i], ring[2 * i + 1]]),
  ]);
  return geometryArea("the polygons asked for", { type: "MultiPolygon", coordinates });
}

/** The text of a file, or of stdin for `-`, no longer than an answer may be. */
async function readText(named: string): Promise<string> {
  const file = inputPath(named);
  const chunks: Uint8Array[] = [];
  let length = 0;
  const stream = fs.createReadStream(
    file === "-" ? "" : file,
    file === "-" ? { fd: 0, autoClose: false } : {},
  );
  try {
    for await (const chunk of stream) {
      length += (chunk as Uint8Array).length;
      if (length > MOST_ANSWER_BYTES) {
        throw inputError(
          `${file}: longer than ${MOST_ANSWER_BYTES} bytes, which no answer of 2,000 granules is`,
        );
      }
      chunks.push(chunk as Uint8Array);
    }
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw inputError(`${file}: cannot be read (${code === "ENOENT" ? "no such file" : code})`);
  }
  return new TextDecoder().decode(joinChunks(chunks, length));
}
