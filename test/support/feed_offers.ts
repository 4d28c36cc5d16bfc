/** Offers of granules that nobody observed, for ledgers and live catalogs in tests and benchmarks. */
import { createFootprinter } from "../../catalog/discover/draft/footprinter.ts";
import { emptyExtent } from "../../catalog/footprint/extent.ts";
import type { Offer } from "../../feed/ledger/register.ts";
import { offerOf } from "../../feed/sources/offer.ts";

interface Made {
  id: string;
  /** Milliseconds since 1970 UTC. */
  start: number;
  collection?: string;
  sourceId?: string;
  changed?: number;
  revised?: number;
  leftOut?: string | null;
  properties?: Record<string, unknown>;
}

const footprinter = createFootprinter(8);

/** A granule of one file at a place that follows from its name. */
export function madeOffer({ id, start, collection = "C.1", properties = {}, ...rest }: Made): Offer {
  let mixed = 0;
  for (const letter of id) mixed = (Math.imul(mixed, 31) + letter.charCodeAt(0)) >>> 0;
  const lon = mixed % 3600 / 10 - 180, lat = Math.floor(mixed / 3600) % 1700 / 10 - 85;
  const footprint = footprinter({ ...emptyExtent("planar"), points: Float64Array.of(lon, lat) });
  const changed = rest.changed ?? start;
  return offerOf(
    {
      id,
      collection,
      provider: "P",
      concept_id: null,
      revision: null,
      start_datetime: start,
      end_datetime: start,
      datetime: null,
      ...footprint,
      s3_base: "s3://bucket/",
      https_base: null,
      local_base: null,
      path: `c/${id}.h5`,
      s3_credentials: null,
      s3_region: null,
      s3_endpoint: null,
      s3_access: null,
      size_bytes: 1000,
      checksum: null,
      assets: [],
      properties,
    },
    rest.sourceId ?? id,
    { changed, revised: rest.revised ?? changed },
    { footprinter, test: () => rest.leftOut ?? null, download: () => [] },
  );
}
