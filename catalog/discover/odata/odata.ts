/** Requests to an OData catalogue of products: filters in its grammar, pages, counts, deletions. */
import { GranaryError, inputError } from "../../../core/errors.ts";
import { asInteger, asObject, asText, type JsonObject } from "../../../core/json_value.ts";
import { safeName } from "../../../core/access/redact.ts";
import { type HttpIo, requestText } from "../draft/http_text.ts";

/** The Copernicus Data Space. */
export const CDSE_CATALOGUE = "https://catalogue.dataspace.copernicus.eu/odata/v1/";
/** The service gives no more in a page, and skips no further. */
export const ODATA_PAGE = 1000;
const ODATA_MOST_SKIP = 10_000;

/** What is looked for, whatever its time. */
export interface ODataQuery {
  /** `SENTINEL-2`. */
  collection?: string | undefined;
  /** `S2MSI1C`. */
  productType?: string | undefined;
  /** A condition in OData's own words, joined with `and`. */
  filter?: string | undefined;
}

/** A half-open time, [from, to), of one of the product's dates. */
interface ODataTime {
  field: "ModificationDate" | "PublicationDate" | "DeletionDate" | "ContentDate/Start";
  from: number;
  to: number;
}

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** The `$filter`. */
export function odataFilter(query: ODataQuery, time?: ODataTime): string {
  const tests: string[] = [];
  if (query.collection !== undefined) tests.push(`Collection/Name eq ${quoted(query.collection)}`);
  if (query.productType !== undefined) {
    tests.push(
      "Attributes/OData.CSC.StringAttribute/any(att:att/Name eq 'productType' and " +
        `att/OData.CSC.StringAttribute/Value eq ${quoted(query.productType)})`,
    );
  }
  if (query.filter !== undefined) tests.push(`(${query.filter})`);
  if (time !== undefined) {
    const { field, from, to } = time;
    tests.push(`${field} ge ${new Date(from).toISOString()}`, `${field} lt ${new Date(to).toISOString()}`);
  }
  return tests.join(" and ");
}

interface ODataAnswer {
  items: readonly unknown[];
  count: number | null;
  /** The server's time, milliseconds since 1970 UTC. */
  date: number | null;
}

interface ODataPage {
  /** The service's root, with a slash at its end. */
  url: string;
  set: "Products" | "DeletedProducts";
  filter: string;
  orderBy?: string;
  top: number;
  skip?: number;
  count?: boolean;
  expand?: "Attributes";
}

export async function askOData(io: HttpIo, page: ODataPage): Promise<ODataAnswer> {
  const address = new URL(page.set, page.url.endsWith("/") ? page.url : `${page.url}/`);
  const { searchParams } = address;
  if (page.filter !== "") searchParams.set("$filter", page.filter);
  if (page.orderBy !== undefined) searchParams.set("$orderby", page.orderBy);
  searchParams.set("$top", String(page.top));
  if (page.skip) searchParams.set("$skip", String(page.skip));
  if (page.count) searchParams.set("$count", "true");
  if (page.expand !== undefined) searchParams.set("$expand", page.expand);
  const asked = safeName(address.href);
  if ((page.skip ?? 0) > ODATA_MOST_SKIP) {
    throw new GranaryError(
      "io",
      `${asked}: more than ${ODATA_MOST_SKIP} products of one millisecond, which the service cannot list ` +
        "(follow one product type at a time)",
    );
  }
  const reply = await requestText(io, { url: address.href, asked, headers: { accept: "application/json" } });
  const answer = parseOData(reply.text, asked);
  const date = Date.parse(reply.headers.get("date") ?? "");
  return { ...answer, date: Number.isNaN(date) ? null : date };
}

/** The items and the count of an answer. Throws an input error for what is no such answer. */
function parseOData(text: string, asked: string): Omit<ODataAnswer, "date"> {
  let document: JsonObject | null;
  try {
    document = asObject(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw inputError(`${asked}: no JSON where an OData answer was wanted`);
  }
  if (document === null || !Array.isArray(document.value)) {
    throw inputError(`${asked}: no OData answer (it has no list "value")`);
  }
  return { items: document.value, count: asInteger(document["@odata.count"]) };
}

/** A product by its id, with its attributes; null when the catalogue has it no longer. */
export async function fetchProduct(io: HttpIo, url: string, productId: string): Promise<unknown> {
  const address = new URL(
    `Products(${encodeURIComponent(productId)})?$expand=Attributes`,
    url.endsWith("/") ? url : `${url}/`,
  ).href;
  try {
    const reply = await requestText(io, { url: address, asked: safeName(address) });
    const product = asObject(JSON.parse(reply.text));
    return asText(product?.Id) === productId ? product : null;
  } catch (error) {
    if (error instanceof GranaryError && error.details.status === 404) return null;
    throw error;
  }
}
