/** Opens the targets of a dataset. Secrets come from the environment here, and go into requests alone. */
import { isLoopback } from "../../core/access/http.ts";
import type { SourceOpener } from "../../core/access/open.ts";
import { safeName } from "../../core/access/redact.ts";
import { openTarget } from "../../core/access/targets.ts";
import { inputError } from "../../core/errors.ts";
import type { PublishTarget } from "../dataset.ts";
import { ApiClient } from "./api_client.ts";
import { absoluteHref } from "./hrefs.ts";
import { DEFAULT_POLL, IngestionApi, type PollPolicy } from "./ingestions.ts";
import { clientToken } from "./oauth.ts";
import { PgstacDatabase } from "./pgstac.ts";
import { StaticCatalog } from "./static_catalog.ts";
import type { ItemTarget, WholeTarget } from "./target.ts";
import { TransactionsApi } from "./transactions.ts";
import { CatalogFile, GeoparquetFile, NdjsonFile } from "./whole_files.ts";

export interface OpenTargetOptions {
  /** The collection's id. */
  readonly collection: string;
  /** Where the files lie. */
  readonly output: string;
  readonly href: string | null;
  readonly opener: SourceOpener;
  /** How often a request is sent at most. */
  readonly attempts: number;
  readonly poll?: PollPolicy;
}

type OpenedTarget =
  | { readonly kind: "items"; readonly target: ItemTarget }
  | { readonly kind: "whole"; readonly target: WholeTarget };

/** Opens a target; nothing is asked yet. Throws an input error where its secret is not set. */
export function openPublishTarget(target: PublishTarget, options: OpenTargetOptions): OpenedTarget {
  const { collection, output, href, opener } = options;
  const { stac } = target;
  const placed = { collection, stac, hrefOf: absoluteHref(output, href) };
  const place = { output, href, stac, signal: opener.signal };
  const items = (target: ItemTarget) => ({ kind: "items", target } as const);
  const whole = (target: WholeTarget) => ({ kind: "whole", target } as const);
  switch (target.kind) {
    case "static":
      return items(new StaticCatalog(openTarget(target.to, opener), stac));
    case "pgstac":
      return items(new PgstacDatabase(secretOf(target, opener.env) ?? "", placed));
    case "transactions":
      return items(new TransactionsApi(apiOf(target, options), placed));
    case "ingest":
      return items(
        new IngestionApi(apiOf(target, options), placed, options.poll ?? DEFAULT_POLL, opener.signal),
      );
    case "ndjson":
      return whole(new NdjsonFile(target.to, place));
    case "catalog":
      return whole(new CatalogFile(target.to, place));
    case "geoparquet":
      return whole(new GeoparquetFile(target.to, place));
  }
}

function apiOf(target: PublishTarget, { opener, attempts }: OpenTargetOptions): ApiClient {
  const { client, signal } = opener;
  const retry = { ...opener.retry, attempts };
  const secret = secretOf(target, opener.env);
  const { oauth } = target;
  if (secret !== undefined) refuseOpenLine(oauth?.url ?? target.to);
  const authorization = secret === undefined
    ? undefined
    : oauth === null
    ? () => Promise.resolve(`Bearer ${secret}`)
    : clientToken({ ...oauth, clientSecret: secret }, { client, retry, signal });
  return new ApiClient(target.to, { client, retry, signal, authorization });
}

/** A secret is sent to nobody over an open line, but to this machine itself. */
function refuseOpenLine(url: string): void {
  if (!URL.canParse(url)) return; // refused where it is opened
  const { protocol, hostname } = new URL(url);
  if (protocol !== "http:" || isLoopback(hostname)) return;
  throw inputError(`${safeName(url)}: a token is sent by https only (found http://)`);
}

/** Throws an input error where the environment is missing a secret that a target names. */
export function checkSecrets(
  targets: readonly PublishTarget[],
  env: Readonly<Record<string, string | undefined>>,
): void {
  for (const target of targets) secretOf(target, env);
}

function secretOf(
  { to, secret }: PublishTarget,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (secret === null) return undefined;
  const value = env[secret];
  if (value === undefined || value === "") {
    throw inputError(`${to}: its token is read from ${secret}, which is not set in the environment`);
  }
  return value;
}
