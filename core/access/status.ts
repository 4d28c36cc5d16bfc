/** What `auth status` says: which credentials were found, from where, for what and until when; no secret. */
import { checkKeys } from "./aws_services.ts";
import { GranaryError } from "../errors.ts";
import type { SourceOpener } from "./open.ts";
import { safeName } from "./redact.ts";
import { askWithToken } from "./token_request.ts";

/** Answers with keys to who sends a token that holds, and with the way to the login page to others. */
const CHECK_PATH = "/s3credentials";
const CHECK_HOST = "data.nsidc.earthdatacloud.nasa.gov";
interface CredentialStatus {
  earthdata: {
    /** Where the login comes from; null where none was found. */
    found: string | null;
    kind: string | null;
    /** A time, or words where there is none. */
    until: string;
    expires_at: string | null;
    login_server: string;
    /** Hosts that get the token: these and what lies below them. */
    hosts: readonly string[];
    checked: boolean;
  };
  aws: {
    found: string | null;
    until: string;
    expires_at: string | null;
    region: string | null;
    endpoint: string | null;
    checked: boolean;
  };
}

/**
 * With `check` a server is asked whether it accepts what was found. Throws a credential error where one
 * refuses, where a token has ended, and where there is nothing to check.
 */
export async function credentialStatus(
  opener: SourceOpener,
  { check }: { check: boolean },
): Promise<CredentialStatus> {
  const { earthdata, aws } = opener;
  const origin = earthdata.origin();
  const source = await aws.keys();
  if (check && origin === undefined && source === undefined) {
    throw new GranaryError(
      "credential",
      "there is nothing to check: no Earthdata login and no AWS keys were found" +
        " (wanted EARTHDATA_TOKEN, a netrc entry, granary auth login, or keys as the AWS tools take them)",
    );
  }
  if (check && origin !== undefined) await checkToken(opener);
  const expires = earthdata.expiresAt();
  const keys = check ? await source?.keys() : undefined;
  const accepted = keys === undefined ? undefined : await checkKeys(
    { env: opener.env, client: opener.client, retry: opener.retry, signal: opener.signal },
    keys,
    await aws.region() ?? "us-east-1",
  );
  const ends = keys?.expiresAt ?? null;
  return {
    earthdata: {
      found: origin?.where ?? null,
      kind: origin?.kind ?? null,
      until: origin === undefined
        ? ""
        : expires !== null
        ? time(expires) + (expires <= Date.now() ? " (it has ended)" : "")
        : origin.kind === "password" || origin.kind === "netrc"
        ? "a token is asked for at first use"
        : "not known",
      expires_at: expires === null ? null : time(expires),
      login_server: earthdata.loginUrl.origin,
      hosts: earthdata.hosts,
      checked: check && origin !== undefined,
    },
    aws: {
      found: source?.origin ?? null,
      until: source === undefined
        ? ""
        : ends !== null
        ? time(ends)
        : keys !== undefined
        ? "no end"
        : "asked for at first use",
      expires_at: ends === null ? null : time(ends),
      region: await aws.region() ?? null,
      endpoint: aws.s3Endpoint().endpoint ?? null,
      checked: accepted === true,
    },
  };
}

/** Sends the token where it is wanted: anything but a refusal means that it is accepted. */
async function checkToken(opener: SourceOpener): Promise<void> {
  const { hosts } = opener.earthdata;
  const url = checkUrl(hosts, (one) => opener.earthdata.covers(one));
  await askWithToken(opener, url, `the token at ${safeName(url.href)}`, ({ status }) => {
    const refused = status === 401 || status === 403 || (status >= 300 && status < 400);
    return refused ? undefined : true;
  });
}

/** The usual host where it may have the token; else the first of the hosts that may. */
function checkUrl(hosts: readonly string[], covers: (url: URL) => boolean): URL {
  const usual = new URL(`https://${CHECK_HOST}${CHECK_PATH}`);
  if (covers(usual)) return usual;
  const candidates = hosts.flatMap((host) => [`https://${host}`, `http://${host}`])
    .map((base) => new URL(CHECK_PATH, base));
  return candidates.filter(covers).find(({ protocol }) => protocol === "http:") ?? candidates[0];
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(".000Z", "Z");
}
