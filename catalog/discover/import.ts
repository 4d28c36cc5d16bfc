/**
 * Catalogs of other tools as rows: stac-geoparquet files, such as the Python tools of this field write,
 * and their older JSON catalogs, which list S3 URLs by morton id of a parent cell.
 */
import fs from "node:fs";
import { asObject } from "../../core/json_value.ts";
import { GranaryError, inputError, systemCode } from "../../core/errors.ts";
import { keepStandardInput, type KeptInput } from "../../core/files/standard_input.ts";
import { inputPath } from "../../core/files/address.ts";
import type { LatitudeConvention } from "../../core/cells/convention.ts";
import { parseCellAt } from "../../core/cells/cell_name.ts";
import type { DuckOptions } from "../../core/tables/duckdb.ts";
import { capCells } from "../footprint/footprint.ts";
import { cellsInOtherConvention } from "../../core/cells/other_convention.ts";
import type { GranuleRow } from "../granule.ts";
import { granuleFromName } from "../../products/file_names.ts";
import type { CatalogQuery } from "../schema.ts";
import { linkProblem } from "./draft/bases.ts";
import { finishRow } from "./draft/draft.ts";
import { createFootprinter } from "./draft/footprinter.ts";
import { refuseNothing } from "./discover.ts";
import { PARQUET_MAGIC } from "../../core/tables/parquet_magic.ts";
import { readStacParquet } from "./stac/stac_parquet.ts";
import { Tally } from "./draft/tally.ts";
import { isObjectAddress } from "../../core/files/address.ts";

/** A JSON catalog larger than this is refused. */
const MAX_JSON_CATALOG_BYTES = 2_000_000_000;

/** JSON catalogs hold no cells finer than this order, and are stored at most at the catalog's. */
const MAX_JSON_PARENT_ORDER = 18;

export interface ImportOptions extends DuckOptions {
  cellOrder: number;
  /** For rows whose collection the file does not say. */
  collection?: string | undefined;
  provider?: string | undefined;
  /** How the JSON catalog's tool read latitudes; geodetic, as the older ones did, unless stated. */
  latitude?: LatitudeConvention | undefined;
}

interface Import {
  rows: AsyncIterable<GranuleRow> | Iterable<GranuleRow>;
  tally: Tally;
  /** To be called after the last row. */
  query(): CatalogQuery;
}

/** Reads a foreign catalog (`-` is stdin), recognized by its first bytes. */
export function importCatalog(named: string, options: ImportOptions): Import {
  const kept = named === "-" ? keepStandardInput(options.scratch) : undefined;
  const file = kept?.file ?? inputPath(named);
  const tally = new Tally();
  let kind: ReturnType<typeof fileKind>;
  let rows: AsyncIterable<GranuleRow> | Iterable<GranuleRow>;
  try {
    kind = fileKind(file);
    rows = kind === "parquet"
      ? stacRows(file, options, tally)
      : jsonRows(parseJson(file), file, options, tally);
  } catch (error) {
    kept?.clean();
    throw error;
  }
  return {
    rows: kept === undefined ? rows : cleanedAfter(rows, kept),
    tally,
    query: () => ({
      source: "import",
      parameters: { file: file.slice(file.lastIndexOf("/") + 1), kind },
      set_aside: tally.toJSON(),
    }),
  };
}

async function* cleanedAfter(
  rows: AsyncIterable<GranuleRow> | Iterable<GranuleRow>,
  kept: KeptInput,
): AsyncGenerator<GranuleRow> {
  try {
    yield* rows;
  } finally {
    kept.clean();
  }
}

function fileKind(file: string): "parquet" | "json" {
  let fd: number;
  try {
    fd = fs.openSync(file, "r");
  } catch (error) {
    throw inputError(`${file}: cannot read (${systemCode(error) ?? (error as Error).message})`);
  }
  try {
    const bytes = new Uint8Array(64);
    const text = new TextDecoder().decode(bytes.subarray(0, fs.readSync(fd, bytes, 0, bytes.length, 0)));
    if (text.startsWith(PARQUET_MAGIC)) return "parquet";
    if (/^\s*\{/.test(text)) return "json";
    throw inputError(`${file}: is neither Parquet nor a JSON object (wanted a catalog of another tool)`);
  } finally {
    fs.closeSync(fd);
  }
}

async function* stacRows(file: string, options: ImportOptions, tally: Tally): AsyncGenerator<GranuleRow> {
  let made = 0;
  const footprinter = createFootprinter(options.cellOrder);
  const context = { tally, collectionName: options.collection ?? null };
  for await (const draft of readStacParquet(file, context, options)) {
    const row = finishRow(draft, footprinter, tally);
    if (row === null) continue;
    made += 1;
    yield options.provider === undefined ? row : { ...row, provider: options.provider };
  }
  refuseNothing(made, tally, file);
}

interface JsonCatalog {
  parentOrder: number;
  s3Base: string | null;
  httpsBase: string | null;
  cells: [name: string, urls: string[]][];
}

function parseJson(file: string): JsonCatalog {
  const size = fs.statSync(file).size;
  if (size > MAX_JSON_CATALOG_BYTES) {
    throw inputError(`${file}: ${size} bytes is too large (at most ${MAX_JSON_CATALOG_BYTES})`);
  }
  let value: unknown;
  try {
    value = JSON.parse(fs.readFileSync(file, "utf8"));
  } catch (error) {
    throw inputError(`${file}: is not JSON (${(error as Error).message})`);
  }
  const { metadata, catalog } = asObject(value) ?? {};
  const facts = asObject(metadata);
  const cells = asObject(catalog);
  if (facts === null || cells === null) {
    throw inputError(
      `${file}: is no JSON catalog (wanted {"metadata": {…}, "catalog": {morton id: [urls]}})`,
    );
  }
  const order = facts.parent_order;
  if (!Number.isInteger(order) || (order as number) < 0 || (order as number) > MAX_JSON_PARENT_ORDER) {
    throw inputError(
      `${file}: metadata.parent_order is ${JSON.stringify(order)} (wanted 0 to ${MAX_JSON_PARENT_ORDER})`,
    );
  }
  const base = (name: string, wanted: RegExp, form: string) => {
    const text = facts[name];
    if (text === undefined || text === null || text === "") return null;
    if (typeof text === "string" && wanted.test(text)) return text;
    throw inputError(`${file}: metadata.${name} is ${JSON.stringify(text).slice(0, 80)} (wanted ${form})`);
  };
  return {
    parentOrder: order as number,
    s3Base: base("s3_base", /^(s3|gs|az):\/\/[^/]/, "s3://bucket/…"),
    httpsBase: base("https_base", /^https?:\/\/[^/]/, "https://host/…"),
    cells: Object.entries(cells).map(([name, urls]) => {
      const list = Array.isArray(urls) && urls.every((url) => typeof url === "string");
      if (!list) throw inputError(`${file}: catalog["${name.slice(0, 40)}"] is not a list of URLs`);
      return [name, urls as string[]];
    }),
  };
}

function* jsonRows(
  catalog: JsonCatalog,
  file: string,
  options: ImportOptions,
  tally: Tally,
): Generator<GranuleRow> {
  const cellsOfUrl = new Map<string, number[]>();
  for (const [name, urls] of catalog.cells) {
    const cells = authalicCells(cellOf(name, catalog.parentOrder, file), catalog.parentOrder, options);
    for (const url of urls) {
      const known = cellsOfUrl.get(url);
      if (known === undefined) cellsOfUrl.set(url, [...cells]);
      else known.push(...cells);
    }
  }
  for (const [url, cells] of cellsOfUrl) {
    const row = jsonRow(url, cells, catalog, options, tally);
    if (row !== undefined) yield row;
  }
}

function cellOf(name: string, order: number, file: string): number {
  try {
    return Number(parseCellAt(name, order));
  } catch (error) {
    if (!(error instanceof GranaryError)) throw error;
    throw inputError(`${file}: ${error.message}`);
  }
}

/** The cell itself, and for a geodetic tool the authalic cells that its observations lie in. */
function authalicCells(cell: number, order: number, options: ImportOptions): number[] {
  if (options.latitude === "authalic") return [cell];
  return [cell, ...cellsInOtherConvention(cell, order, "geodetic", order, Math.min(order + 4, 24))];
}

function jsonRow(
  url: string,
  cells: readonly number[],
  catalog: JsonCatalog,
  options: ImportOptions,
  tally: Tally,
): GranuleRow | undefined {
  const located = splitUrl(url, catalog);
  const problem = linkProblem(url) ?? locatedProblem(located);
  if (problem !== null || located === undefined) {
    tally.add("granule", problem ?? "link names no file", url);
    return undefined;
  }
  const id = url.slice(url.lastIndexOf("/") + 1);
  const named = granuleFromName(id);
  const capped = capCells(
    atMost(cells, catalog.parentOrder, options.cellOrder),
    Math.min(catalog.parentOrder, options.cellOrder),
  );
  return {
    id,
    collection: options.collection ?? named.collection ?? "unknown",
    provider: options.provider ?? "unknown",
    concept_id: null,
    revision: null,
    start_datetime: named.start,
    end_datetime: named.end ?? named.start,
    datetime: null,
    geometry: null,
    bbox: null,
    cell_order: capped.order,
    cells: capped.cells,
    ...located,
    local_base: null,
    s3_credentials: null,
    s3_region: null,
    s3_endpoint: null,
    s3_access: null,
    size_bytes: null,
    checksum: null,
    assets: [],
    properties: {},
  };
}

function atMost(cells: readonly number[], order: number, most: number): number[] {
  if (order <= most) return [...cells];
  return cells.map((cell) => Math.floor(cell / 4 ** (order - most)));
}

/** Why a location that the catalog's own bases give cannot be one, or null. */
function locatedProblem(located: ReturnType<typeof splitUrl>): string | null {
  if (located === undefined) return null;
  const { s3_base, https_base, path } = located;
  const problems = [s3_base, https_base].map((base) => base === null ? null : linkProblem(base + path));
  return problems.find((problem) => problem !== null) ?? null;
}

/** Bases and path of a URL: the catalog's own bases where the URL begins with one. */
function splitUrl(
  url: string,
  catalog: JsonCatalog,
): Pick<GranuleRow, "s3_base" | "https_base" | "path"> | undefined {
  const { s3Base, httpsBase } = catalog;
  for (const base of [s3Base, httpsBase]) {
    if (base !== null && url.startsWith(base) && url.length > base.length) {
      return { s3_base: s3Base, https_base: httpsBase, path: url.slice(base.length) };
    }
  }
  const host = /^(s3|gs|az|https?):\/\/[^/]+\//.exec(url);
  if (host === null || url.length === host[0].length) return undefined;
  const alone = isObjectAddress(url)
    ? { s3_base: host[0], https_base: null }
    : { s3_base: null, https_base: host[0] };
  return { ...alone, path: url.slice(host[0].length) };
}
