/**
 * The one way to a file's bytes, wherever it lies. A {@linkcode SourceOpener} is made once, on the main
 * thread: it alone holds credentials, and its limits hold for everything that is opened by it.
 */
import process from "node:process";
import { once } from "../once.ts";
import { GranaryError, inputError } from "../errors.ts";
import { Ahead } from "./ahead.ts";
import { AwsChain } from "./aws.ts";
import { azureAccount, azureAddress } from "./azure_account.ts";
import { AzureTransport } from "./azure_transport.ts";
import { CachedSource, type CacheSettings, DEFAULT_CACHE, type RangedSource } from "./block_cache.ts";
import { CacheBudget } from "./cache_budget.ts";
import { Earthdata } from "./earthdata.ts";
import { type LocalSource, openFileSource } from "./file_source.ts";
import { googleBucket } from "./google_bucket.ts";
import { HttpClient, type HttpLimits } from "./http.ts";
import { HttpsTransport } from "./https_transport.ts";
import { EARTHDATA_REGION, locationOf, type S3Settings, type SourceLocation } from "./location.ts";
import { safeName } from "./redact.ts";
import { openRemote } from "./remote_source.ts";
import { DEFAULT_RETRY, type RetryPolicy } from "./retry.ts";
import { parseEndpoint, parseObjectUrl } from "./s3_address.ts";
import { EarthdataKeys, type KeySource } from "./s3_keys.ts";
import { type S3Bucket, S3Transport } from "./s3_transport.ts";
import { readMerged } from "./merged_reads.ts";
import { networkSettings } from "./settings.ts";
import type { Environment } from "./token_store.ts";
import type { Transport } from "./transport.ts";
import { WholeFiles } from "./whole_files.ts";

/** Blocks of metadata that are kept, over all open sources. */
const DEFAULT_KEPT_BYTES = 64 * 1024 * 1024;

/** Bytes that may be asked for at any time, over all open sources. */
const DEFAULT_UNDER_WAY_BYTES = 128 * 1024 * 1024;

interface OpenerOptions {
  env?: Environment;
  /** Ends every request and every wait. */
  signal?: AbortSignal | undefined;
  /** Hears of what went on otherwise than hoped and did not stop anything. */
  warn?: (message: string) => void;
  /** An Earthdata token that goes before all others. */
  earthdataToken?: string | undefined;
  /** A token for a URL that is not Earthdata's, asked for before each request; it goes to that host alone. */
  bearer?: ((url: URL) => Promise<string | undefined>) | undefined;
  limits?: Partial<HttpLimits>;
  retry?: Partial<RetryPolicy>;
  cache?: Partial<CacheSettings>;
  keptBytes?: number;
  underWayBytes?: number;
  now?: () => number;
}

export class SourceOpener {
  readonly env: Environment;
  readonly client: HttpClient;
  readonly retry: RetryPolicy;
  readonly signal: AbortSignal | undefined;
  readonly earthdata: Earthdata;
  readonly aws: AwsChain;
  readonly warn: (message: string) => void;
  readonly #keys: EarthdataKeys;
  readonly #budget: CacheBudget;
  readonly #cache: CacheSettings;
  readonly #ahead = new Ahead(async (location) => {
    // One that is likely to come whole has its first part asked for before its size is known.
    const isLikely = this.#wholeFiles.mayBegin(this.#ahead.expectedCount);
    const source = await this.#openRemote(location, isLikely ? this.#cache.wholePartBytes : undefined);
    this.#warm(source, false);
    return source;
  });
  readonly #wholeFiles = new WholeFiles();
  readonly #bearer: OpenerOptions["bearer"];
  readonly #buckets = new Map<string, Promise<S3Bucket>>();

  constructor(options: OpenerOptions = {}) {
    this.warn = once(options.warn ?? (() => {}));
    this.env = options.env ?? process.env;
    const network = networkSettings(this.env);
    this.retry = { ...DEFAULT_RETRY, ...network.retry, ...options.retry };
    this.signal = options.signal;
    this.#bearer = options.bearer;
    this.client = new HttpClient({ ...network.limits, ...options.limits }, this.warn);
    const shared = {
      env: this.env,
      client: this.client,
      retry: this.retry,
      signal: this.signal,
      warn: this.warn,
      now: options.now ?? Date.now,
    };
    this.earthdata = new Earthdata({ ...shared, token: options.earthdataToken });
    this.aws = new AwsChain(shared);
    this.#keys = new EarthdataKeys({ ...shared, earthdata: this.earthdata });
    this.#budget = new CacheBudget(
      options.keptBytes ?? DEFAULT_KEPT_BYTES,
      options.underWayBytes ?? DEFAULT_UNDER_WAY_BYTES,
    );
    this.#cache = { ...DEFAULT_CACHE, ...options.cache };
  }

  /** Opens an address (a path, `file:`, `https:`, `s3:`, `gs:`, `az:`) or a catalog row's location. */
  async open(at: string | SourceLocation): Promise<RangedSource> {
    const location = typeof at === "string" ? locationOf(at) : at;
    if (location.kind === "local") return ranged(await openFileSource(location.url));
    const isExpected = this.#ahead.expects(location);
    const opening = this.#ahead.take(location) ?? this.#openRemote(location);
    // The next ones behind it: what is waited for comes first.
    const source = await opening.finally(() => this.#ahead.fill());
    if (isExpected) this.#warm(source, true);
    // Those that were opened ahead when less was known, or when there was no room.
    this.#ahead.eachOpened((source) => this.#warm(source, false));
    return source;
  }

  /** Has a file that is expected read whole, where that is worthwhile and there is room. */
  #warm(source: CachedSource, isAwaited: boolean): void {
    if (source.readWhole !== undefined) return;
    if (source.isSmall) source.warm(isAwaited);
    else if (this.#wholeFiles.areWorthwhile(source.sizeBytes, this.#ahead.expectedCount)) {
      if (source.warm(isAwaited)) this.#wholeFiles.began();
    }
  }

  /**
   * Tells which locations will be opened, in their order: a few are opened ahead from now on, and small files read whole.
   */
  expect(locations: readonly SourceLocation[]): void {
    this.#ahead.expect(locations);
  }

  /** Closes what was opened ahead and not asked for. */
  async close(): Promise<void> {
    await this.#ahead.close();
  }

  async #openRemote(location: SourceLocation, firstBytes?: number): Promise<CachedSource> {
    const transport = await this.transport(location);
    const { source, counters, first } = await openRemote(transport, this, firstBytes);
    const closed = ({ askedShare }: CachedSource) => askedShare > 0 && this.#wholeFiles.seen(askedShare);
    return new CachedSource(source, counters, this.#budget, this.#cache, first, closed);
  }

  /** How a remote location is asked; `query` is for requests about a bucket. */
  async transport(location: SourceLocation, query = ""): Promise<Transport> {
    if (location.kind === "https") {
      if (!URL.canParse(location.url)) throw inputError(`${safeName(location.url)}: not a URL`);
      const azure = azureAddress(this.env, location.url);
      if (azure !== undefined) return await this.transport({ kind: "s3", url: azure });
      return new HttpsTransport(location.url, this.client, this.earthdata, this.#bearer);
    }
    if (location.kind !== "s3") throw new TypeError(`a ${location.kind} location has no transport`);
    const { scheme, bucket } = parseObjectUrl(location.url);
    const settings = location.s3 ?? {};
    if (scheme === "az") {
      return new AzureTransport(location.url, azureAccount(this.env, settings), this.client, query);
    }
    const described = scheme === "gs"
      ? googleBucket(this.env, settings)
      : await this.#bucket(bucket, settings);
    return new S3Transport(location.url, described, this.client, query);
  }

  #bucket(name: string, settings: S3Settings): Promise<S3Bucket> {
    const { credentials, endpoint, access, region } = settings;
    const key = JSON.stringify([name, credentials ?? null, endpoint ?? null, access ?? null, region ?? null]);
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      bucket = this.#describe(name, settings).catch((error) => {
        this.#buckets.delete(key);
        throw error;
      });
      this.#buckets.set(key, bucket);
    }
    return bucket;
  }

  async #describe(name: string, settings: S3Settings): Promise<S3Bucket> {
    const { credentials, access } = settings;
    const unsigned = access === "unsigned" || (access == null && this.aws.unsigned);
    const earthdata = !unsigned && typeof credentials === "string" && credentials !== "";
    const fallback = this.aws.s3Endpoint();
    const localRegion = await this.aws.region();
    return {
      keys: unsigned ? undefined : earthdata ? this.#keys.of(credentials) : await this.#ownKeys(name, access),
      earthdata,
      requesterPays: access === "requester-pays",
      region: settings.region || (earthdata ? EARTHDATA_REGION : localRegion ?? "us-east-1"),
      endpoint: settings.endpoint
        ? parseEndpoint(settings.endpoint, "the catalog's s3_endpoint")
        : fallback.endpoint,
      style: fallback.style,
      localRegion,
      google: false,
      clockAheadMs: 0,
    };
  }

  async #ownKeys(bucket: string, access: S3Settings["access"]): Promise<KeySource | undefined> {
    const keys = await this.aws.keys();
    if (keys !== undefined || access == null) return keys;
    throw new GranaryError(
      "credential",
      `s3://${bucket}/: the catalog asks for signed requests (${access}), and no AWS keys were found ` +
        `(looked in the environment, the profile files, web identity, the container and the instance's metadata)`,
    );
  }
}

/** Opens one address without keeping anything for the next. */
export function openSource(at: string | SourceLocation, options: OpenerOptions = {}): Promise<RangedSource> {
  return new SourceOpener(options).open(at);
}

/** What lies side by side in a local file is read at once; what lies between is not read. */
const LOCAL_READS = { gapBytes: 0, longestBytes: 8 * 1024 * 1024 };

/** A local file with the shape of a remote one. */
function ranged(source: LocalSource): RangedSource {
  const counters = { opens: 1, requests: 0, bytes: 0 };
  const readInto = async (offset: number, memory: Uint8Array, signal?: AbortSignal) => {
    await source.readInto(offset, memory, signal);
    counters.requests += 1;
    counters.bytes += memory.length;
  };
  const read = async (offset: number, length: number, signal?: AbortSignal) => {
    const bytes = await source.read(offset, length, signal);
    counters.requests += 1;
    counters.bytes += length;
    return bytes;
  };
  return {
    name: source.name,
    sizeBytes: source.sizeBytes,
    versionTag: source.versionTag,
    counters,
    read,
    readInto,
    readMany: (ranges, signal) =>
      readMerged((offset, length) => read(offset, length, signal), ranges, LOCAL_READS),
    close: () => source.close(),
  };
}
