/** The links of a granule in either of CMR's answers, and what is none of them. */
import { asArray, asObject, asText, type JsonObject } from "../../../core/json_value.ts";
import { type GranuleLink, isCredentialEndpoint, type Relation } from "../draft/assets.ts";
import type { Tally } from "../draft/tally.ts";

/** How an answer writes links. */
export interface LinkForm {
  /** What its list is called. */
  list: string;
  /** Where a link's address stands. */
  url: string;
  relations: Readonly<Record<string, Relation>>;
  /** The name of a link's relation; null where it names none. */
  relationName(link: JsonObject): string | null;
  mediaType(link: JsonObject): string | undefined;
  /** Why a link is not the granule's own; undefined for one that is. */
  foreign?(link: JsonObject): string | undefined;
}

/** Reads `value`, a list of links; what is no link of the granule `id` is counted. */
export function readLinks(
  value: unknown,
  form: LinkForm,
  tally: Tally,
  id: string,
): { links: GranuleLink[]; credentials: string | null } {
  const links: GranuleLink[] = [];
  let credentials: string | null = null;
  if (value !== undefined && value !== null && !Array.isArray(value)) {
    tally.add("note", `${form.list} that are no list`, id);
  }
  for (const member of asArray(value)) {
    const link = asObject(member);
    const url = asText(link?.[form.url]);
    if (link === null || url === null) {
      tally.add("link", "link without a URL", id);
      continue;
    }
    const foreign = form.foreign?.(link);
    if (foreign !== undefined) {
      tally.add("link", foreign);
      continue;
    }
    if (isCredentialEndpoint(url)) credentials ??= url;
    links.push({ url, relation: relationOf(link, form), mediaType: form.mediaType(link) });
  }
  return { links, credentials };
}

function relationOf(link: JsonObject, { relations, relationName }: LinkForm): Relation {
  const name = relationName(link);
  if (name === null) return "untyped";
  return Object.hasOwn(relations, name) ? relations[name] : "other";
}
