/**
 * A location asked by S3's HTTP interface: signed (signature version 4), unsigned or with the requester
 * paying. A bucket in another region, a wrong clock and keys that ended are repaired and asked again.
 */
import { GranaryError } from "../errors.ts";
import type { HttpClient, HttpReply } from "./http.ts";
import { excerpt, safeName } from "./redact.ts";
import { type ObjectName, parseObjectUrl, s3HttpUrl, type S3Style } from "./s3_address.ts";
import type { KeySource, S3Keys } from "./s3_keys.ts";
import { googleHeaders, signForGoogle, signForS3 } from "./signature_v4.ts";
import { errorCode } from "./s3_xml.ts";
import type { Attempt, LocationRequest, Transport } from "./transport.ts";

/** What all requests to one bucket share, and learn from each other. */
export interface S3Bucket {
  /** Undefined signs nothing. */
  keys: KeySource | undefined;
  /** Whether the keys are Earthdata's, which hold within the bucket's region only. */
  earthdata: boolean;
  requesterPays: boolean;
  region: string;
  endpoint: string | undefined;
  style: S3Style | undefined;
  /** Where this machine is, if it is known. */
  localRegion: string | undefined;
  /** Google's own names of headers and signatures. */
  google: boolean;
  /** The server's clock minus this machine's, in milliseconds, once it mattered. */
  clockAheadMs: number;
}

export class S3Transport implements Transport {
  readonly name: string;
  readonly #client: HttpClient;
  readonly #bucket: S3Bucket;
  readonly #at: ObjectName;
  readonly #query: string;

  /** `query` (`list-type=2&…`) is for requests about the bucket; it takes no part in the name. */
  constructor(url: string, bucket: S3Bucket, client: HttpClient, query = "") {
    this.name = safeName(url);
    this.#at = parseObjectUrl(url);
    this.#bucket = bucket;
    this.#client = client;
    this.#query = query;
  }

  async send(request: LocationRequest, asked: string): Promise<Attempt> {
    const bucket = this.#bucket;
    const { region, clockAheadMs } = bucket;
    const url = s3HttpUrl(this.#at, region, bucket.endpoint, bucket.style);
    url.search = this.#query;
    const keys = await bucket.keys?.keys();
    const headers = bucket.google ? googleHeaders(request.headers) : { ...request.headers };
    if (bucket.requesterPays) headers["x-amz-request-payer"] = "requester";
    const unsigned = {
      url,
      method: request.method ?? "GET",
      headers,
      time: new Date(Date.now() + clockAheadMs),
    };
    const signed = keys === undefined
      ? headers
      : bucket.google
      ? signForGoogle(unsigned, keys)
      : signForS3(unsigned, keys, region);
    const reply = await this.#client.exchange({
      ...request,
      manyAtOnce: true,
      asked,
      url: url.href,
      headers: {},
      secretHeaders: signed,
    });
    const code = errorCode(reply);
    return {
      reply,
      refused: false,
      passing: PASSING_CODES.has(code ?? "") ? code : undefined,
      repair: (repaired) => this.#repair(reply, code, { region, clockAheadMs, keys }, repaired),
      refusal: () => this.#refusal(reply, code, asked, keys),
    };
  }

  async #repair(
    reply: HttpReply,
    code: string | undefined,
    signed: { region: string; clockAheadMs: number; keys: S3Keys | undefined },
    repaired: Set<string>,
  ): Promise<boolean> {
    const once = (what: string) => !repaired.has(what) && repaired.add(what) !== undefined;
    const bucket = this.#bucket;
    const other = otherRegion(reply, code);
    if (other !== undefined && other !== signed.region && once(`region ${other}`) && repaired.size < 6) {
      bucket.region = other;
      return true;
    }
    if (code === "RequestTimeTooSkewed" || (reply.status === 403 && code === "SignatureDoesNotMatch")) {
      const server = Date.parse(reply.headers.get("date") ?? "");
      const ahead = server - Date.now();
      // Another request may have set the clock while this one was under way.
      if (Math.abs(ahead - signed.clockAheadMs) > 60_000 && once("clock")) {
        bucket.clockAheadMs = ahead;
        return true;
      }
    }
    const stale = STALE_CODES.has(code ?? "") ||
      (bucket.earthdata && reply.status === 403 && code === undefined);
    const { keys } = signed;
    const renewals = [...repaired].filter((what) => what.startsWith("keys ")).length;
    if (stale && keys !== undefined && bucket.keys !== undefined && renewals < MOST_RENEWALS) {
      // A request that waited long may meet the end of the renewed keys too, but no keys twice.
      return once(`keys ${keys.accessKeyId}`) && await bucket.keys.renew(keys);
    }
    return false;
  }

  #refusal(
    reply: HttpReply,
    code: string | undefined,
    asked: string,
    keys: S3Keys | undefined,
  ): GranaryError {
    const { status } = reply;
    const bucket = this.#bucket;
    const came = `${bucket.google ? "Google" : "S3"} answered ${status}${
      code === undefined ? "" : ` ${code}`
    }`;
    const error = (tag: "credential" | "granule", advice: string, reason: string) =>
      new GranaryError(tag, `${asked}: ${came}: ${advice}`, { details: { asked, status, code, reason } });
    if (status === 404) {
      return code === "NoSuchBucket"
        ? error(
          "granule",
          `there is no bucket "${this.#at.bucket}" at this endpoint; check the catalog's s3_base`,
          "bucket",
        )
        : error(
          "granule",
          "it is not there: the catalog may be older than the archive (build it again)",
          "missing",
        );
    }
    if (STALE_CODES.has(code ?? "") || code === "SignatureDoesNotMatch") {
      return error(
        "credential",
        `the keys from ${keys?.origin ?? "nowhere"} are not accepted; renew them`,
        "bad-keys",
      );
    }
    if (code === "RequestTimeTooSkewed") {
      return error("credential", "this machine's clock is wrong; set it (NTP) and run again", "clock");
    }
    if (status === 403 || status === 401) {
      if (keys === undefined) {
        return error(
          "credential",
          "no keys were found or asked for, and this may not be done without",
          "no-keys",
        );
      }
      if (bucket.earthdata && bucket.localRegion !== bucket.region) {
        const here = bucket.localRegion === undefined
          ? "not in an AWS region that is known"
          : `in ${bucket.localRegion}`;
        return error(
          "credential",
          `Earthdata's S3 keys hold within ${bucket.region} only, and this machine is ${here} ` +
            `(AWS_REGION tells, if that is wrong); read by --driver https, or run in ${bucket.region}`,
          "region",
        );
      }
      return bucket.earthdata
        ? error(
          "credential",
          `the keys of ${keys.origin} may not read this: accept the product's terms (EULA), or see ` +
            `whether the catalog's s3_credentials is this product's endpoint, and whether this machine is in ` +
            `${bucket.region} indeed, as AWS_REGION says (elsewhere: --driver https)`,
          "forbidden",
        )
        : error(
          "credential",
          `the keys from ${keys.origin} may not do this; check the bucket's policy` +
            (bucket.requesterPays ? "" : " (a bucket whose readers pay needs s3_access requester-pays)"),
          "forbidden",
        );
    }
    if (other(reply)) {
      return error(
        "granule",
        `the bucket lies in another region than ${bucket.region}; set s3_region or AWS_REGION`,
        "region",
      );
    }
    const said = code === undefined && reply.body.length > 0 ? ` ("${excerpt(reply.body, 120)}")` : "";
    return error("granule", `the request is not accepted${said}`, "status");
  }
}

const other = (reply: HttpReply) => reply.status >= 300 && reply.status < 400;

/** Errors that may pass though their status is not one of those. */
const PASSING_CODES: ReadonlySet<string> = new Set([
  "SlowDown",
  "InternalError",
  "RequestTimeout",
  "RequestTimeoutException",
  "ServiceUnavailable",
  "OperationAborted",
  "ConditionalRequestConflict",
]);

/** How often the keys of one request are renewed. */
const MOST_RENEWALS = 3;

/** Errors that other keys may resolve. */
const STALE_CODES: ReadonlySet<string> = new Set([
  "ExpiredToken",
  "TokenRefreshRequired",
  "InvalidToken",
  "InvalidAccessKeyId",
  "RequestExpired",
]);

/** The bucket's region, where an answer says that it is another. */
function otherRegion(reply: HttpReply, code: string | undefined): string | undefined {
  const moved = other(reply) ||
    ["PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"]
      .includes(code ?? "") ||
    (reply.status === 400 && code === undefined);
  if (!moved) return undefined;
  const region = reply.headers.get("x-amz-bucket-region") ??
    /<Region>([^<]+)<\/Region>/.exec(new TextDecoder().decode(reply.body))?.[1];
  return region !== undefined && /^[a-z]{2}(-[a-z]+)+-\d+$/.test(region) ? region : undefined;
}
