/**
 * What AWS itself is asked beside keys: whom keys belong to (the security token service), and where this machine
 * is (the instance metadata service, version 2), each as its user guide documents it.
 */
import { AwsV4Signer } from "aws4fetch";
import { GranaryError } from "../errors.ts";
import type { HttpClient } from "./http.ts";
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

/** The instance metadata service, by a session; all that is asked of it is undefined where this is no instance. */
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

  /** Whether the instance has a role. */
  async hasRole(): Promise<boolean> {
    return Boolean(await this.#get("/latest/meta-data/iam/security-credentials/"));
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
