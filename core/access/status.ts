/** What `auth status` tells: which credentials were found, from where, for what, until when. Never which. */
import type { SourceOpener } from "./open.ts";

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

/** With `check` a token and keys are asked for where they come from a server; refusals are thrown. */
export async function credentialStatus(
  opener: SourceOpener,
  { check }: { check: boolean },
): Promise<CredentialStatus> {
  const { earthdata, aws } = opener;
  const origin = earthdata.origin();
  if (check && origin !== undefined) await earthdata.tokenFor(earthdata.loginUrl);
  const expires = earthdata.expiresAt();
  const source = await aws.keys();
  const keys = check ? await source?.keys() : undefined;
  const ends = keys?.expiresAt ?? null;
  return {
    earthdata: {
      found: origin?.where ?? null,
      kind: origin?.kind ?? null,
      until: origin === undefined
        ? ""
        : expires !== null
        ? time(expires)
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
      checked: keys !== undefined,
    },
  };
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(".000Z", "Z");
}
