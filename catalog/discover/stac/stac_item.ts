/** One STAC item (specification 1.0 and 1.1) as a draft row. */
import { chooseData, type GranuleLink, type Relation } from "../draft/assets.ts";
import { isS3 } from "../draft/bases.ts";
import { checksumOfMultihash } from "../../checksum.ts";
import {
  inStatedOrder,
  ITEM_CELLS,
  readItemCells,
  readItemExtras,
  withoutItemExtras,
} from "../../item_extras.ts";
import { localFileOf, localFiles, withLocalFiles } from "../draft/local_files.ts";
import type { Extent } from "../../footprint/extent.ts";
import {
  type Draft,
  type Footprint,
  locationColumns,
  namesAreSound,
  orderedTimes,
  type ReadContext,
} from "../draft/draft.ts";
import { readBboxExtent, readGeoJsonExtent } from "./geojson_extent.ts";
import {
  asArray,
  asInteger,
  asNumber,
  asObject,
  asObjects,
  asText,
  asTime,
  type JsonObject,
  withoutEmpty,
} from "../../../core/json_value.ts";
import { wkbOfGeoJson } from "../../../core/geometry/geojson.ts";
import { withoutSignature } from "../../../core/access/signed_address.ts";
import { bucketOf } from "../../../products/s3_buckets.ts";
import { NO_EXTENT } from "../cmr/spatial_extent.ts";
import { printable, type Tally } from "../draft/tally.ts";
import { providerOf } from "../cmr/umm_granule.ts";

export interface StacContext extends ReadContext {
  /** Where the item came from, for hrefs that are relative. */
  baseUrl?: string | null;
  /** The collection of items that name none. */
  collectionName?: string | null;
  /** The document is a file of this machine: it may name others, and say what granary wrote into it. */
  isLocal?: boolean;
}

/** The provider of granules that lie on a disk, unless stated. */
const LOCAL_PROVIDER = "local";

/** Roles of assets that are no data (STAC best practices, list of asset roles). */
const ROLE_RELATION: Readonly<Record<string, Relation>> = {
  thumbnail: "browse",
  overview: "browse",
  visual: "browse",
  browse: "browse",
  graphic: "browse",
  tiles: "service",
  metadata: "metadata",
  "iso-19115": "metadata",
  documentation: "documentation",
};

const MEDIA_RELATION: readonly [RegExp, Relation][] = [
  [/^image\/(jpeg|png|gif|webp)\b/i, "browse"],
  [/^(application|text)\/(xml|html|markdown)\b|\+xml\b/i, "metadata"],
  [/^application\/(pdf|schema\+json)\b/i, "documentation"],
];

/** The draft of one item, or null when it was set aside in the tally. */
export function readStacItem(value: unknown, context: StacContext): Draft | null {
  const { tally } = context;
  const item = asObject(value);
  const id = asText(item?.id);
  if (item === null || id === null) {
    tally.add("granule", item === null ? "item that is no object" : "no granule id");
    return null;
  }
  const stated = asObject(item.properties) ?? {};
  const extras = context.isLocal === true ? readItemExtras(stated) : {};
  const properties = context.isLocal === true ? withoutItemExtras(stated) : stated;
  const assets = context.isLocal === true
    ? inStatedOrder(asObject(item.assets), stated)
    : asObject(item.assets);
  const collection = asText(item.collection) ?? asText(properties.collection) ?? context.collectionName ??
    null;
  if (collection === null) {
    tally.add("granule", "no collection", printable(id));
    return null;
  }
  const links = assetLinks(
    assets,
    baseOf(item, context),
    asObject(properties["storage:schemes"]),
    tally,
    id,
    context.isLocal === true,
  );
  const local = context.isLocal === true ? localFiles(assets) : [];
  const files = chooseData(links.map(({ link }) => link), tally);
  if (files.length === 0 && local.length === 0) {
    tally.add("granule", "no data link", printable(id));
    return null;
  }
  const first = files[0];
  const storage = first === undefined
    ? {}
    : links.find(({ link }) => link.url === (first.s3 ?? first.https))?.storage ?? {};
  const provider = extras.provider ?? providerName(item, properties, id) ??
    (first === undefined ? LOCAL_PROVIDER : bucketOf(first.s3) ?? new URL(first.https!).host);
  if (!namesAreSound({ id, collection, provider }, tally)) return null;

  const extent = itemExtent(item, tally, id);

  const location = withLocalFiles(first === undefined ? null : locationColumns(files, null, null), local);
  const onS3 = files.some((file) => file.s3 !== null);
  return {
    row: {
      id,
      collection,
      provider,
      concept_id: /^G\d+-[A-Z0-9_]+$/.test(id) ? id : null,
      revision: null,
      ...readTimes(properties, tally, id),
      ...location,
      s3_region: onS3 ? storage.region ?? location.s3_region : null,
      s3_endpoint: onS3 ? storage.endpoint ?? null : null,
      s3_access: onS3 && storage.requesterPays ? "requester-pays" : location.s3_access,
      ...extras,
      // The three times have columns of their own.
      properties: withoutEmpty({
        ...properties,
        datetime: null,
        start_datetime: null,
        end_datetime: null,
        stac_version: asText(item.stac_version),
      }),
    },
    extent,
    ...context.isLocal === true ? { footprint: statedFootprint(item, stated) } : {},
  };
}

/** The footprint as a catalog of granary had it, where the item is out of one and its geometry the same. */
function statedFootprint(item: JsonObject, properties: JsonObject): Footprint | undefined {
  if (properties[ITEM_CELLS.geometry] === undefined) return undefined;
  const geometry = wkbOfGeoJson(item.geometry);
  const box = asArray(item.bbox).map(asNumber);
  if (geometry === null || box.length !== 4 || box.includes(null)) return undefined;
  const cells = readItemCells(properties, geometry);
  const [xmin, ymin, xmax, ymax] = box as number[];
  return cells && { geometry, bbox: { xmin, ymin, xmax, ymax }, ...cells };
}

/** The item's geometry, or its box where that cannot be read. */
function itemExtent(item: JsonObject, tally: Tally, id: string): Extent | null {
  const stated = readGeoJsonExtent(item.geometry);
  const box = readBboxExtent(item.bbox);
  if (stated.extent === null) {
    if (box.extent === null) {
      const note = stated.note === NO_EXTENT ? box.note! : stated.note!;
      tally.add("note", note === NO_EXTENT ? note : `footprint unknown: ${note}`, printable(id));
    } else if (stated.note !== NO_EXTENT) {
      tally.add("note", "geometry cannot be read: its box is taken", printable(id));
    }
    return box.extent;
  }
  // A box from east to west says that the geometry's edges go the short way over the antimeridian.
  const crosses = box.extent?.boxes.some(({ west, east }) => west > east) ?? false;
  if (crosses) { for (const polygon of stated.extent.polygons) polygon.continuous = true; }
  return stated.extent;
}

function readTimes(properties: JsonObject, tally: Tally, id: string) {
  const datetime = asTime(properties.datetime);
  const start = asTime(properties.start_datetime) ?? datetime;
  const end = asTime(properties.end_datetime) ?? datetime;
  if (start === null && end === null) tally.add("note", "no time that can be read", id);
  return { ...orderedTimes(start, end, tally, id), datetime };
}

/** The host among the providers, else the producer or the first; CMR's ids carry their provider. */
function providerName(item: JsonObject, properties: JsonObject, id: string): string | null {
  const providers = asObjects(properties.providers ?? item.providers);
  const withRole = (role: string) => providers.find((one) => asArray(one.roles).includes(role));
  const provider = withRole("host") ?? withRole("producer") ?? providers[0];
  return asText(provider?.name) ?? (/^G\d+-/.test(id) ? providerOf(id) : null);
}

/** The item's own address, against which relative hrefs are resolved. */
function baseOf(item: JsonObject, context: StacContext): string | null {
  const self = asText(asObjects(item.links).find((link) => link.rel === "self")?.href);
  return self !== null && /^https?:\/\//i.test(self) ? self : context.baseUrl ?? null;
}

interface Storage {
  region?: string | null;
  endpoint?: string | null;
  requesterPays?: boolean;
}

/** The links of every asset: its own and those of its alternates, one of each scheme. */
function assetLinks(
  assets: JsonObject | null,
  base: string | null,
  schemes: JsonObject | null,
  tally: Tally,
  id: string,
  isLocal: boolean,
): { link: GranuleLink; storage: Storage }[] {
  const links: { link: GranuleLink; storage: Storage }[] = [];
  let isSigned = false;
  for (const [key, value] of Object.entries(assets ?? {})) {
    const asset = asObject(value);
    // Columnar files hold every key in every row, empty where an item has no such asset.
    if (asset === null) {
      if (value !== null) tally.add("link", "asset that is no object", printable(id));
      continue;
    }
    const relation = relationOf(asset);
    const kinds = new Set<boolean>();
    for (const place of [asset, ...Object.values(asObject(asset.alternate) ?? {}).map(asObject)]) {
      if (place === null || (isLocal && localFileOf(place.href) !== null)) continue;
      const stated = resolve(asText(place.href), base);
      if (stated === null) {
        tally.add(
          "link",
          asText(place.href) === null ? "link without a URL" : "relative link without a base",
          printable(id),
        );
        continue;
      }
      // A catalog and a plan hold no credential, and are read when this one has ended.
      const unsigned = withoutSignature(stated);
      isSigned ||= unsigned !== undefined;
      const url = unsigned ?? stated;
      if (kinds.has(isS3(url))) {
        tally.add("link", "mirror of a data file");
        continue;
      }
      kinds.add(isS3(url));
      links.push({
        link: {
          key,
          url,
          relation,
          mediaType: asText(asset.type) ?? undefined,
          sizeBytes: sizeOf(place) ?? sizeOf(asset),
          checksum: checksumOfMultihash(asText(place["file:checksum"]) ?? asText(asset["file:checksum"])) ??
            undefined,
        },
        storage: storageOf(place, asset, schemes),
      });
    }
  }
  if (isSigned) tally.add("note", "signatures of links left out", printable(id));
  return links;
}

function relationOf(asset: JsonObject): Relation {
  const roles = asArray(asset.roles).filter((role): role is string => typeof role === "string");
  if (roles.includes("data")) return "data";
  const stated = roles.flatMap((role) => Object.hasOwn(ROLE_RELATION, role) ? [ROLE_RELATION[role]] : []);
  if (roles.length > 0 && stated.length === roles.length) return stated[0];
  const type = asText(asset.type) ?? "";
  return MEDIA_RELATION.find(([form]) => form.test(type))?.[1] ?? "data";
}

function sizeOf(place: JsonObject): number | undefined {
  const size = asInteger(place["file:size"]);
  return size !== null && size >= 0 ? size : undefined;
}

/**
 * Where an asset's bucket lies, by the storage extension: version 1 says it on the asset, version 2 by a
 * reference to a scheme of the item, whose platform is the endpoint where it is not Amazon's.
 */
function storageOf(place: JsonObject, asset: JsonObject, schemes: JsonObject | null): Storage {
  const of = (name: string) => place[name] ?? asset[name];
  const refs = asArray(of("storage:refs")).map((ref) =>
    typeof ref === "string" ? asObject(schemes?.[ref]) : null
  );
  const scheme = refs.find((one) => /s3$/.test(asText(one?.type) ?? "")) ?? null;
  const region = asText(of("storage:region")) ?? asText(scheme?.region);
  const platform = asText(scheme?.platform);
  const isEndpoint = scheme?.type === "custom-s3" && platform !== null &&
    /^https?:\/\/[^/?#@{}]+\/?$/i.test(platform);
  return {
    region: region !== null && /^[a-z0-9-]{1,32}$/.test(region) ? region : null,
    endpoint: isEndpoint ? platform : null,
    requesterPays: of("storage:requester_pays") === true || scheme?.requester_pays === true,
  };
}

/** An href as an absolute link, or null. Absolute ones stay character by character. */
function resolve(href: string | null, base: string | null): string | null {
  if (href === null || /^[a-z][a-z0-9+.-]*:/i.test(href)) return href;
  if (base === null || !URL.canParse(href, base)) return null;
  return new URL(href, base).href;
}
