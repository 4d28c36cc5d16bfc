/**
 * Keys as AWS's own code finds them: of a profile (stored ones, roles, single sign-on, `aws login`, programs), of web
 * identity, of a container, of an instance. Each part of it is loaded when it is used.
 */
import { GranaryError } from "../errors.ts";
import type { AwsServices } from "./aws_services.ts";
import { asksMachine, profileAdvice, profileFiles, wantsCode } from "./aws_profile.ts";
import { codeAsker, keysByCode } from "./one_time_code.ts";
import { redact } from "./redact.ts";
import { isRetryableStatus, statusTrouble, withRetries } from "./retry.ts";
import type { S3Keys } from "./s3_keys.ts";

/** So long keys are waited for: a program, or the user, may be asked for a code. */
const ANSWER_MS = 120_000;
/** Endpoints of this machine's own answer at once or not at all. */
const NEAR_ANSWER_MS = 5000;
/** AWS's code does not stop at its own limit for containers, but prints a warning then. */
const NEAR = { timeout: 2 * NEAR_ANSWER_MS, maxRetries: 1 };
const MOST_BYTES = 1024 * 1024;

interface AwsKeysOptions extends AwsServices {
  warn: (message: string) => void;
  /** For roles that are assumed by a profile that names no region. */
  region: () => Promise<string>;
}

/** Gives AWS's keys, or throws as it does. */
type Provider = () => Promise<
  { accessKeyId: string; secretAccessKey: string; sessionToken?: string; expiration?: Date }
>;

/** Keys of a profile, whatever it says. Throws a credential error. */
export async function profileKeys(profile: string, options: AwsKeysOptions, origin: string): Promise<S3Keys> {
  const { fromIni } = await import("@aws-sdk/credential-provider-ini");
  const { env } = options;
  const files = profileFiles(env);
  const fetchKeys = () =>
    keysBy(
      () =>
        fromIni({
          profile,
          ...files,
          // A login meanwhile is seen at the next renewal.
          ignoreCache: true,
          ...NEAR,
          ...clients(options, origin),
          mfaCodeProvider: (device) => askForCode(device, profile, origin),
        }),
      origin,
      profileAdvice(env, profile),
      asksMachine(env, profile) ? NEAR_ANSWER_MS : ANSWER_MS,
    );
  if (!wantsCode(env, profile)) return await fetchKeys();
  return await keysByCode(JSON.stringify([profile, files]), fetchKeys);
}

/** Keys of a role that a token file lets assume (EKS and the like); the file is read again every time. */
export async function webIdentityKeys(
  role: { file: string; arn: string; sessionName: string | undefined },
  options: AwsKeysOptions,
  origin: string,
): Promise<S3Keys> {
  const { fromTokenFile } = await import("@aws-sdk/credential-provider-web-identity");
  return await keysBy(
    () =>
      fromTokenFile({
        webIdentityTokenFile: role.file,
        roleArn: role.arn,
        roleSessionName: role.sessionName || "granary",
        ...clients(options, origin),
      }),
    origin,
    "check the token's file, the role's trust policy and the identity that asks",
  );
}

/** Keys of the container that this runs in (ECS, EKS). */
export async function containerKeys(options: AwsKeysOptions, origin: string): Promise<S3Keys> {
  const { fromHttp } = await import("@aws-sdk/credential-provider-http");
  const { env } = options;
  return await keysBy(
    () =>
      fromHttp({
        ...NEAR,
        ...given({
          awsContainerCredentialsRelativeUri: env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI,
          awsContainerCredentialsFullUri: env.AWS_CONTAINER_CREDENTIALS_FULL_URI,
          awsContainerAuthorizationToken: env.AWS_CONTAINER_AUTHORIZATION_TOKEN,
          awsContainerAuthorizationTokenFile: env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE,
        }),
        logger: quiet(options),
      }),
    origin,
    "check the container's role, and AWS_CONTAINER_CREDENTIALS_FULL_URI where it is set",
    NEAR_ANSWER_MS,
  );
}

/** Keys of the instance's role. */
export async function instanceKeys(options: AwsKeysOptions, origin: string): Promise<S3Keys> {
  const { fromInstanceMetadata } = await import("@smithy/credential-provider-imds");
  return await keysBy(
    () => fromInstanceMetadata({ timeout: 1000, maxRetries: 1, logger: quiet(options) }),
    origin,
    "check the instance's role",
    NEAR_ANSWER_MS,
  );
}

/** What AWS's clients are made with: our way to the network, with its limits, retries and proxies. */
function clients(options: AwsKeysOptions, origin: string) {
  const requestHandler = { handle: (request: SdkRequest) => exchange(request, options, origin) };
  const clientConfig = { requestHandler, maxAttempts: 1, logger: quiet(options) };
  return {
    clientConfig,
    parentClientConfig: { ...clientConfig, region: options.region },
    logger: quiet(options),
  };
}

interface SdkRequest {
  method: string;
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  query?: Record<string, string | string[] | null>;
  headers: Record<string, string>;
  body?: unknown;
}

async function exchange(request: SdkRequest, { client, retry, signal }: AwsKeysOptions, origin: string) {
  const asked = `AWS keys of ${origin}`;
  const { host: _host, "content-length": _length, ...secretHeaders } = request.headers;
  const reply = await withRetries(retry, signal, async () => {
    const answer = await client.exchange({
      method: request.method as "GET" | "POST",
      url: urlOf(request),
      secretHeaders,
      ...(request.body === undefined ? {} : { body: request.body as string | Uint8Array }),
      maxBytes: MOST_BYTES,
      signal,
      asked,
    });
    if (isRetryableStatus(answer.status)) throw statusTrouble(asked, answer.status, answer.headers);
    return answer;
  });
  const headers = Object.fromEntries(reply.headers.entries());
  return { response: { statusCode: reply.status, headers, body: reply.body } };
}

function urlOf({ protocol, hostname, port, path, query = {} }: SdkRequest): string {
  const url = new URL(`${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}`);
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value ?? ""]) url.searchParams.append(name, one);
  }
  return url.href;
}

async function askForCode(device: string, profile: string, origin: string): Promise<string> {
  const ask = codeAsker();
  if (ask !== undefined) return await ask(device);
  throw new GranaryError(
    "credential",
    `${origin} wants a one-time code (mfa_serial), and there is no terminal to ask for it; ` +
      `run: eval "$(aws configure export-credentials --profile ${profile} --format env)"`,
  );
}

async function keysBy(
  make: () => Provider,
  origin: string,
  advice: string,
  mostMs = ANSWER_MS,
): Promise<S3Keys> {
  try {
    // Making one may throw, too.
    const found = await limited(Promise.resolve().then(() => make()()), mostMs);
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = found;
    return { accessKeyId, secretAccessKey, sessionToken, expiresAt: expiration?.getTime(), origin };
  } catch (error) {
    if (error instanceof GranaryError) throw error;
    throw new GranaryError("credential", `${origin} gave no keys: ${said(error as SdkError)} (${advice})`);
  }
}

type SdkError = Error & { $metadata?: { httpStatusCode?: number } };

/** What AWS's code says went wrong; neither a program's command nor what it printed: both may hold secrets. */
function said({ name, message, $metadata }: SdkError): string {
  const status = $metadata?.httpStatusCode;
  if (status !== undefined && status >= 300) return `AWS answered ${status} (${name})`;
  if (/^(Command failed|Unexpected|Expected)|credential_process|JSON Parse/.test(message)) {
    return "its program failed, or printed no keys";
  }
  return redact(message.replace(/\s+/g, " "));
}

async function limited<T>(answer: Promise<T>, mostMs: number): Promise<T> {
  let limit: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    limit = setTimeout(() => reject(new Error(`no answer within ${mostMs / 1000} s`)), mostMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(limit);
  }
}

/** AWS's code warns on the console where nothing else is given; the rest that it says is not for users. */
function quiet({ warn }: AwsKeysOptions) {
  const none = () => {};
  return {
    trace: none,
    debug: none,
    info: none,
    warn: (message: unknown) => warn(redact(String(message))),
    error: none,
  };
}

function given<T extends Record<string, string | undefined>>(values: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value)) as {
    [K in keyof T]?: string;
  };
}
