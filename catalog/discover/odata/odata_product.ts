/** One product of an OData catalogue of the Copernicus ground segment as a draft row. */
import type { GranuleAsset } from "../../granule.ts";
import { checksumOf } from "../../checksum.ts";
import { type Draft, namesAreSound, orderedTimes, type ReadContext } from "../draft/draft.ts";
import { readGeoJsonExtent } from "../stac/geojson_extent.ts";
import { asInteger, asObject, asObjects, asText, asTime, withoutEmpty } from "../../../core/json_value.ts";
import { NO_EXTENT } from "../cmr/spatial_extent.ts";
import { printable } from "../draft/tally.ts";

/** Where the Copernicus Data Space keeps bytes. */
export const CDSE_DOWNLOAD = "https://download.dataspace.copernicus.eu/odata/v1/";
const CDSE_S3_ENDPOINT = "https://eodata.dataspace.copernicus.eu";
const CDSE_S3_REGION = "default";
const CDSE_BUCKET = "eodata";
const PROVIDER = "CDSE";

interface ProductContext extends ReadContext {
  /** Where `Products(id)/$value` is fetched. */
  downloadUrl?: string | undefined;
  /** The collection of products whose attributes name no platform. */
  collectionName?: string | null;
}

/** What a follower needs of a product beside its row. */
interface Product {
  draft: Draft;
  /** The catalogue's own id: one name may live under two of them. */
  productId: string;
  modified: number;
}

/** Names and values of a product's attributes. */
function attributesOf(product: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const pairs = asObjects(product.Attributes).flatMap((one): [string, unknown][] => {
    const name = asText(one.Name);
    return name === null ? [] : [[name, one.Value]];
  });
  return Object.fromEntries(pairs);
}

/** `SENTINEL-2.S2MSI1C`. */
function collectionOf(attributes: Readonly<Record<string, unknown>>, fallback: string | null): string | null {
  const platform = asText(attributes.platformShortName) ?? fallback;
  const type = asText(attributes.productType);
  return platform === null ? null : type === null ? platform : `${platform}.${type}`;
}

/** The product, or null when it was set aside in the tally. */
export function readProduct(value: unknown, context: ProductContext): Product | null {
  const { tally } = context;
  const product = asObject(value);
  const id = asText(product?.Name);
  const productId = asText(product?.Id);
  if (product === null || id === null || productId === null) {
    tally.add("granule", "a product without Name or Id", printable(id ?? productId ?? ""));
    return null;
  }
  const modified = asTime(product.ModificationDate) ?? asTime(product.PublicationDate);
  const attributes = attributesOf(product);
  const collection = collectionOf(attributes, context.collectionName ?? null);
  const s3Path = asText(product.S3Path);
  if (modified === null || collection === null) {
    tally.add("granule", modified === null ? "no ModificationDate" : "no collection", printable(id));
    return null;
  }
  if (!namesAreSound({ id, collection, provider: PROVIDER }, tally)) return null;
  const { extent, note } = readGeoJsonExtent(product.GeoFootprint);
  if (note !== null) tally.add("note", note === NO_EXTENT ? note : `footprint unknown: ${note}`, id);
  const times = asObject(product.ContentDate);
  const start = asTime(times?.Start);
  const checksum = checksumOfProduct(product);
  const sizeBytes = asInteger(product.ContentLength);
  const onS3 = s3Path !== null && s3Path.startsWith(`/${CDSE_BUCKET}/`) && !s3Path.split("/").includes("..");
  return {
    productId,
    modified,
    draft: {
      extent,
      row: {
        id,
        collection,
        provider: PROVIDER,
        concept_id: productId,
        revision: null,
        ...orderedTimes(start, asTime(times?.End) ?? start, tally, id),
        datetime: null,
        s3_base: onS3 ? `s3://${CDSE_BUCKET}/` : null,
        https_base: null,
        local_base: null,
        path: onS3 ? s3Path.slice(CDSE_BUCKET.length + 2) : id,
        s3_credentials: null,
        s3_region: onS3 ? CDSE_S3_REGION : null,
        s3_endpoint: onS3 ? CDSE_S3_ENDPOINT : null,
        s3_access: onS3 ? "signed" : null,
        size_bytes: sizeBytes,
        checksum,
        assets: [productAsset(context.downloadUrl ?? CDSE_DOWNLOAD, id, productId, sizeBytes, checksum)],
        properties: withoutEmpty({
          ...attributes,
          published: asText(product.PublicationDate),
          updated: asText(product.ModificationDate),
          online: product.Online,
          content_type: asText(product.ContentType),
        }),
      },
    },
  };
}

/** The product as one file: a SAFE folder comes zipped. */
function productAsset(
  downloadUrl: string,
  id: string,
  productId: string,
  sizeBytes: number | null,
  checksum: string | null,
): GranuleAsset {
  return {
    key: "product",
    path: null,
    media_type: id.endsWith(".SAFE") ? "application/zip" : "application/octet-stream",
    size_bytes: sizeBytes,
    checksum,
    s3_href: null,
    https_href: new URL(`Products(${encodeURIComponent(productId)})/$value`, downloadUrl).href,
    local_href: null,
    s3_credentials: null,
  };
}

/** MD5, or SHA-256 where it is stated; BLAKE3 is not one that granary computes. */
function checksumOfProduct(product: Readonly<Record<string, unknown>>): string | null {
  for (const one of asObjects(product.Checksum)) {
    const checksum = checksumOf(asText(one.Algorithm), asText(one.Value));
    if (checksum !== null) return checksum;
  }
  return null;
}
