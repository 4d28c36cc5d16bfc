/**
 * How buckets of Google Cloud Storage are asked: by the XML interface, which does what S3 does, with HMAC keys of the
 * environment, as GDAL names them; public ones without.
 */
import type { S3Settings } from "./location.ts";
import { parseEndpoint } from "./s3_address.ts";
import type { S3Keys } from "./s3_keys.ts";
import type { S3Bucket } from "./s3_transport.ts";
import type { Environment } from "./token_store.ts";

const ENDPOINT = "https://storage.googleapis.com";

/** The keys are Google's alone: an endpoint that a catalog names, of another host, is asked without. */
export function googleBucket(env: Environment, { endpoint, access }: S3Settings): S3Bucket {
  const own = parseEndpoint(env.GS_ENDPOINT_URL || ENDPOINT, "GS_ENDPOINT_URL");
  const at = endpoint ? parseEndpoint(endpoint, "the catalog's s3_endpoint") : own;
  const unsigned = access === "unsigned" || /^(yes|true|1)$/i.test(env.GS_NO_SIGN_REQUEST ?? "") ||
    new URL(at).origin !== new URL(own).origin;
  const keys = unsigned ? undefined : hmacKeys(env);
  return {
    keys: keys &&
      { origin: keys.origin, keys: () => Promise.resolve(keys), renew: () => Promise.resolve(false) },
    earthdata: false,
    requesterPays: false,
    region: "auto",
    endpoint: at,
    style: "path",
    localRegion: undefined,
    google: true,
    clockAheadMs: 0,
  };
}

function hmacKeys(env: Environment): S3Keys | undefined {
  const { GS_ACCESS_KEY_ID: accessKeyId, GS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, secretAccessKey, origin: "GS_ACCESS_KEY_ID" };
}
