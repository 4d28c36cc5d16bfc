/** A feed's YAML to its definition: every key checked, nothing opened but the list of tiles. */
import path from "node:path";
import { addShapeFaults, Faults } from "../../core/config/faults.ts";
import { YamlText } from "../../core/config/yaml_text.ts";
import { readYamlText } from "../../core/config/read_text.ts";
import { DEFAULT_CELL_ORDER } from "../../catalog/schema.ts";
import { CDSE_CATALOGUE } from "../../catalog/discover/odata/odata.ts";
import { CDSE_DOWNLOAD } from "../../catalog/discover/odata/odata_product.ts";
import { DAY_MS } from "../ledger/days.ts";
import { DEFAULT_RETRY_RULE } from "../ledger/tasks.ts";
import { type FeedInput, feedSchema } from "./schema.ts";

export interface FeedDefinition {
  name: string;
  source: {
    url: string;
    downloadUrl: string;
    /** Where tokens are made, instead of the Copernicus Data Space. */
    tokenUrl: string | undefined;
    collection: string | undefined;
    productType: string | undefined;
    filter: string | undefined;
  };
  startMs: number;
  settleMs: number;
  deletionsEveryMs: number;
  sweepEveryMs: number;
  /** False: granules come by push alone. */
  poll: boolean;
  keep: {
    tilesFile: string | undefined;
    recentDays: number | undefined;
    bbox: [number, number, number, number] | undefined;
    cloudAtMost: number | undefined;
  };
  ledger: string;
  exclusive: boolean;
  /** The folder of the live catalog. */
  catalog: string | undefined;
  cellOrder: number;
  download: { to: string; files: number; attempts: number } | undefined;
  push: { port: number; host: string };
}

const DEFAULT_SETTLE = "5d";
const DEFAULT_DELETIONS_EVERY = "1h";
const DEFAULT_SWEEP_EVERY = "1d";
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

function resolve(input: FeedInput, faults: Faults, base: string): FeedDefinition {
  const { source, follow, keep = {}, catalog, download } = input;
  const place = (name: string) => /^[a-z0-9]+:\/\//i.test(name) ? name : path.resolve(base, name);
  const ms = (text: string | undefined, standard: string) => durationMs(text ?? standard) ?? 0;
  const start = follow.start instanceof Date ? follow.start.getTime() : Date.parse(follow.start);
  if (Number.isNaN(start)) faults.value(["follow", "start"], "is no date (wanted 2026-11-01)");
  if (source.collection === undefined && source.filter === undefined) {
    faults.value(["source"], "names neither a collection nor a filter: that is the whole catalogue");
  }
  for (const key of ["url", "download_url", "token_url"] as const) {
    const url = source[key];
    if (url !== undefined && !/^https?:\/\//i.test(url)) {
      faults.value(["source", key], `found "${url}", wanted an http or https URL`);
    }
  }
  const [west, south, east, north] = keep.bbox ?? [];
  if (keep.bbox !== undefined && !(south < north && Math.abs(west) <= 180 && Math.abs(east) <= 180)) {
    faults.value(["keep", "bbox"], "is no box (wanted west, south, east, north in degrees)");
  }
  const recent = keep.recent === undefined ? undefined : (durationMs(keep.recent) ?? 0) / DAY_MS;
  return {
    name: input.feed,
    source: {
      url: source.url ?? CDSE_CATALOGUE,
      downloadUrl: source.download_url ?? CDSE_DOWNLOAD,
      tokenUrl: source.token_url,
      collection: source.collection,
      productType: source.product_type,
      filter: source.filter,
    },
    startMs: start,
    settleMs: ms(follow.settle, DEFAULT_SETTLE),
    deletionsEveryMs: ms(follow.deletions_every, DEFAULT_DELETIONS_EVERY),
    sweepEveryMs: ms(follow.sweep_every, DEFAULT_SWEEP_EVERY),
    poll: follow.poll ?? true,
    keep: {
      tilesFile: keep.tiles === undefined ? undefined : place(keep.tiles),
      recentDays: recent,
      bbox: keep.bbox === undefined ? undefined : [west, south, east, north],
      cloudAtMost: keep.cloud_at_most,
    },
    ledger: place(input.ledger ?? `${input.feed}.sqlite`),
    exclusive: input.exclusive ?? false,
    catalog: catalog === undefined ? undefined : place(catalog.to),
    cellOrder: catalog?.cell_order ?? DEFAULT_CELL_ORDER,
    download: download === undefined ? undefined : {
      to: place(download.to),
      files: download.files ?? DEFAULT_DOWNLOAD_FILES,
      attempts: download.attempts ?? DEFAULT_RETRY_RULE.mostAttempts,
    },
    push: { port: input.push?.port ?? DEFAULT_PUSH_PORT, host: input.push?.host ?? LOOPBACK },
  };
}
