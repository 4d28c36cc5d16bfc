/** How CMR is asked: endpoints below its search URL, queries as GET or as a form, pages by search-after. */
import { inputError } from "../../../core/errors.ts";
import { safeName } from "../../../core/access/redact.ts";
import type { TextRequest } from "../draft/http_text.ts";
import { CMR_URL } from "./cmr_query.ts";

/** Sent with every request, so that CMR's operators know who asks. */
const CLIENT_ID = "granary";

/** A query longer than this is sent as a form. */
const LONGEST_QUERY = 2000;

/** The endpoint under a search URL, which must be http or https. */
export function endpointOf(url: string | undefined, name: string): string {
  const base = (url ?? CMR_URL).replace(/\/+$/, "");
  if (!/^https?:\/\//i.test(base) || !URL.canParse(base)) {
    throw inputError(`CMR's URL "${safeName(base)}" is not an http or https URL (wanted such as ${CMR_URL})`);
  }
  return `${base}/${name}`;
}

/** A search as GET, or as a form where it is long; `after` is the CMR-Search-After of the page before. */
export function searchRequest(
  endpoint: string,
  search: string,
  after: string | null,
  asked: string,
): TextRequest {
  const headers: Record<string, string> = { "client-id": CLIENT_ID };
  if (after !== null) headers["cmr-search-after"] = after;
  if (search.length <= LONGEST_QUERY) return { url: `${endpoint}?${search}`, headers, asked };
  headers["content-type"] = "application/x-www-form-urlencoded";
  return { url: endpoint, method: "POST" as const, body: search, headers, asked };
}
