/** What a dataset says of its collection; the rest is computed from the items. */
import type { CollectionText } from "../core/stac/collection.ts";
import { EXTENSIONS, type StacCollection } from "../core/stac/values.ts";
import type { Dataset, TargetKind } from "./dataset.ts";

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

/**
 * The collection as a target gets it. Databases take the common fields of assets out of each item and put
 * them back by the collection's `item_assets` (pgstac does): fields that are computed change as items come, and
 * would give items of before assets that they do not have. So they get those that people `stated`, or none.
 */
export function collectionAt(
  collection: StacCollection,
  kind: TargetKind,
  stated: unknown = undefined,
): StacCollection {
  if (kind === "static") return collection;
  const { item_assets: _computed, ...rest } = collection;
  const fields = [rest.summaries ?? {}, ...Object.values((stated ?? {}) as Record<string, object>)];
  const has = (prefix: string) =>
    fields.some((one) => Object.keys(one).some((key) => key.startsWith(prefix)));
  return {
    ...rest,
    ...(stated === undefined ? {} : { item_assets: stated as StacCollection["item_assets"] }),
    stac_extensions: rest.stac_extensions.filter((extension) =>
      extension === EXTENSIONS.projection
        ? has("proj:")
        : extension === EXTENSIONS.raster
        ? has("raster:")
        : true
    ),
  };
}

/** The same for a target of a dataset. */
export function collectionForTarget(
  dataset: Dataset,
  index: number,
  collection: StacCollection,
): StacCollection {
  return collectionAt(collection, dataset.targets[index].kind, dataset.collection.fields.item_assets);
}
