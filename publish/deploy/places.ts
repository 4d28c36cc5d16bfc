/** Places of a dataset that a machine elsewhere does not have. */
import { isObjectAddress } from "../../core/files/address.ts";
import type { Dataset } from "../dataset.ts";

/** Paths of sources and targets on this machine's disks, each once; those below `mounted` are there, too. */
export function localPlaces({ discover, targets }: Dataset, mounted: string | null): string[] {
  const sources = discover.flatMap((one) =>
    one.from === "local" || one.from === "catalog" ? one.path : one.from === "stac" ? one.url : []
  );
  const announced = targets.flatMap(({ kind, to }) => kind === "pgstac" ? [] : to);
  return [...new Set([...sources, ...announced])].filter((place) =>
    !isObjectAddress(place) && !/^https?:\/\//i.test(place) &&
    (mounted === null || !place.startsWith(`${mounted}/`))
  );
}
