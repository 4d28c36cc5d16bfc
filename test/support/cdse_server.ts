/** A catalogue of products that answers as the Copernicus Data Space documents it, from products given to it. */
import { type Asked, startServer, type TestServer } from "./http_server.ts";

export interface FakeProduct {
  Id: string;
  Name: string;
  ModificationDate: string;
  [key: string]: unknown;
}

export interface CdseServer extends TestServer {
  products: FakeProduct[];
  deleted: { Id: string; Name: string; DeletionDate: string; DeletionCause: string }[];
  /** Requests that are answered with 503, by their number. */
  faults: Set<number>;
}

/** The conditions on times that the fake understands; all else of a filter it holds for true. */
function inTime(filter: string, product: Record<string, unknown>): boolean {
  for (const [, field, op, time] of filter.matchAll(/(\w+Date) (ge|lt|gt|le) (\S+Z)/g)) {
    const value = Date.parse(String(product[field]));
    const bound = Date.parse(time);
    const holds = { ge: value >= bound, gt: value > bound, lt: value < bound, le: value <= bound }[op];
    if (!holds) return false;
  }
  return true;
}

export async function startCdse(products: readonly FakeProduct[]): Promise<CdseServer> {
  const state = { products: [...products], deleted: [] as CdseServer["deleted"], faults: new Set<number>() };
  const server = await startServer((asked, index) => {
    if (state.faults.has(index)) return { status: 503, headers: { "retry-after": "0" } };
    const single = /^\/odata\/v1\/Products\(([^)]+)\)$/.exec(asked.url.pathname);
    if (single !== null) {
      const found = state.products.find(({ Id }) => Id === single[1]);
      return found === undefined ? { status: 404 } : { body: JSON.stringify(found) };
    }
    if (asked.url.pathname === "/odata/v1/Products") return answer(state.products, asked);
    if (asked.url.pathname === "/odata/v1/DeletedProducts") return answer(state.deleted, asked);
    return { status: 404 };
  });
  return Object.assign(server, state);
}

function answer(all: readonly Record<string, unknown>[], { url }: Asked) {
  const { searchParams } = url;
  const top = Number(searchParams.get("$top") ?? 20);
  const skip = Number(searchParams.get("$skip") ?? 0);
  if (top > 1000 || skip > 10_000) return { status: 400, body: '{"detail":"Input should be less"}' };
  const found = all.filter((product) => inTime(searchParams.get("$filter") ?? "", product));
  const field = /^(\w+)/.exec(searchParams.get("$orderby") ?? "")?.[1];
  if (field !== undefined) {
    const key = (one: Record<string, unknown>) => `${Date.parse(String(one[field]))} ${one.Id}`;
    found.sort((a, b) => key(a) < key(b) ? -1 : 1);
  }
  const body = {
    "@odata.context": "$metadata#Products",
    ...(searchParams.get("$count") === "true" ? { "@odata.count": found.length } : {}),
    value: found.slice(skip, skip + top),
  };
  return { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
}
