/**
 * Keys, region and endpoint as the AWS tools find them: environment, profile files with roles, single sign-on and
 * external programs, web identity, container, instance metadata. A one-time code is refused with the way around.
 */
import { GranaryError } from "../errors.ts";
import { currentProfile, type Profile, readProfile } from "./aws_profile.ts";
import { processKeys, singleSignOnKeys } from "./aws_sdk_keys.ts";
import {
  assumeRole,
  type AwsServices,
  containerKeys,
  InstanceMetadata,
  readTokenFile,
} from "./aws_services.ts";
import { parseEndpoint, type S3Style } from "./s3_address.ts";
import { type KeySource, RenewedKeys, type S3Keys } from "./s3_keys.ts";

interface AwsOptions extends AwsServices {
  warn: (message: string) => void;
  now: () => number;
}

/** The chain, walked once; keys that end are renewed where they came from. */
export class AwsChain {
  readonly #options: AwsOptions;
  readonly #metadata: InstanceMetadata;
  #keys: Promise<KeySource | undefined> | undefined;
  #region: Promise<string | undefined> | undefined;
  #profile: { name: string; profile: Profile } | null | undefined;

  constructor(options: AwsOptions) {
    this.#options = options;
    this.#metadata = new InstanceMetadata(options);
  }

  /** The user's own keys; undefined where there are none. */
  keys(): Promise<KeySource | undefined> {
    this.#keys ??= this.#find().catch((error) => {
      this.#keys = undefined;
      throw error;
    });
    return this.#keys;
  }

  /** Where this machine is, by environment, profile or metadata; undefined outside of AWS. */
  region(): Promise<string | undefined> {
    const { env } = this.#options;
    this.#region ??= Promise.resolve(
      env.AWS_REGION || env.AWS_DEFAULT_REGION || this.#current()?.profile.region || this.#metadata.region(),
    );
    return this.#region;
  }

  /** The endpoint and style that the environment or the profile sets for S3. */
  s3Endpoint(): { endpoint: string | undefined; style: S3Style | undefined } {
    const { env } = this.#options;
    const profile = this.#current()?.profile;
    const named = ([
      ["AWS_ENDPOINT_URL_S3", env.AWS_ENDPOINT_URL_S3],
      ["AWS_ENDPOINT_URL", env.AWS_ENDPOINT_URL],
      ["the profile's endpoint_url", profile?.endpoint_url],
    ] as const).find(([, value]) => value);
    const style = env.GRANARY_S3_STYLE || profile?.["s3.addressing_style"];
    return {
      endpoint: named === undefined ? undefined : parseEndpoint(named[1]!, named[0]),
      style: style === "path" || style === "virtual" ? style : undefined,
    };
  }

  /** Whether the environment wants requests without signatures. */
  get unsigned(): boolean {
    return /^(yes|true|1)$/i.test(this.#options.env.AWS_NO_SIGN_REQUEST ?? "");
  }

  #current(): { name: string; profile: Profile } | undefined {
    if (this.#profile === undefined) this.#profile = currentProfile(this.#options.env) ?? null;
    return this.#profile ?? undefined;
  }

  async #find(): Promise<KeySource | undefined> {
    const { env, now, warn } = this.#options;
    const renewed = (origin: string, fetchKeys: () => Promise<S3Keys>) =>
      new RenewedKeys(origin, fetchKeys, now, warn);
    const fixed = environmentKeys(env);
    if (fixed !== undefined) return unchanging(fixed);
    const current = this.#current();
    if (current !== undefined) {
      const keys = this.#profileKeys(current.name, current.profile, new Set());
      if (keys !== undefined) return renewed(`the AWS profile "${current.name}"`, keys);
    }
    const { AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: arn } = env;
    if (file && arn) {
      return renewed("AWS_ROLE_ARN", async () =>
        assumeRole(
          this.#options,
          { arn, sessionName: env.AWS_ROLE_SESSION_NAME, origin: "AWS_ROLE_ARN" },
          { webIdentity: readTokenFile(file, "AWS_WEB_IDENTITY_TOKEN_FILE") },
          await this.#home(),
        ));
    }
    const container = await containerKeys(this.#options);
    if (container !== undefined) return renewed("the container", container);
    const instance = await this.#metadata.keys();
    return instance === undefined ? undefined : renewed("the instance's role", instance);
  }

  async #home(): Promise<string> {
    return await this.region() ?? "us-east-1";
  }

  /** A way to get a profile's keys; undefined where it has none. `seen` stops profiles that name each other. */
  #profileKeys(name: string, profile: Profile, seen: Set<string>): (() => Promise<S3Keys>) | undefined {
    const origin = `the AWS profile "${name}"`;
    const refuse = (what: string) =>
      new GranaryError(
        "credential",
        `${origin} ${what}, which granary does not do; ` +
          `run: eval "$(aws configure export-credentials --profile ${name} --format env)"`,
      );
    if (seen.has(name)) throw new GranaryError("credential", `${origin} names itself by source_profile`);
    seen.add(name);
    const arn = profile.role_arn;
    if (arn) {
      const role = { arn, sessionName: profile.role_session_name, externalId: profile.external_id, origin };
      const tokenFile = profile.web_identity_token_file;
      if (tokenFile) {
        return async () =>
          assumeRole(
            this.#options,
            role,
            { webIdentity: readTokenFile(tokenFile, origin) },
            await this.#home(),
          );
      }
      if (profile.mfa_serial) throw refuse("wants a one-time code (mfa_serial)");
      const by = this.#roleSource(profile, origin, seen);
      return async () =>
        assumeRole(this.#options, role, { keys: await by() }, profile.region || await this.#home());
    }
    if (profile.aws_access_key_id && profile.aws_secret_access_key) {
      const keys = {
        accessKeyId: profile.aws_access_key_id,
        secretAccessKey: profile.aws_secret_access_key,
        sessionToken: profile.aws_session_token || undefined,
        origin,
      };
      return () => Promise.resolve(keys);
    }
    const { env } = this.#options;
    if (profile.sso_start_url || profile.sso_session) return () => singleSignOnKeys(name, env, origin);
    if (profile.credential_process) return () => processKeys(name, env, origin);
    return undefined;
  }

  #roleSource(profile: Profile, origin: string, seen: Set<string>): () => Promise<S3Keys> {
    const { env } = this.#options;
    if (profile.source_profile) {
      const source = readProfile(env, profile.source_profile);
      const keys = source && this.#profileKeys(profile.source_profile, source, seen);
      if (keys !== undefined) return keys;
      throw new GranaryError(
        "credential",
        `${origin}: its source_profile "${profile.source_profile}" has no keys`,
      );
    }
    return async () => {
      const fixed = environmentKeys(env);
      if (profile.credential_source === "Environment" && fixed !== undefined) return fixed;
      const found = profile.credential_source === "EcsContainer"
        ? await containerKeys(this.#options)
        : profile.credential_source === "Ec2InstanceMetadata"
        ? await this.#metadata.keys()
        : undefined;
      if (found !== undefined) return await found();
      throw new GranaryError(
        "credential",
        `${origin} has a role_arn and nothing to assume it with (wanted source_profile or credential_source with keys)`,
      );
    };
  }
}

function environmentKeys(env: AwsOptions["env"]): S3Keys | undefined {
  if (!env.AWS_ACCESS_KEY_ID || !env.AWS_SECRET_ACCESS_KEY) return undefined;
  return {
    accessKeyId: env.AWS_ACCESS_KEY_ID,
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
    sessionToken: env.AWS_SESSION_TOKEN || undefined,
    origin: "AWS_ACCESS_KEY_ID",
  };
}

/** Keys that cannot be renewed. */
function unchanging(keys: S3Keys): KeySource {
  return { origin: keys.origin, keys: () => Promise.resolve(keys), renew: () => Promise.resolve(false) };
}
