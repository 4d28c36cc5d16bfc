/** What a dataset says of its collection; the rest is computed from the items. */
import type { CollectionText } from "../core/stac/collection.ts";
import type { Dataset } from "./dataset.ts";

export function collectionText({ name, collection }: Dataset): CollectionText {
  const { title, description, license, keywords, providers, renders, fields } = collection;
  return {
    id: name,
    title,
    description: description ?? title ?? name,
    license,
    keywords,
    providers,
    renders,
    fields,
  };
}
