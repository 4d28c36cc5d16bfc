/** `granary catalog build --from cmr | cmr-json | stac`: its flags, and the discovery that they mean. */
import fs from "node:fs";
import { type CommandUnknownOpts, InvalidArgumentError } from "@commander-js/extra-typings";
import { inputError, systemCode } from "../../core/errors.ts";
import { formatNumberOf } from "../../core/units.ts";
import type { Geometry } from "../../core/geometry/geometry.ts";
import { CMR_URL, type CmrQuery } from "../../catalog/discover/cmr/cmr_query.ts";
import type { LocalQuery } from "../../catalog/discover/discover.ts";
import { type OrbitParameters, orbitParameters } from "../../products/orbits.ts";
import { addAreaOptions } from "../flags/area.ts";
import type { Progress } from "../io/context.ts";
import type { BuildRequest, BuildSource, OpenedSource } from "./catalog_build_source.ts";

/** What the flags of remote sources say, as commander parsed them. */
interface RemoteFlags {
  shortName?: string[];
  version?: string[];
  /** With commas between. */
  provider?: string;
  conceptId?: string[];
  /** With commas between. */
  collection?: string;
  start?: string;
  end?: string;
  cycle?: number[];
  bbox?: string;
  polygon?: string;
  region?: string;
  cmrUrl?: string;
  orbit?: OrbitParameters;
  buffer?: number;
  update?: true;
  removeDeleted?: true;
}

type RemoteKind = "cmr" | "cmr-json" | "stac";

/** The sources behind `--from cmr`, `cmr-json` and `stac`. The first brings the flags of all three. */
export const remoteSources: readonly BuildSource[] = [
  { kind: "cmr", addOptions, open: (request) => open("cmr", request) },
  { kind: "cmr-json", addOptions: () => {}, open: (request) => open("cmr-json", request) },
  { kind: "stac", addOptions: () => {}, open: (request) => open("stac", request) },
];

function addOptions(command: CommandUnknownOpts): void {
  const has = (flag: string) => command.options.some((option) => option.long === flag);
  command.option("--short-name <names>", "cmr: products, such as ATL06, with commas between", splitList);
  command.option("--version <versions>", "cmr: their versions, such as 006", splitList);
  command.option("--concept-id <ids>", "cmr: collections or granules by concept id", splitList);
  command.option("--cycle <n>", "cmr: ICESat-2 repeat cycles, such as 22 or 20-22", parseCycles);
  command.option("--cmr-url <url>", `cmr: the search endpoint (default: ${CMR_URL})`);
  command.option("--update", "cmr: ask again what fed the output, for what changed since");
  command.option("--remove-deleted", "cmr: with --update, take out what the source deleted");
  command.option(
    "--start <time>",
    "only granules that end at this time or later (2023-12-18 or with a time, UTC)",
  );
  command.option(
    "--end <time>",
    "only granules that start at this time or before; a date means all of its day",
  );
  addAreaOptions(command);
  if (!has("--region")) {
    command.option("--region <name>", "only what touches a country, antarctica, greenland or land");
  }
  command.option("--buffer <km>", "widen every footprint before it is covered by cells", parseBuffer);
  command.option(
    "--orbit <inclination,period,width>",
    "degrees, minutes and km, for granules that state only an orbit of a mission that granary does not know",
    parseOrbit,
  );
}

async function open(kind: RemoteKind, request: BuildRequest): Promise<OpenedSource> {
  const { inputs, context, cellOrder, output } = request;
  const flags = request.flags as RemoteFlags;
  const { defaultHttpIo, STAC_TOKEN, stacAuthorization } = await import(
    "../../catalog/discover/draft/http_text.ts"
  );
  const io = {
    ...defaultHttpIo(context.signal, context.env),
    ...(kind === "stac"
      ? {
        authorization: stacAuthorization(context.env),
        loginHint: `the token of its API goes into ${STAC_TOKEN}`,
      }
      : {}),
    onWait: (reason: string, waitMs: number) =>
      context.log.info(`${reason}; trying again in ${Math.ceil(waitMs / 1000)} s`),
  };
  let progress: Progress | undefined;
  const options = {
    bufferKm: flags.buffer ?? 0,
    orbit: flags.orbit ?? null,
    asked: new Date().toISOString(),
    signal: context.signal,
    onWarning: (message: string) => context.log.warn(message),
    onProgress: (received: number, total: number | null) => {
      progress ??= context.log.progress(kind, total, "granules");
      progress.update(received);
    },
  };
  const close = () => {
    progress?.end();
    progress = undefined;
    return Promise.resolve();
  };
  if (flags.update === true || flags.removeDeleted === true) {
    refuseWithUpdate(kind, inputs, flags);
    const { discoverUpdate } = await import("../../catalog/discover/discover_update.ts");
    const update = await discoverUpdate(output, io, {
      ...options,
      removeDeleted: flags.removeDeleted === true,
    });
    return {
      rows: update.rows,
      queries: update.queries,
      notes: () => [],
      failures: [],
      onto: { file: output, cellOrder: update.cellOrder, removed: update.removed },
      close,
    };
  }
  const sources = await import("../../catalog/discover/discover.ts");
  const outline = await readOutline(flags);
  const withOrder = { ...options, cellOrder };
  const resumeDir = harvestFolder(output);
  const found = kind === "cmr"
    ? sources.discoverCmr(await cmrQuery(inputs, flags, outline), io, {
      ...withOrder,
      ...(flags.cmrUrl === undefined ? {} : { url: flags.cmrUrl }),
      resumeDir,
    })
    : kind === "cmr-json"
    ? sources.discoverCmrJson(inputs, withOrder, await localQuery(kind, flags, outline))
    : sources.discoverStac(inputs, io, withOrder, await localQuery(kind, flags, outline));
  const { removeHarvest } = await import("../../catalog/discover/cmr/harvest_state.ts");
  return {
    rows: found.rows,
    queries: () => [found.query()],
    notes: () => found.tally.lines(["granule", "note"]),
    failures: [],
    finished: () => {
      const links = found.tally.count("link");
      if (links > 0) {
        context.log.info(`no data: ${formatNumberOf(links, "link")} (catalog info says what they are)`);
      }
      if (kind === "cmr") removeHarvest(resumeDir);
    },
    close,
  };
}

/** An update asks what the catalog itself says that it was asked. */
function refuseWithUpdate(kind: RemoteKind, inputs: readonly string[], flags: RemoteFlags): void {
  if (kind !== "cmr") {
    throw inputError(`--update asks CMR, and --from ${kind} does not (build the catalog again)`);
  }
  if (flags.update !== true) throw inputError("--remove-deleted belongs to --update");
  const given = [...CMR_ONLY, "provider", "collection", "start", "end", "bbox", "polygon", "region"] as const;
  const extra = given.find((name) => flags[name] !== undefined);
  if (extra !== undefined || inputs.length > 0) {
    throw inputError(
      `--update asks again what the catalog was built from; ${
        extra === undefined ? inputs[0] : flagOf(extra)
      } ` +
        "would ask something else (build that beside it and merge)",
    );
  }
}

/** Where an unfinished harvest for an output is kept. */
function harvestFolder(output: string): string {
  return `${output}.harvest`;
}

interface Outline {
  name: string;
  geometry: Geometry;
}

async function cmrQuery(inputs: readonly string[], flags: RemoteFlags, outline?: Outline): Promise<CmrQuery> {
  if (inputs.length > 0) {
    throw inputError(`--from cmr takes no files (found ${inputs[0]}; saved answers are --from cmr-json)`);
  }
  if (flags.collection !== undefined) {
    throw inputError("--from cmr knows collections by --short-name and --version, or by --concept-id");
  }
  const { queryRings } = await import("../../catalog/discover/cmr/cmr_query.ts");
  return {
    ...(flags.shortName === undefined ? {} : { shortNames: flags.shortName }),
    ...(flags.version === undefined ? {} : { versions: flags.version }),
    ...(flags.provider === undefined ? {} : { providers: splitList(flags.provider) }),
    ...(flags.conceptId === undefined ? {} : { conceptIds: flags.conceptId }),
    ...(flags.start === undefined ? {} : { start: flags.start }),
    ...(flags.end === undefined ? {} : { end: flags.end }),
    ...(flags.cycle === undefined ? {} : { cycles: flags.cycle }),
    ...(flags.bbox === undefined ? {} : { bbox: parseBbox(flags.bbox) }),
    ...(outline === undefined ? {} : { polygons: queryRings(outline.geometry, outline.name) }),
  };
}

const CMR_ONLY = ["shortName", "version", "conceptId", "cycle", "cmrUrl"] as const;

async function localQuery(kind: RemoteKind, flags: RemoteFlags, outline?: Outline): Promise<LocalQuery> {
  for (const name of [...CMR_ONLY, "provider"] as const) {
    if (flags[name] === undefined) continue;
    throw inputError(
      `${flagOf(name)} is a question to CMR and has no meaning for --from ${kind} (try --collection)`,
    );
  }
  const { geometryArea } = await import("../../core/geometry/area.ts");
  return {
    ...(flags.collection === undefined ? {} : { collections: splitList(flags.collection) }),
    ...(flags.start === undefined ? {} : { start: flags.start }),
    ...(flags.end === undefined ? {} : { end: flags.end }),
    ...(flags.bbox === undefined ? {} : { bbox: parseBbox(flags.bbox) }),
    ...(outline === undefined ? {} : { areas: [geometryArea(outline.name, outline.geometry)] }),
  };
}

/** `conceptId` as `--concept-id`. */
function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The geometry of --polygon or --region; at most one of the area's flags is given. */
async function readOutline(flags: RemoteFlags): Promise<Outline | undefined> {
  const given = (["bbox", "polygon", "region"] as const).filter((name) => flags[name] !== undefined);
  if (given.length > 1) throw inputError(`${given.map(flagOf).join(" and ")} both name an area (give one)`);
  if (flags.region !== undefined) {
    const { findRegion } = await import("../../core/cells/regions.ts");
    const { name, geometry } = await findRegion(flags.region);
    return { name, geometry: geometry as Geometry };
  }
  if (flags.polygon === undefined) return undefined;
  const file = flags.polygon;
  const { parseGeoJson } = await import("../../core/geometry/geojson.ts");
  const { MAX_POLYGON_FILE_BYTES } = await import("../../core/geometry/area.ts");
  try {
    if (file !== "-" && fs.statSync(file).size > MAX_POLYGON_FILE_BYTES) {
      throw inputError(`${file}: too large for a polygon (at most ${MAX_POLYGON_FILE_BYTES} bytes)`);
    }
    return { name: file, geometry: parseGeoJson(fs.readFileSync(file === "-" ? 0 : file, "utf8"), file) };
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw inputError(`${file}: cannot be read (${code}); wanted a GeoJSON file of polygons`);
  }
}

function splitList(text: string): string[] {
  const members = text.split(",").map((part) => part.trim()).filter((part) => part !== "");
  if (members.length === 0) throw new InvalidArgumentError("wanted one name or several with commas between");
  return members;
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

function parseBbox(text: string): [number, number, number, number] {
  const parts = text.split(",").map((part) => part.trim());
  const numbers = parts.map(Number);
  if (parts.length !== 4 || parts.some((part, i) => part === "" || !Number.isFinite(numbers[i]))) {
    throw inputError(`box "${text}" is not four numbers (wanted west,south,east,north in degrees)`);
  }
  return numbers as [number, number, number, number];
}

function parseBuffer(text: string): number {
  const km = Number(text);
  if (text.trim() === "" || !(km >= 0 && km <= 2000)) {
    throw new InvalidArgumentError(`"${text}" is no width in kilometres (wanted 0 to 2000)`);
  }
  return km;
}

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
