/**
 * A dataset as its YAML describes it, after parsing and checks: plain data, so that a run's plan holds it
 * and any machine does its tasks. `config/parse.ts` makes it. It never holds a secret: a token is named by
 * the environment variable that has it.
 */
import type { StacProvider, StacVersion } from "../core/stac/values.ts";

/** Where granules of the dataset are looked for. */
export type Discovery =
  | {
    readonly from: "cmr";
    readonly shortName: string | null;
    readonly version: string | null;
    readonly conceptId: string | null;
    readonly provider: string | null;
    /** Days back from the run, or null for the fixed times below. */
    readonly sinceDays: number | null;
    readonly start: string | null;
    readonly end: string | null;
    readonly bbox: readonly [number, number, number, number] | null;
    readonly url: string | null;
  }
  | {
    readonly from: "s3";
    readonly prefix: string;
    readonly match: string | null;
    /** A pattern over files' names that gives the id of a granule of several files. */
    readonly id: string | null;
  }
  | {
    readonly from: "local";
    readonly path: string;
    readonly match: string | null;
    readonly id: string | null;
  }
  | {
    readonly from: "stac";
    readonly url: string;
    readonly collection: string | null;
    readonly start: string | null;
    readonly end: string | null;
  }
  | { readonly from: "catalog"; readonly path: string };

type OverviewMethod = "average" | "mode" | "nearest";

interface Conversion {
  /** Globs over the names of a granule's files; empty for all. */
  readonly assets: readonly string[];
  /** Globs over variables' paths; empty for every grid. */
  readonly variables: readonly string[];
  /** Elements as stored, or scale and offset applied to float32. */
  readonly values: "stored" | "physical";
  readonly overviews: OverviewMethod | "auto";
  readonly compress: "deflate" | "zstd";
  /** Files that are cloud-optimized GeoTIFFs already stay byte for byte, or are written again. */
  readonly cogs: "keep" | "rewrite";
  /** Overrides where files lie about their place. */
  readonly grid: { readonly crs: string | null; readonly name: string | null };
  /** Values outside of the range that a variable states as valid become no values; absent where all are kept. */
  readonly mask?: "valid_range";
  /** A time axis makes a file a step, or bands of one file. */
  readonly steps: "files" | "bands";
  /** Axes of which each step is a file of its own. */
  readonly split: readonly string[];
}

/** Where an item's times come from, the first that answers. */
export interface TimeRule {
  readonly from: readonly ("cmr" | "file" | "name")[];
  /** A pattern with the groups year, month, day, doy, hour, minute, second over the file's name. */
  readonly pattern: string | null;
}

interface CollectionWords {
  readonly title: string | null;
  readonly description: string | null;
  readonly license: string;
  readonly keywords: readonly string[];
  readonly providers: readonly StacProvider[];
  readonly renders: Readonly<Record<string, unknown>> | null;
  readonly itemProperties: Readonly<Record<string, unknown>>;
  readonly fields: Readonly<Record<string, unknown>>;
}

export type TargetKind =
  | "static"
  | "transactions"
  | "ingest"
  | "pgstac"
  | "ndjson"
  | "geoparquet"
  | "catalog";

/** A place that items are announced at. */
export interface PublishTarget {
  readonly kind: TargetKind;
  /** A folder, s3://…, https://…, or a file. */
  readonly to: string;
  /** The environment variable that holds the token or the connection string. */
  readonly secret: string | null;
  /** Where a token is had for the secret (OAuth's client credentials); null where the secret is the token. */
  readonly oauth: {
    readonly url: string;
    readonly clientId: string;
    readonly scope: string | null;
  } | null;
  readonly stac: StacVersion;
}

export interface Dataset {
  /** The collection's id. */
  readonly name: string;
  readonly discover: readonly Discovery[];
  readonly convert: Conversion;
  readonly time: TimeRule;
  readonly onSourceChange: "replace" | "keep";
  readonly collection: CollectionWords;
  /** Where COGs are put: a folder or s3://…; the first static target's place. */
  readonly output: string;
  /** The address at which others read what lies there; null for the place itself. */
  readonly href: string | null;
  readonly targets: readonly PublishTarget[];
  readonly retry: { readonly attempts: number; readonly giveUpAfterDays: number };
}
