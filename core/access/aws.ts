/**
 * Keys, region and endpoint as the AWS tools find them: environment, profile, web identity, container, instance
 * metadata. Which of them holds is told here, at no cost; AWS's own code gets the keys.
 */
import { currentProfile, hasKeys, type Profile } from "./aws_profile.ts";
import { containerKeys, instanceKeys, profileKeys, webIdentityKeys } from "./aws_sdk_keys.ts";
import { type AwsServices, InstanceMetadata } from "./aws_services.ts";
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
    const fixed = environmentKeys(env);
    if (fixed !== undefined) return unchanging(fixed);
    const options = { ...this.#options, region: async () => await this.region() ?? "us-east-1" };
    const renewed = (origin: string, fetchKeys: (origin: string) => Promise<S3Keys>) =>
      new RenewedKeys(origin, () => fetchKeys(origin), now, warn);
    const current = this.#current();
    if (current !== undefined && hasKeys(current.profile)) {
      const { name } = current;
      return renewed(`the AWS profile "${name}"`, (origin) => profileKeys(name, options, origin));
    }
    const { AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: arn, AWS_ROLE_SESSION_NAME: sessionName } = env;
    if (file && arn) {
      return renewed(
        "AWS_ROLE_ARN",
        (origin) => webIdentityKeys({ file, arn, sessionName }, options, origin),
      );
    }
    if (env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI || env.AWS_CONTAINER_CREDENTIALS_FULL_URI) {
      return renewed("the container", (origin) => containerKeys(options, origin));
    }
    if (!await this.#metadata.hasRole()) return undefined;
    return renewed("the instance's role", (origin) => instanceKeys(options, origin));
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
