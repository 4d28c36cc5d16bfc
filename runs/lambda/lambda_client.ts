/** Invokes a function: one signed request, its answer sorted by what can be done about it. */
import { AwsV4Signer } from "aws4fetch";
import { GranaryError, inputError } from "../../core/errors.ts";
import { HttpClient, type HttpReply } from "../../core/access/http.ts";
import type { SourceOpener } from "../../core/access/open.ts";
import { isRetryableStatus, statusTrouble, Trouble, withRetries } from "../../core/access/retry.ts";
import { parseEndpoint } from "../../core/access/s3_address.ts";

/** A function lives for 15 minutes at most; its answer is waited for a little longer. */
const LONGEST_MS = 16 * 60_000;
const ANSWER_BYTES = 8 * 1024 * 1024;

/** Errors of the service that pass. */
const PASSING =
  /TooManyRequests|Throttl|ServiceException|ResourceNotReady|EC2Throttled|ENILimit|ResourceConflict|SnapStart/;

export interface Invocation {
  /** What the function answered, or its error. */
  payload: Record<string, unknown>;
  /** How the function failed; undefined where it answered. */
  functionError: string | undefined;
  logTail: string | null;
  seconds: number;
}

export class LambdaClient {
  readonly #opener: SourceOpener;
  readonly #http: HttpClient;
  readonly #name: string;
  readonly #region: string;
  readonly #url: string;
  throttled = 0;

  private constructor(opener: SourceOpener, name: string, region: string, atOnce: number) {
    this.#opener = opener;
    this.#name = name;
    this.#region = region;
    this.#http = new HttpClient({
      headersTimeoutMs: LONGEST_MS,
      idleTimeoutMs: LONGEST_MS,
      requestsPerHost: atOnce,
    });
    const { env } = opener;
    const given = env.AWS_ENDPOINT_URL_LAMBDA || env.AWS_ENDPOINT_URL;
    const endpoint = given
      ? parseEndpoint(given, "AWS_ENDPOINT_URL_LAMBDA").replace(/\/+$/, "")
      : `https://lambda.${region}.amazonaws.com`;
    this.#url = `${endpoint}/2015-03-31/functions/${encodeURIComponent(name)}/invocations`;
  }

  /** `region` is looked for where the AWS tools look when it is not said. */
  static async open(
    opener: SourceOpener,
    name: string,
    region: string | undefined,
    atOnce: number,
  ): Promise<LambdaClient> {
    const found = region ?? /^arn:aws[\w-]*:lambda:([\w-]+):/.exec(name)?.[1] ?? await opener.aws.region();
    if (found === undefined) {
      throw inputError("--aws-region is not said, and no AWS_REGION or profile tells it");
    }
    return new LambdaClient(opener, name, found, atOnce);
  }

  /** One invocation that is answered when the function is done. Throttles are waited out. */
  async invoke(event: Record<string, unknown>): Promise<Invocation> {
    const body = JSON.stringify(event);
    const asked = `invoke ${this.#name}`;
    const { signal, retry } = this.#opener;
    const started = performance.now();
    const reply = await withRetries(retry, signal, async () => {
      const reply = await this.#http.exchange({
        method: "POST",
        url: this.#url,
        secretHeaders: await this.#signed(body),
        body,
        maxBytes: ANSWER_BYTES,
        signal,
        asked,
      });
      const trouble = this.#trouble(asked, reply);
      if (trouble !== undefined) throw trouble;
      return reply;
    }, ({ kind }) => {
      if (kind === "throttled") this.throttled += 1;
    });
    return {
      payload: parsePayload(reply, asked),
      functionError: reply.headers.get("x-amz-function-error") ?? undefined,
      logTail: reply.headers.get("x-amz-log-result"),
      seconds: (performance.now() - started) / 1000,
    };
  }

  async #signed(body: string): Promise<Record<string, string>> {
    const keys = await (await this.#opener.aws.keys())?.keys();
    if (keys === undefined) {
      throw new GranaryError(
        "credential",
        `${this.#name}: no AWS keys were found to invoke it with` +
          " (looked in the environment, the profile files, web identity, the container and the instance)",
      );
    }
    const signer = new AwsV4Signer({
      url: this.#url,
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-amz-invocation-type": "RequestResponse",
        "x-amz-log-type": "Tail",
      },
      body,
      accessKeyId: keys.accessKeyId,
      secretAccessKey: keys.secretAccessKey,
      ...(keys.sessionToken === undefined ? {} : { sessionToken: keys.sessionToken }),
      service: "lambda",
      region: this.#region,
    });
    return Object.fromEntries((await signer.sign()).headers.entries());
  }

  /** What to throw for an answer of the service's own; undefined where the function answered. */
  #trouble(asked: string, reply: HttpReply): Error | undefined {
    if (reply.status >= 200 && reply.status < 300) return undefined;
    const text = new TextDecoder().decode(reply.body).slice(0, 300);
    const type = (reply.headers.get("x-amzn-errortype") ?? "").split(":")[0];
    if (reply.status === 429 || PASSING.test(type)) {
      return new Trouble({
        kind: "throttled",
        asked,
        came: `the service answered ${reply.status} ${type}`,
        advice: "lower --max-parallel, or ask for more concurrency",
        retryable: true,
      });
    }
    if (isRetryableStatus(reply.status)) return statusTrouble(asked, reply.status, reply.headers, type);
    if (reply.status === 403 || reply.status === 401) {
      return new GranaryError("credential", `${asked}: refused (${reply.status} ${type}): ${text}`);
    }
    return inputError(`${asked}: the service answered ${reply.status} ${type}: ${text}`);
  }
}

function parsePayload(reply: HttpReply, asked: string): Record<string, unknown> {
  const text = new TextDecoder().decode(reply.body);
  try {
    const value = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new GranaryError(
    "io",
    `${asked}: the function answered "${text.slice(0, 100)}", which is no answer of granary's` +
      " (is its code the granary binary, named bootstrap?)",
  );
}
