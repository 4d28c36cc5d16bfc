/** Objects below a prefix, whatever the service: each is listed by its own interface. */
import { listAzure } from "./azure_list.ts";
import type { ListedObject, ListOptions, ObjectPrefix } from "./listed_object.ts";
import { isNoBucket, noSuchBucket } from "./no_bucket.ts";
import type { SourceOpener } from "./open.ts";
import { listS3 } from "./s3_list.ts";

/**
 * Lists page by page, in the order of the service; each page is asked for when the one before was taken, and asked
 * again where it failed in passing. Throws credential, granule and io errors, and an input error for a bucket that is not
 * there: a person named it.
 */
export async function* listObjects(
  place: ObjectPrefix,
  opener: SourceOpener,
  options: ListOptions,
): AsyncGenerator<ListedObject> {
  try {
    yield* place.scheme === "az" ? listAzure(place, opener, options) : listS3(place, opener, options);
  } catch (error) {
    throw isNoBucket(error) ? noSuchBucket(options.name) : error;
  }
}
