/**
 * Keys of profiles that AWS's own code reads: those of single sign-on, and those that a program prints. It is loaded
 * when such a profile is used.
 */
import path from "node:path";
import { GranaryError } from "../errors.ts";
import { redact } from "./redact.ts";
import type { S3Keys } from "./s3_keys.ts";
import { type Environment, homeFolder } from "./token_store.ts";

/** So long an answer is waited for: a program may ask its user for a code. */
const ANSWER_MS = 120_000;

interface AwsKeys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  expiration?: Date;
}

/** Where the AWS tools look for profiles, for the SDK. */
function files(env: Environment): { filepath: string; configFilepath: string; ignoreCache: boolean } {
  const folder = path.join(homeFolder(env), ".aws");
  return {
    filepath: env.AWS_SHARED_CREDENTIALS_FILE || path.join(folder, "credentials"),
    configFilepath: env.AWS_CONFIG_FILE || path.join(folder, "config"),
    // A login meanwhile is seen at the next renewal.
    ignoreCache: true,
  };
}

/** Keys of a profile of single sign-on, by the login that `aws sso login` left. Throws a credential error. */
export async function singleSignOnKeys(profile: string, env: Environment, origin: string): Promise<S3Keys> {
  const { fromSSO } = await import("@aws-sdk/credential-provider-sso");
  try {
    return keysOf(await limited(fromSSO({ profile, ...files(env) })(), origin), origin);
  } catch (error) {
    throw new GranaryError(
      "credential",
      `${origin}: single sign-on gave no keys: ${redact((error as Error).message)}` +
        ` (run: aws sso login --profile ${profile})`,
    );
  }
}

/**
 * Keys that the profile's credential_process prints. Throws a credential error, in which neither the command nor
 * what it printed stands: both may hold secrets.
 */
export async function processKeys(profile: string, env: Environment, origin: string): Promise<S3Keys> {
  const { fromProcess } = await import("@aws-sdk/credential-provider-process");
  try {
    return keysOf(await limited(fromProcess({ profile, ...files(env) })(), origin), origin);
  } catch (error) {
    const { message } = error as Error;
    const said = /^(Command failed|Unexpected|Expected|.*JSON)/i.test(message)
      ? "it failed, or printed no keys"
      : redact(message);
    throw new GranaryError(
      "credential",
      `${origin}: its credential_process gave no keys: ${said} (run the command by hand to see why)`,
    );
  }
}

function keysOf({ accessKeyId, secretAccessKey, sessionToken, expiration }: AwsKeys, origin: string): S3Keys {
  return { accessKeyId, secretAccessKey, sessionToken, expiresAt: expiration?.getTime(), origin };
}

async function limited<T>(answer: Promise<T>, origin: string): Promise<T> {
  let limit: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    limit = setTimeout(
      () => reject(new Error(`no answer within ${ANSWER_MS / 1000} s for ${origin}`)),
      ANSWER_MS,
    );
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(limit);
  }
}
