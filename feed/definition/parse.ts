/** A feed's YAML to its definition: every key checked, nothing opened but the list of tiles. */
import path from "node:path";
import { addShapeFaults, Faults } from "../../core/config/faults.ts";
import { YamlText } from "../../core/config/yaml_text.ts";
import type { S3Settings } from "../../core/access/location.ts";
import { GranaryError } from "../../core/errors.ts";
import {
  placeFor,
  type PlaceUse,
  READS_FILES,
  WRITES_FILES,
  WRITES_STORES,
} from "../../core/files/address.ts";
import { readYamlText } from "../../core/config/read_text.ts";
import { DEFAULT_CELL_ORDER } from "../../catalog/schema.ts";
import { CDSE_CATALOGUE } from "../../catalog/discover/odata/odata.ts";
import { CDSE_DOWNLOAD } from "../../catalog/discover/odata/odata_product.ts";
import type { CmrQuery } from "../../catalog/discover/cmr/cmr_query.ts";
import { isPostgres } from "../ledger/open.ts";
import { DAY_MS } from "../ledger/days.ts";
import { DEFAULT_RETRY_RULE } from "../ledger/tasks.ts";
import { type FeedInput, feedSchema } from "./schema.ts";

/** The Copernicus Data Space, and other catalogues of its interface. */
export interface CdseDefinition {
  from: "cdse";
  url: string;
  downloadUrl: string;
  /** Where tokens are made, instead of the Copernicus Data Space. */
  tokenUrl: string | undefined;
  collection: string | undefined;
  productType: string | undefined;
  filter: string | undefined;
}

/** NASA's Common Metadata Repository. */
interface CmrDefinition {
  from: "cmr";
  url: string | undefined;
  query: CmrQuery;
}

/** The time by which items are followed: of their last change, or of what they observed. */
export type StacTime = "updated" | "published" | "created" | "datetime";

interface StacDefinition {
  from: "stac";
  /** The API's landing page. */
  url: string;
  collections: readonly string[];
  /** The time by which items are followed. */
  time: StacTime;
  /** The environment variable that holds a bearer token. */
  tokenName: string | undefined;
}

export interface S3Definition {
  from: "s3";
  /** `s3://bucket/prefix/`, in which `{yyyy}`, `{mm}`, `{dd}`, `{doy}` stand for a day. */
  prefix: string;
  match: string | undefined;
  collection: string | undefined;
  provider: string | undefined;
  s3: S3Settings;
  /** How long after the day in its key an object may come. */
  reachMs: number;
  /** Where a granule is a folder of objects; else each object is one. */
  folders: {
    /** A glob of the folders' names. */
    granules: string;
    /** Globs of what has to be in a folder. */
    complete: readonly string[];
    /** A file of SAFE in it that says which files belong to it. */
    manifest: string | undefined;
    /** So long nothing was written in it. */
    quietMs: number;
  } | undefined;
}

interface LocalDefinition {
  from: "local";
  folder: string;
  /** A preset or a file that says where observations lie; default the preset that fits the files' names. */
  config: string | undefined;
  collection: string | undefined;
  provider: string | undefined;
}

export type SourceDefinition =
  | CdseDefinition
  | CmrDefinition
  | StacDefinition
  | S3Definition
  | LocalDefinition;

export interface FeedDefinition {
  name: string;
  source: SourceDefinition;
  startMs: number;
  settleMs: number;
  deletionsEveryMs: number;
  sweepEveryMs: number;
  /** False: granules come by push alone, and by a poll when that is silent. */
  poll: boolean;
  keep: {
    tilesFile: string | undefined;
    recentDays: number | undefined;
    bbox: [number, number, number, number] | undefined;
    /** A file of polygons: GeoJSON, WKT, GeoParquet, a GeoPackage or a shapefile. */
    polygonFile: string | undefined;
    cloudAtMost: number | undefined;
    /** SQL over the catalog's columns. */
    where: string | undefined;
  };
  ledger: string;
  exclusive: boolean;
  /** The live catalog: a folder, or `s3://bucket/prefix`. */
  catalog: string | undefined;
  cellOrder: number;
  download: {
    /** A folder, or `s3://bucket/prefix`. */
    to: string;
    files: number;
    attempts: number;
    /** How the bucket is asked. */
    s3: S3Settings;
  } | undefined;
  /** `topics`: those of Amazon's notification service whose subscription is confirmed. */
  push: {
    port: number;
    host: string;
    topics: readonly string[];
    /** A push that is silent for so long makes a poll; default by the feed's own gaps. */
    silentMs: number | undefined;
  };
}

const DEFAULT_SETTLE = "5d";
const DEFAULT_DELETIONS_EVERY = "1h";
const DEFAULT_SWEEP_EVERY = "1d";
const DEFAULT_REACH = "7d";
const DEFAULT_QUIET = "10m";
/** What stands for a day in a prefix. */
const DAY_PARTS: ReadonlySet<string> = new Set(["yyyy", "mm", "dd", "doy"]);
const DEFAULT_DOWNLOAD_FILES = 4;
const DEFAULT_PUSH_PORT = 8080;
const LOOPBACK = "127.0.0.1";

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS } as const;

/** `5d` in milliseconds; null for what is no duration. */
export function durationMs(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text);
  return match === null ? null : Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}

export function readFeed(file: string): FeedDefinition {
  return parseFeed(readYamlText(file), file);
}

/** Throws one input error with a line for each fault, each with `file:line:column`. */
export function parseFeed(text: string, fileName: string): FeedDefinition {
  const yaml = new YamlText(text, fileName);
  const faults = new Faults(yaml);
  const checked = feedSchema.safeParse(yaml.value);
  if (!checked.success) {
    addShapeFaults(faults, checked.error.issues, yaml.value, { schema: feedSchema });
    faults.throwIfAny();
  }
  const definition = resolve(checked.data as FeedInput, faults, path.dirname(path.resolve(fileName)));
  faults.throwIfAny();
  return definition;
}

/** A place as it stands at a path of the YAML: whole, from the YAML's folder; a fault where it is none. */
type PlaceIn = (name: string, at: (string | number)[], use: PlaceUse) => string;

function resolve(input: FeedInput, faults: Faults, base: string): FeedDefinition {
  const { source, follow, keep = {}, catalog, download } = input;
  const place: PlaceIn = (name, at, use) => {
    try {
      const found = placeFor(name, use);
      return isRemote(found) ? found : path.resolve(base, found);
    } catch (error) {
      if (!(error instanceof GranaryError)) throw error;
      faults.value(at, error.message);
      return name;
    }
  };
  const ms = (text: string | undefined, standard: string) => durationMs(text ?? standard) ?? 0;
  const start = follow.start instanceof Date ? follow.start.getTime() : Date.parse(follow.start);
  if (Number.isNaN(start)) faults.value(["follow", "start"], "is no date (wanted 2026-11-01)");
  const [west, south, east, north] = keep.bbox ?? [];
  if (keep.bbox !== undefined && !(south < north && Math.abs(west) <= 180 && Math.abs(east) <= 180)) {
    faults.value(["keep", "bbox"], "is no box (wanted west, south, east, north in degrees)");
  }
  if (download !== undefined) {
    const { to, region, endpoint } = download;
    if (!isRemote(to) && (region !== undefined || endpoint !== undefined)) {
      faults.value(["download"], "region and endpoint are of a bucket, and a folder is named");
    }
  }
  const ledger = input.ledger ?? `${input.feed}.sqlite`;
  const recent = keep.recent === undefined ? undefined : (durationMs(keep.recent) ?? 0) / DAY_MS;
  return {
    name: input.feed,
    source: resolveSource(source, faults, place),
    startMs: start,
    settleMs: ms(follow.settle, DEFAULT_SETTLE),
    deletionsEveryMs: ms(follow.deletions_every, DEFAULT_DELETIONS_EVERY),
    sweepEveryMs: ms(follow.sweep_every, DEFAULT_SWEEP_EVERY),
    poll: follow.poll ?? true,
    keep: {
      tilesFile: keep.tiles === undefined ? undefined : place(keep.tiles, ["keep", "tiles"], READS_FILES),
      recentDays: recent,
      bbox: keep.bbox === undefined ? undefined : [west, south, east, north],
      polygonFile: keep.polygon === undefined
        ? undefined
        : place(keep.polygon, ["keep", "polygon"], READS_FILES),
      cloudAtMost: keep.cloud_at_most,
      where: keep.where,
    },
    ledger: isPostgres(ledger) ? ledger : place(ledger, ["ledger"], WRITES_FILES),
    exclusive: input.exclusive ?? false,
    catalog: catalog === undefined ? undefined : place(catalog.to, ["catalog", "to"], WRITES_STORES),
    cellOrder: catalog?.cell_order ?? DEFAULT_CELL_ORDER,
    download: download === undefined ? undefined : {
      to: place(download.to, ["download", "to"], WRITES_STORES),
      files: download.files ?? DEFAULT_DOWNLOAD_FILES,
      attempts: download.attempts ?? DEFAULT_RETRY_RULE.mostAttempts,
      s3: { region: download.region ?? null, endpoint: download.endpoint ?? null },
    },
    push: {
      port: input.push?.port ?? DEFAULT_PUSH_PORT,
      host: input.push?.host ?? LOOPBACK,
      topics: input.push?.topics ?? [],
      silentMs: input.push?.silent === undefined ? undefined : ms(input.push.silent, ""),
    },
  };
}

const isRemote = (place: string) => /^[a-z0-9]+:\/\//i.test(place);

function resolveSource(
  source: FeedInput["source"],
  faults: Faults,
  place: PlaceIn,
): SourceDefinition {
  for (const [key, url] of Object.entries(source)) {
    if (/(^|_)url$/.test(key) && !/^https?:\/\//i.test(String(url))) {
      faults.value(["source", key], `found "${url}", wanted an http or https URL`);
    }
  }
  switch (source.from) {
    case "cdse":
      if (source.collection === undefined && source.filter === undefined) {
        faults.value(["source"], "names neither a collection nor a filter: that is the whole catalogue");
      }
      return {
        from: "cdse",
        url: source.url ?? CDSE_CATALOGUE,
        downloadUrl: source.download_url ?? CDSE_DOWNLOAD,
        tokenUrl: source.token_url,
        collection: source.collection,
        productType: source.product_type,
        filter: source.filter,
      };
    case "cmr":
      if (source.short_name === undefined && source.concept_ids === undefined) {
        faults.value(["source"], "names neither a short_name nor concept_ids: that is all of CMR");
      }
      for (const [index, id] of (source.concept_ids ?? []).entries()) {
        if (/^C\d+-[A-Z0-9_]+$/.test(id)) continue;
        faults.value(
          ["source", "concept_ids", index],
          `found "${id}", wanted a collection's such as C2670138092-NSIDC_CPRD`,
        );
      }
      return {
        from: "cmr",
        url: source.url,
        query: {
          ...(source.short_name === undefined ? {} : { shortNames: [source.short_name] }),
          ...(source.version === undefined ? {} : { versions: [source.version] }),
          ...(source.provider === undefined ? {} : { providers: [source.provider] }),
          ...(source.concept_ids === undefined ? {} : { conceptIds: source.concept_ids }),
        },
      };
    case "stac":
      return {
        from: "stac",
        url: source.url,
        collections: source.collections,
        time: source.time ?? "updated",
        tokenName: source.token?.slice("env:".length),
      };
    case "s3":
      if (!/^(s3|gs|az):\/\/[^/{}]+\//.test(source.prefix)) {
        faults.value(["source", "prefix"], `found "${source.prefix}", wanted s3://bucket/prefix/`);
      }
      for (const key of ["complete", "manifest", "quiet"] as const) {
        if (source[key] === undefined || source.granules !== undefined) continue;
        faults.value(["source", key], "is of granules that are folders, and no granules are named");
      }
      if (source.granules !== undefined && source.match !== undefined) {
        faults.value(["source", "match"], "chooses single objects, and granules are folders of them");
      }
      for (const [, name] of source.prefix.matchAll(/\{(.*?)\}/g)) {
        if (DAY_PARTS.has(name)) continue;
        faults.value(["source", "prefix"], `"{${name}}" is none of ${[...DAY_PARTS].join(", ")}`);
      }
      return {
        from: "s3",
        prefix: source.prefix,
        match: source.match,
        collection: source.collection,
        provider: source.provider,
        s3: {
          region: source.region ?? null,
          endpoint: source.endpoint ?? null,
          access: source.access ?? null,
        },
        reachMs: durationMs(source.reach ?? DEFAULT_REACH) ?? 0,
        folders: source.granules === undefined ? undefined : {
          granules: source.granules,
          complete: [
            ...(source.complete ?? []),
            ...(source.manifest === undefined ? [] : [source.manifest]),
          ],
          manifest: source.manifest,
          quietMs: durationMs(source.quiet ?? DEFAULT_QUIET) ?? 0,
        },
      };
    case "local":
      return {
        from: "local",
        folder: place(source.path, ["source", "path"], READS_FILES),
        config: source.config === undefined || !/[./]/.test(source.config)
          ? source.config
          : place(source.config, ["source", "config"], READS_FILES),
        collection: source.collection,
        provider: source.provider,
      };
  }
}
