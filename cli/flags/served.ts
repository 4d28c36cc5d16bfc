/** What `granary deploy aws --serve` serves, and the template of it. */
import { inputError } from "../../core/errors.ts";
import { CMR_URL } from "../../catalog/discover/cmr/cmr_query.ts";
import { SERVE_VARIABLE } from "../../serve/lambda/served.ts";
import { serveTemplate } from "../../runs/lambda/serve_template.ts";

/** What suits a server; a task of a run wants more. */
const SERVE_DEFAULTS = { memoryMegabytes: 1769, timeoutSeconds: 60, storageMegabytes: 1024, maxParallel: 0 };

interface ServedFlags {
  catalog?: readonly string[] | undefined;
  store?: readonly string[] | undefined;
  cmr?: true | undefined;
}

interface FunctionSize {
  architecture: "x86_64" | "arm64";
  memoryMegabytes: number;
  timeoutSeconds: number;
  storageMegabytes: number;
  maxParallel: number;
}

/** @param given whether the user named a flag, by its key */
export function serveTemplateFrom(
  { catalog = [], store = [], cmr }: ServedFlags,
  size: FunctionSize,
  given: (key: string) => boolean,
): Record<string, unknown> {
  if (catalog.length === 0 && store.length === 0 && cmr !== true) {
    throw inputError(
      "--serve: there is nothing to serve (wanted --catalog s3://…, --store s3://…, or --cmr)",
    );
  }
  const buckets = new Set<string>();
  for (const [flag, places] of [["--catalog", catalog], ["--store", store]] as const) {
    for (const place of places) {
      const [, bucket] = /^(?:[\w.-]+=)?s3:\/\/([a-z0-9.-]{3,63})\/./.exec(place) ?? [];
      if (bucket === undefined) {
        throw inputError(
          `${flag} ${place}: a function reads from S3 only (wanted s3://BUCKET/… or NAME=s3://…)`,
        );
      }
      if (flag === "--catalog" && !place.endsWith(".parquet")) {
        throw inputError(`${flag} ${place}: wanted a catalog's file (.parquet)`);
      }
      buckets.add(bucket);
    }
  }
  return serveTemplate({
    architecture: size.architecture,
    memoryMegabytes: given("memoryMb") ? size.memoryMegabytes : SERVE_DEFAULTS.memoryMegabytes,
    timeoutSeconds: given("timeout") ? size.timeoutSeconds : SERVE_DEFAULTS.timeoutSeconds,
    storageMegabytes: given("storageMb") ? size.storageMegabytes : SERVE_DEFAULTS.storageMegabytes,
    maxParallel: given("maxParallel") ? size.maxParallel : SERVE_DEFAULTS.maxParallel,
    variable: SERVE_VARIABLE,
    served: JSON.stringify({ catalogs: catalog, stores: store, cmr_url: cmr === true ? CMR_URL : null }),
    buckets: [...buckets].sort(),
  });
}
