/** What the environment says about the network: limits that a site or a slow line may need otherwise. */
import { inputError } from "../errors.ts";
import { DEFAULT_HTTP_LIMITS, type HttpLimits } from "./http.ts";
import { DEFAULT_RETRY, type RetryPolicy } from "./retry.ts";
import type { Environment } from "./token_store.ts";

/** Names, and what they set. */
export const NETWORK_VARIABLES: Readonly<Record<string, string>> = {
  GRANARY_HTTP_TIMEOUT: `seconds without any answer before a request is tried again (${
    DEFAULT_HTTP_LIMITS.headersTimeoutMs / 1000
  })`,
  GRANARY_HTTP_ATTEMPTS: `how often a request is sent at most (${DEFAULT_RETRY.attempts})`,
  GRANARY_HTTP_REQUESTS:
    `requests to one host at the same time, at most (${DEFAULT_HTTP_LIMITS.requestsPerHost}, ` +
    `and up to ${DEFAULT_HTTP_LIMITS.mostPerHost} to S3 and its like while more bring more)`,
};

/** Limits and retries by the environment. Throws an input error for what is no number within bounds. */
export function networkSettings(
  env: Environment,
): { limits: Partial<HttpLimits>; retry: Partial<RetryPolicy> } {
  const seconds = number(env, "GRANARY_HTTP_TIMEOUT", 0.1, 3600);
  const attempts = number(env, "GRANARY_HTTP_ATTEMPTS", 1, 100);
  const requests = number(env, "GRANARY_HTTP_REQUESTS", 1, 1000);
  return {
    limits: {
      ...(seconds === undefined ? {} : { headersTimeoutMs: seconds * 1000, idleTimeoutMs: seconds * 1000 }),
      ...(requests === undefined ? {} : { requestsPerHost: Math.floor(requests) }),
    },
    retry: attempts === undefined
      ? {}
      : { attempts: Math.floor(attempts), unansweredAttempts: Math.floor(attempts) },
  };
}

function number(env: Environment, name: string, least: number, most: number): number | undefined {
  const text = env[name];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (value >= least && value <= most) return value;
  throw inputError(
    `${name} is "${text}" (wanted a number from ${least} to ${most}: ${NETWORK_VARIABLES[name]})`,
  );
}
