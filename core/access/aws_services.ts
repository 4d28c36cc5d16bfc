/**
 * Keys from AWS itself: the security token service, the container endpoint of ECS and EKS, and the instance
 * metadata service (version 2), each as its user guide documents it.
 */
import { AwsV4Signer } from "aws4fetch";
import fs from "node:fs";
import { GranaryError, systemCode } from "../errors.ts";
import { type HttpClient, isLoopback } from "./http.ts";
import { excerpt } from "./redact.ts";
import { isRetryableStatus, type RetryPolicy, statusTrouble, Trouble, withRetries } from "./retry.ts";
import type { S3Keys } from "./s3_keys.ts";
import type { Environment } from "./token_store.ts";

export interface AwsServices {
  env: Environment;
  client: HttpClient;
  retry: RetryPolicy;
  signal?: AbortSignal | undefined;
}

const ANSWER_BYTES = 256 * 1024;
const SESSION_NAME = "granary";

/** AssumeRole (signed with `by`) or, with `webIdentity`, AssumeRoleWithWebIdentity (not signed). */
export async function assumeRole(
  services: AwsServices,
  role: { arn: string; sessionName?: string | undefined; externalId?: string | undefined; origin: string },
  by: { keys: S3Keys } | { webIdentity: string },
  region: string,
): Promise<S3Keys> {
  const form = new URLSearchParams({
    Version: "2011-06-15",
    RoleArn: role.arn,
    RoleSessionName: role.sessionName || SESSION_NAME,
    Action: "keys" in by ? "AssumeRole" : "AssumeRoleWithWebIdentity",
  });
  if ("webIdentity" in by) form.set("WebIdentityToken", by.webIdentity);
  if (role.externalId !== undefined) form.set("ExternalId", role.externalId);
  const asked = `keys for the role of ${role.origin}`;
  const { status, field, said } = await askSts(
    services,
    form,
    "keys" in by ? by.keys : undefined,
    region,
    asked,
  );
  const accessKeyId = field("AccessKeyId");
  const secretAccessKey = field("SecretAccessKey");
  if (status !== 200 || accessKeyId === undefined || secretAccessKey === undefined) {
    throw new GranaryError(
      "credential",
      `${asked}: AWS answered ${status} (${said}); check the role's trust policy and the identity that asks`,
    );
  }
  const expiration = Date.parse(field("Expiration") ?? "");
  return {
    accessKeyId,
    secretAccessKey,
    sessionToken: field("SessionToken"),
    expiresAt: Number.isNaN(expiration) ? undefined : expiration,
    origin: role.origin,
  };
}

/** What the token service says of keys that it does not accept. */
const REFUSED =
  /^(InvalidClientTokenId|SignatureDoesNotMatch|ExpiredToken|UnrecognizedClientException|AccessDenied)$/;

/**
 * Asks the token service who the keys belong to (GetCallerIdentity, which every valid key may).
 *
 * @returns whether it knew them; undefined where it is no token service that could say
 * @throws GranaryError (credential) where it refuses them
 */
export async function checkKeys(
  services: AwsServices,
  keys: S3Keys,
  region: string,
): Promise<true | undefined> {
  const form = new URLSearchParams({ Version: "2011-06-15", Action: "GetCallerIdentity" });
  const asked = `the owner of the AWS keys from ${keys.origin}`;
  const { status, field, said } = await askSts(services, form, keys, region, asked);
  if (status === 200 && field("Arn") !== undefined) return true;
  const code = field("Code");
  if (code === undefined || !REFUSED.test(code)) return undefined;
  throw new GranaryError(
    "credential",
    `the AWS keys from ${keys.origin} are not accepted: AWS answered ${status} (${said}); get new ones`,
  );
}

interface StsAnswer {
  status: number;
  /** The text of the first element of that name. */
  field(name: string): string | undefined;
  /** The error's code, or the beginning of the answer. */
  said: string;
}

async function askSts(
  { env, client, retry, signal }: AwsServices,
  form: URLSearchParams,
  keys: S3Keys | undefined,
  region: string,
  asked: string,
): Promise<StsAnswer> {
  const endpoint = env.AWS_ENDPOINT_URL_STS || env.AWS_ENDPOINT_URL || `https://sts.${region}.amazonaws.com/`;
  const body = form.toString();
  const headers = { "content-type": "application/x-www-form-urlencoded", accept: "application/xml" };
  return await withRetries(retry, signal, async () => {
    let secretHeaders: Record<string, string> = {};
    if (keys !== undefined) {
      const { sessionToken } = keys;
      const request = { method: "POST", url: endpoint, headers, body, service: "sts", region };
      const signer = new AwsV4Signer({ ...request, ...keys, sessionToken });
      secretHeaders = Object.fromEntries((await signer.sign()).headers.entries());
    }
    const reply = await client.exchange({
      method: "POST",
      url: endpoint,
      headers,
      secretHeaders,
      body,
      maxBytes: ANSWER_BYTES,
      signal,
      asked,
    });
    if (isRetryableStatus(reply.status)) throw statusTrouble(asked, reply.status, reply.headers);
    const text = new TextDecoder().decode(reply.body);
    const field = (name: string) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(text)?.[1];
    return { status: reply.status, field, said: field("Code") ?? excerpt(reply.body, 80) };
  });
}

/** The token file of web identity (EKS and the like), read again every time: it is rotated. */
export function readTokenFile(file: string, from: string): string {
  try {
    return fs.readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new GranaryError(
      "credential",
      `${from} names ${file}, which cannot be read (${systemCode(error) ?? "error"})`,
      {
        cause: error,
      },
    );
  }
}

/** Keys of the container that this runs in; undefined where the environment names no endpoint. */
export async function containerKeys(services: AwsServices): Promise<(() => Promise<S3Keys>) | undefined> {
  const { env } = services;
  const relative = env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI;
  const full = env.AWS_CONTAINER_CREDENTIALS_FULL_URI;
  if (!relative && !full) return undefined;
  const url = relative ? `http://169.254.170.2${relative}` : full!;
  const known = URL.canParse(url) ? new URL(url) : undefined;
  const allowed = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"];
  if (
    known === undefined ||
    (known.protocol !== "https:" && !allowed.includes(known.hostname) && !isLoopback(known.hostname))
  ) {
    throw new GranaryError(
      "credential",
      "AWS_CONTAINER_CREDENTIALS_FULL_URI names a host that keys may not be asked from (wanted https or this machine)",
    );
  }
  return await Promise.resolve(() => {
    const file = env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE;
    const token = file
      ? readTokenFile(file, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
      : env.AWS_CONTAINER_AUTHORIZATION_TOKEN;
    return askForKeys(services, url, token ? { authorization: token } : {}, "the container");
  });
}

async function askForKeys(
  services: AwsServices,
  url: string,
  secretHeaders: Record<string, string>,
  origin: string,
): Promise<S3Keys> {
  const { client, retry, signal } = services;
  const asked = `AWS keys of ${origin}`;
  return await withRetries(retry, signal, async () => {
    const reply = await client.exchange({ url, secretHeaders, maxBytes: ANSWER_BYTES, signal, asked });
    if (isRetryableStatus(reply.status)) throw statusTrouble(asked, reply.status, reply.headers);
    let answer: Record<string, unknown> | null = null;
    try {
      answer = JSON.parse(new TextDecoder().decode(reply.body));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
    const { AccessKeyId, SecretAccessKey, Token, Expiration } = answer ?? {};
    if (reply.status !== 200 || typeof AccessKeyId !== "string" || typeof SecretAccessKey !== "string") {
      throw new GranaryError(
        "credential",
        `${asked}: it answered ${reply.status} without keys; check its role`,
      );
    }
    const expiration = typeof Expiration === "string" ? Date.parse(Expiration) : NaN;
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: typeof Token === "string" ? Token : undefined,
      expiresAt: Number.isNaN(expiration) ? undefined : expiration,
      origin,
    };
  });
}

/** The instance metadata service: a session token for it, or undefined where this is no instance. */
export class InstanceMetadata {
  readonly #services: AwsServices;
  readonly #base: string;
  readonly #disabled: boolean;
  #session: { token: string; until: number } | null | undefined;

  constructor(services: AwsServices) {
    this.#services = services;
    const { env } = services;
    this.#base = (env.AWS_EC2_METADATA_SERVICE_ENDPOINT || "http://169.254.169.254").replace(/\/+$/, "");
    this.#disabled = /^true$/i.test(env.AWS_EC2_METADATA_DISABLED ?? "");
  }

  /** The instance's region, or undefined. */
  async region(): Promise<string | undefined> {
    const text = await this.#get("/latest/meta-data/placement/region");
    return text !== undefined && /^[a-z]{2}(-[a-z]+)+-\d+$/.test(text) ? text : undefined;
  }

  /** A way to get the instance role's keys, or undefined where there is no role. */
  async keys(): Promise<(() => Promise<S3Keys>) | undefined> {
    const roles = "/latest/meta-data/iam/security-credentials/";
    const role = (await this.#get(roles))?.split("\n")[0]?.trim();
    if (!role) return undefined;
    return async () => {
      const token = await this.#token();
      return await askForKeys(
        this.#services,
        `${this.#base}${roles}${encodeURIComponent(role)}`,
        token === undefined ? {} : { "x-aws-ec2-metadata-token": token },
        "the instance's role",
      );
    };
  }

  async #get(path: string): Promise<string | undefined> {
    const token = await this.#token();
    if (token === undefined) return undefined;
    const reply = await this.#quick({
      url: `${this.#base}${path}`,
      secretHeaders: { "x-aws-ec2-metadata-token": token },
    });
    return reply?.status === 200 ? new TextDecoder().decode(reply.body).trim() : undefined;
  }

  async #token(): Promise<string | undefined> {
    if (this.#disabled || this.#session === null) return undefined;
    if (this.#session !== undefined && this.#session.until > Date.now()) return this.#session.token;
    const reply = await this.#quick({
      method: "PUT",
      url: `${this.#base}/latest/api/token`,
      headers: { "x-aws-ec2-metadata-token-ttl-seconds": "21600" },
      body: "",
    });
    const token = reply?.status === 200 ? new TextDecoder().decode(reply.body).trim() : "";
    this.#session = token === "" ? null : { token, until: Date.now() + 5 * 3_600_000 };
    return this.#session?.token;
  }

  /** Elsewhere than in EC2 nothing listens at that address: one second is enough to know. */
  async #quick(
    request: Parameters<HttpClient["exchange"]>[0] | Omit<Parameters<HttpClient["exchange"]>[0], "maxBytes">,
  ) {
    const outer = this.#services.signal;
    const limit = AbortSignal.timeout(1000);
    try {
      return await this.#services.client.exchange({
        maxBytes: ANSWER_BYTES,
        ...request,
        signal: outer === undefined ? limit : AbortSignal.any([outer, limit]),
      });
    } catch (error) {
      if (outer?.aborted) throw error;
      if (limit.aborted || error instanceof Trouble) return undefined;
      throw error;
    }
  }
}
