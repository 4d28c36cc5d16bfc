/** `granary catalog build --from cmr | cmr-json | stac`: its flags, and the discovery that they mean. */
import fs from "node:fs";
import { type CommandUnknownOpts, InvalidArgumentError } from "@commander-js/extra-typings";
import { inputError, systemCode } from "../../base/errors.ts";
import { formatCount } from "../../base/units.ts";
import type { Geometry } from "../../catalog/geometry.ts";
import type { CmrQuery } from "../../catalog/sources/cmr_query.ts";
import type { Discovery, LocalQuery } from "../../catalog/sources/discover.ts";
import { type OrbitParameters, orbitParameters } from "../../catalog/sources/orbit.ts";
import type { CliContext } from "../context.ts";

export const REMOTE_SOURCES = ["cmr", "cmr-json", "stac"] as const;
export type RemoteSource = (typeof REMOTE_SOURCES)[number];

export interface RemoteFlags {
  shortName?: string[];
  version?: string[];
  provider?: string[];
  conceptId?: string[];
  collection?: string[];
  start?: string;
  end?: string;
  cycle?: number[];
  bbox?: string;
  polygon?: string;
  cmrUrl?: string;
  orbit?: OrbitParameters;
  buffer?: number;
}

/** Adds the flags of remote sources, except --bbox and --polygon, which other sources share. */
export function addRemoteOptions(command: CommandUnknownOpts): void {
  command.option("--short-name <names>", "cmr: products, such as ATL06, with commas between", splitList);
  command.option("--version <versions>", "cmr: their versions, such as 006", splitList);
  command.option("--provider <names>", "cmr: providers, such as NSIDC_CPRD", splitList);
  command.option("--concept-id <ids>", "cmr: collections or granules by concept id", splitList);
  command.option("--cycle <n>", "cmr: ICESat-2 repeat cycles, such as 22 or 20-22", parseCycles);
  command.option("--cmr-url <url>", "cmr: the search endpoint (default: the public one)");
  command.option("--collection <names>", "cmr-json and stac: only these collections", splitList);
  command.option(
    "--start <time>",
    "only granules that end at this time or later (2023-12-18 or with a time, UTC)",
  );
  command.option(
    "--end <time>",
    "only granules that start at this time or before; a date means all of its day",
  );
  command.option("--buffer <km>", "widen every footprint before it is covered by cells", parseBuffer);
  command.option(
    "--orbit <inclination,period,width>",
    "degrees, minutes and km, for granules that state only an orbit of a mission that granary does not know",
    parseOrbit,
  );
}

export interface RemoteTarget {
  cellOrder: number;
  /** Beside this file the answers of an unfinished harvest are kept. */
  output: string;
}

/** A discovery, and what to call when its rows are in the output. */
export interface RemoteDiscovery extends Discovery {
  finished(): void;
}

/** The discovery that the flags mean. `inputs` are files and URLs for cmr-json and stac. */
export async function discoverRemote(
  source: RemoteSource,
  inputs: readonly string[],
  flags: RemoteFlags,
  context: CliContext,
  target: RemoteTarget,
): Promise<RemoteDiscovery> {
  const sources = await import("../../catalog/sources/discover.ts");
  const { defaultHttpIo } = await import("../../catalog/sources/http_text.ts");
  const io = {
    ...defaultHttpIo(context.signal),
    onWait: (reason: string, waitMs: number) =>
      context.log.info(`${reason}; trying again in ${Math.ceil(waitMs / 1000)} s`),
  };
  let progress: ReturnType<CliContext["log"]["progress"]> | undefined;
  const onProgress = (received: number, total: number | null) => {
    progress ??= context.log.progress(source, total, "granules");
    progress.update(received, total === null ? undefined : `of ${formatCount(total)}`);
  };
  const options = {
    cellOrder: target.cellOrder,
    bufferKm: flags.buffer ?? 0,
    orbit: flags.orbit ?? null,
    asked: new Date().toISOString(),
    signal: context.signal,
    onWarning: (message: string) => context.log.warn(message),
    onProgress,
  };
  const polygon = flags.polygon === undefined ? undefined : await readPolygon(flags.polygon);
  const resumeDir = harvestFolder(target.output);
  const found = source === "cmr"
    ? sources.discoverCmr(await cmrQuery(inputs, flags, polygon), io, {
      ...options,
      ...(flags.cmrUrl === undefined ? {} : { url: flags.cmrUrl }),
      resumeDir,
    })
    : source === "cmr-json"
    ? sources.discoverCmrJson(inputs, options, await localQuery(source, flags, polygon))
    : sources.discoverStac(inputs, io, options, await localQuery(source, flags, polygon));
  const { removeHarvest } = await import("../../catalog/sources/harvest_state.ts");
  return {
    ...found,
    finished: () => {
      progress?.end();
      if (source === "cmr") removeHarvest(resumeDir);
    },
  };
}

/** Where an unfinished harvest for an output is kept. */
export function harvestFolder(output: string): string {
  return `${output}.harvest`;
}

interface NamedGeometry {
  name: string;
  geometry: Geometry;
}

async function cmrQuery(
  inputs: readonly string[],
  flags: RemoteFlags,
  polygon?: NamedGeometry,
): Promise<CmrQuery> {
  if (inputs.length > 0) {
    throw inputError(`--from cmr takes no files (found ${inputs[0]}; saved answers are --from cmr-json)`);
  }
  if (flags.collection !== undefined) {
    throw inputError("--from cmr knows collections by --short-name and --version, or by --concept-id");
  }
  const { queryRings } = await import("../../catalog/sources/cmr_query.ts");
  return {
    ...(flags.shortName === undefined ? {} : { shortNames: flags.shortName }),
    ...(flags.version === undefined ? {} : { versions: flags.version }),
    ...(flags.provider === undefined ? {} : { providers: flags.provider }),
    ...(flags.conceptId === undefined ? {} : { conceptIds: flags.conceptId }),
    ...(flags.start === undefined ? {} : { start: flags.start }),
    ...(flags.end === undefined ? {} : { end: flags.end }),
    ...(flags.cycle === undefined ? {} : { cycles: flags.cycle }),
    ...(flags.bbox === undefined ? {} : { bbox: parseBbox(flags.bbox) }),
    ...(polygon === undefined ? {} : { polygons: queryRings(polygon.geometry, polygon.name) }),
  };
}

const CMR_ONLY = ["shortName", "version", "provider", "conceptId", "cycle", "cmrUrl"] as const;

async function localQuery(
  source: RemoteSource,
  flags: RemoteFlags,
  polygon?: NamedGeometry,
): Promise<LocalQuery> {
  for (const name of CMR_ONLY) {
    if (flags[name] === undefined) continue;
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw inputError(
      `${flag} is a question to CMR and has no meaning for --from ${source} (try --collection)`,
    );
  }
  const { geometryArea } = await import("../../catalog/area.ts");
  return {
    ...(flags.collection === undefined ? {} : { collections: flags.collection }),
    ...(flags.start === undefined ? {} : { start: flags.start }),
    ...(flags.end === undefined ? {} : { end: flags.end }),
    ...(flags.bbox === undefined ? {} : { bbox: parseBbox(flags.bbox) }),
    ...(polygon === undefined ? {} : { areas: [geometryArea(polygon.name, polygon.geometry)] }),
  };
}

async function readPolygon(file: string): Promise<NamedGeometry> {
  const { parseGeoJson } = await import("../../catalog/geojson.ts");
  const { MAX_POLYGON_FILE_BYTES } = await import("../../catalog/area.ts");
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
  const orbit = numbers.length === 3 ? orbitParameters(numbers[0]!, numbers[1]!, numbers[2]!) : null;
  if (orbit === null) {
    throw new InvalidArgumentError(
      `"${text}" is no orbit (wanted inclination,period,width such as 92,94.29,36)`,
    );
  }
  return orbit;
}
