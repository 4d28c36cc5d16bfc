/** The flags of `granary catalog build`, and the request that they make of a source. Nothing here opens anything. */
import { type CommandUnknownOpts, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { CMR_URL, type CmrQuery, queryRings } from "../../catalog/discover/cmr/cmr_query.ts";
import type { LocalQuery } from "../../catalog/discover/discover.ts";
import type { S3Listing } from "../../catalog/discover/s3/s3_listing.ts";
import { rowIndexPath } from "../../catalog/row_index/paths.ts";
import { DEFAULT_CELL_ORDER } from "../../catalog/schema.ts";
import { MAX_NUMBER_ORDER } from "../../core/cells/convention.ts";
import { inputError } from "../../core/errors.ts";
import { CHECKSUM_KINDS, type ChecksumKind, DEFAULT_CHECKSUM } from "../../core/files/checksum_file.ts";
import type { Area } from "../../core/geometry/area.ts";
import { type OrbitParameters, orbitParameters } from "../../products/orbits.ts";
import { PRESET_NAMES } from "../../products/presets/index.ts";
import { addAreaOptions, type AreaFlags } from "./area.ts";
import { listOf, numberWithin, whole } from "./numbers.ts";
import {
  CELL_INDEX,
  CELL_INDEX_HELP,
  NO_CELL_INDEX,
  NO_CELL_INDEX_HELP,
  OVERWRITE,
  OVERWRITE_HELP,
} from "./output.ts";
import { addS3Options, type S3Flags, s3Settings } from "./s3.ts";
import { fileToRead, fileToWrite, serverToAsk } from "./places.ts";

/** The kinds of places where granules are found. */
const BUILD_SOURCES = ["local", "cmr", "cmr-json", "stac", "s3"] as const;
type BuildSourceKind = (typeof BUILD_SOURCES)[number];

/** What commander makes of the words; absent where a flag is. */
export interface BuildFlags extends AreaFlags, S3Flags {
  from: BuildSourceKind;
  output: string;
  overwrite?: boolean;
  cellOrder: number;
  cellIndex?: boolean;
  // Of several sources.
  collection?: string;
  provider?: string;
  start?: string;
  end?: string;
  buffer?: number;
  orbit?: OrbitParameters;
  // Of one.
  config?: string;
  checksum?: ChecksumKind;
  workers?: number;
  rowIndex?: true | number;
  shortName?: string[];
  version?: string[];
  conceptId?: string[];
  cycle?: number[];
  cmrUrl?: string;
  update?: boolean;
  removeDeleted?: boolean;
  match?: string;
  id?: string;
}

/** How footprints are made of what a provider says. */
export interface FootprintRequest {
  bufferKm: number;
  orbit: OrbitParameters | null;
}

/** What is asked of each source. */
export type SourceRequest =
  | {
    from: "local";
    paths: readonly string[];
    config?: string | undefined;
    collection?: string | undefined;
    provider?: string | undefined;
    checksum: ChecksumKind;
    workers?: number | undefined;
    /** The row index to write, and its order where one is asked for. */
    rowIndex?: { file: string; order?: number | undefined } | undefined;
  }
  | { from: "cmr"; query: CmrQuery; url?: string | undefined; footprints: FootprintRequest }
  | { from: "cmr-update"; removeDeleted: boolean; footprints: FootprintRequest }
  | { from: "cmr-json"; files: readonly string[]; query: LocalQuery; footprints: FootprintRequest }
  | { from: "stac"; locations: readonly string[]; query: LocalQuery; footprints: FootprintRequest }
  | { from: "s3"; listing: S3Listing; query: LocalQuery };

export interface BuildRequest {
  /** The catalog to write. */
  output: string;
  cellOrder: number;
  source: SourceRequest;
}

export function addBuildOptions(command: CommandUnknownOpts): void {
  command
    .addOption(
      new Option("--from <source>", "where granules are found").choices(BUILD_SOURCES).makeOptionMandatory(),
    )
    .requiredOption("-o, --output <file>", "the catalog to write", fileToWrite)
    .option(OVERWRITE, OVERWRITE_HELP)
    .option("--cell-order <n>", "order of the cells", whole(0, MAX_NUMBER_ORDER), DEFAULT_CELL_ORDER)
    .option(CELL_INDEX, CELL_INDEX_HELP)
    .option(NO_CELL_INDEX, NO_CELL_INDEX_HELP)
    .option("--provider <name>", "who serves the granules; cmr: only these, commas between");
  command.optionsGroup("Choosing:");
  command
    .option(
      "--collection <names>",
      "cmr-json and stac: only these, commas between; local and s3: that of files whose names do not say it",
    )
    .option("--start <time>", "only granules that end at this time or later (2023-12-18 or with a time, UTC)")
    .option("--end <time>", "only granules that start at this time or before; a date means all of its day");
  addAreaOptions(command);
  command.optionsGroup("Footprints:");
  command
    .option(
      "--buffer <km>",
      "widen every footprint before it is covered by cells",
      numberWithin(0, 2000, " of kilometres"),
    )
    .option(
      "--orbit <inclination,period,width>",
      "degrees, minutes and km, for granules that state only an orbit of a mission that granary does not know",
      parseOrbit,
    );
  command.optionsGroup("From local:");
  command
    .option(
      "-c, --config <config>",
      `how files are read: a preset (${PRESET_NAMES.join(", ")}), a YAML file, or grids for files of ` +
        "rasters: GeoTIFF, HDF5, netCDF (default: the preset that fits the files' names)",
      fileToRead,
    )
    .addOption(
      new Option("--checksum <kind>", `checksums of whole files (default: ${DEFAULT_CHECKSUM})`)
        .choices(CHECKSUM_KINDS),
    )
    .option("--workers <n>", "worker threads (default: the cores of this process)", whole(1, 1024))
    .option(
      "--row-index [order]",
      "write a row index too, at an order of cells (default: the config's child order); " +
        "runs over few cells then read only their rows",
      whole(0, MAX_NUMBER_ORDER),
    );
  command.optionsGroup("From CMR:");
  command
    .option("--short-name <names>", "products, such as ATL06, with commas between", namesOf)
    .option("--version <versions>", "their versions, such as 006", namesOf)
    .option("--concept-id <ids>", "collections or granules by concept id", namesOf)
    .option("--cycle <n>", "ICESat-2 repeat cycles, such as 22 or 20-22", parseCycles)
    .option("--cmr-url <url>", `the search endpoint (default: ${CMR_URL})`, serverToAsk)
    .option("--update", "ask again what fed the output, for what changed since")
    .option("--remove-deleted", "with --update, take out what the source deleted");
  command.optionsGroup("From S3:");
  command
    .option(
      "--match <pattern>",
      "only keys that match below the prefix: a glob, or a regular expression between slashes" +
        " (default: names of HDF5, netCDF and TIFF files)",
    )
    .option(
      "--id <pattern>",
      "a regular expression over files' names; those of one id (its group id, or the first) are one granule",
    );
  addS3Options(command);
}

/** Flags that have a meaning for some sources only, with these. */
const MEANT_FOR: Readonly<Partial<Record<keyof BuildFlags, readonly BuildSourceKind[]>>> = {
  config: ["local"],
  checksum: ["local"],
  workers: ["local"],
  rowIndex: ["local"],
  shortName: ["cmr"],
  version: ["cmr"],
  conceptId: ["cmr"],
  cycle: ["cmr"],
  cmrUrl: ["cmr"],
  update: ["cmr"],
  removeDeleted: ["cmr"],
  match: ["s3"],
  id: ["s3"],
  s3Access: ["s3"],
  s3Region: ["s3"],
  s3Endpoint: ["s3"],
  collection: ["local", "cmr-json", "stac", "s3"],
  provider: ["local", "cmr", "s3"],
  start: ["cmr", "cmr-json", "stac", "s3"],
  end: ["cmr", "cmr-json", "stac", "s3"],
  bbox: ["cmr", "cmr-json", "stac"],
  polygon: ["cmr", "cmr-json", "stac"],
  region: ["cmr", "cmr-json", "stac"],
  buffer: ["cmr", "cmr-json", "stac"],
  orbit: ["cmr", "cmr-json", "stac"],
};

/** What to do instead. */
const ADVICE: Readonly<Partial<Record<keyof BuildFlags, string>>> = {
  collection: "CMR knows collections by --short-name and --version, or by --concept-id",
  shortName: "--collection names collections there",
  update: "build another catalog and granary catalog merge the two",
};

/** What an update asks is what the catalog itself says that it was asked. */
const ASKED_ALREADY = [
  ...["shortName", "version", "conceptId", "cycle", "cmrUrl", "provider", "start", "end"] as const,
  ...["bbox", "polygon", "region"] as const,
];

/** Throws an input error for a flag that its source would leave without effect. */
export function checkBuildFlags(flags: BuildFlags, inputs: readonly string[]): void {
  for (const [name, kinds] of Object.entries(MEANT_FOR) as [keyof BuildFlags, BuildSourceKind[]][]) {
    if (flags[name] === undefined || kinds.includes(flags.from)) continue;
    const advice = ADVICE[name] === undefined ? "" : `; ${ADVICE[name]}`;
    throw inputError(
      `${flagOf(name)} has no meaning for --from ${flags.from} (it belongs to ${kinds.join(", ")}${advice})`,
    );
  }
  if (flags.from === "cmr" && inputs.length > 0) {
    throw inputError(`--from cmr takes no files (found ${inputs[0]}; saved answers are --from cmr-json)`);
  }
  if (flags.update !== true) {
    if (flags.removeDeleted === true) throw inputError("--remove-deleted belongs to --update");
    return;
  }
  const extra = ASKED_ALREADY.find((name) => flags[name] !== undefined);
  if (extra === undefined) return;
  throw inputError(
    `--update asks again what the catalog was built from; ${flagOf(extra)} would ask something else ` +
      "(build that beside it and merge)",
  );
}

/** `conceptId` as `--concept-id`, `s3Region` as `--s3-region`. */
function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * The request that flags make which {@linkcode checkBuildFlags} let pass.
 * @param area the area that the flags name
 */
export function buildRequest(
  flags: BuildFlags,
  inputs: readonly string[],
  area: Area | undefined,
): BuildRequest {
  const { output, cellOrder } = flags;
  return { output, cellOrder, source: sourceRequest(flags, inputs, area) };
}

function sourceRequest(flags: BuildFlags, inputs: readonly string[], area: Area | undefined): SourceRequest {
  const footprints = { bufferKm: flags.buffer ?? 0, orbit: flags.orbit ?? null };
  const { collection, provider } = flags;
  switch (flags.from) {
    case "local": {
      const { config, workers, rowIndex, output, checksum = DEFAULT_CHECKSUM } = flags;
      const index = rowIndex === undefined
        ? undefined
        : { file: rowIndexPath(output), order: rowIndex === true ? undefined : rowIndex };
      return {
        from: "local",
        paths: inputs,
        config,
        collection,
        provider,
        checksum,
        workers,
        rowIndex: index,
      };
    }
    case "cmr":
      return flags.update === true
        ? { from: "cmr-update", removeDeleted: flags.removeDeleted === true, footprints }
        : { from: "cmr", query: cmrQuery(flags, area), url: flags.cmrUrl, footprints };
    case "cmr-json":
      return { from: "cmr-json", files: inputs, query: localQuery(flags, area), footprints };
    case "stac":
      return { from: "stac", locations: inputs, query: localQuery(flags, area), footprints };
    case "s3": {
      const { match, id, start, end } = flags;
      const listing = { prefixes: inputs, match, id, collection, provider, s3: s3Settings(flags) };
      return { from: "s3", listing, query: given({ start, end }) };
    }
  }
}

/** What CMR's search is asked. */
function cmrQuery(flags: BuildFlags, area: Area | undefined): CmrQuery {
  const spec = area?.spec;
  return given({
    shortNames: flags.shortName,
    versions: flags.version,
    providers: flags.provider === undefined ? undefined : listOf(flags.provider),
    conceptIds: flags.conceptId,
    start: flags.start,
    end: flags.end,
    cycles: flags.cycle,
    bbox: spec !== undefined && "bbox" in spec ? spec.bbox : undefined,
    polygons: spec !== undefined && !("bbox" in spec) ? queryRings(spec.geometry, spec.name) : undefined,
  });
}

/** What rows are narrowed by, where no server does it. */
function localQuery(flags: BuildFlags, area: Area | undefined): LocalQuery {
  const box = area !== undefined && "bbox" in area.spec ? area.spec.bbox : undefined;
  return given({
    collections: flags.collection === undefined ? undefined : listOf(flags.collection),
    start: flags.start,
    end: flags.end,
    bbox: box,
    areas: area === undefined || box !== undefined ? undefined : [area],
  });
}

/** Without what is undefined: a query is written into the catalog's metadata as it is. */
function given<T extends object>(query: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(query).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** Names with commas between, one at least. */
function namesOf(text: string): string[] {
  const names = listOf(text);
  if (names.length === 0) throw new InvalidArgumentError("wanted one name or several with commas between");
  return names;
}

/** `20-22,25` as 20, 21, 22, 25. */
function parseCycles(text: string): number[] {
  return text.split(",").flatMap((part) => {
    const match = /^\s*(\d{1,2})(?:\s*-\s*(\d{1,2}))?\s*$/.exec(part);
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (match === null || first < 1 || last < first) {
      throw new InvalidArgumentError(`"${text}" names no cycles (wanted 1 to 99, such as 22 or 20-22)`);
    }
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/** `92,94.29,36`: degrees, minutes, kilometres. */
function parseOrbit(text: string): OrbitParameters {
  const numbers = text.split(",").map((part) => part.trim() === "" ? NaN : Number(part));
  const orbit = numbers.length === 3 ? orbitParameters(numbers[0], numbers[1], numbers[2]) : null;
  if (orbit === null) {
    throw new InvalidArgumentError(
      `"${text}" is no orbit (wanted inclination,period,width such as 92,94.29,36)`,
    );
  }
  return orbit;
}
