/** A catalogue of products that answers as the Copernicus Data Space documents it, from products given to it. */
import { type Answer, type Asked, startServer, type TestServer } from "./http_server.ts";

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
  /** Products' files, by Id; ASCII. */
  contents: Map<string, string>;
  /** What its users subscribed to, with the queues of those that are pulled. */
  subscriptions: Map<string, { body: Record<string, unknown>; queue: { AckId: string }[] }>;
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
  const state = {
    products: [...products],
    deleted: [] as CdseServer["deleted"],
    faults: new Set<number>(),
    contents: new Map<string, string>(),
    subscriptions: new Map() as CdseServer["subscriptions"],
  };
  const server = await startServer((asked, index) => {
    if (state.faults.has(index)) return { status: 503, headers: { "retry-after": "0" } };
    const single = /^\/odata\/v1\/Products\(([^)]+)\)$/.exec(asked.url.pathname);
    if (single !== null) {
      const found = state.products.find(({ Id }) => Id === single[1]);
      return found === undefined ? { status: 404 } : { body: JSON.stringify(found) };
    }
    const value = /^\/odata\/v1\/Products\(([^)]+)\)\/\$value$/.exec(asked.url.pathname);
    if (value !== null) return contentOf(state.contents.get(value[1]), asked);
    if (asked.url.pathname === "/token") {
      return { body: JSON.stringify({ access_token: "granted", expires_in: 600 }) };
    }
    if (asked.url.pathname.startsWith("/odata/v1/Subscriptions")) return subscription(state, asked);
    if (asked.url.pathname === "/odata/v1/Products") return answer(state.products, asked);
    if (asked.url.pathname === "/odata/v1/DeletedProducts") return answer(state.deleted, asked);
    return { status: 404 };
  });
  return Object.assign(server, state);
}

/** A product's bytes by ranges, to who has a token. */
function contentOf(content: string | undefined, { headers }: Asked): Answer {
  if (headers.authorization !== "Bearer granted") return { status: 401 };
  if (content === undefined) return { status: 404 };
  const range = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "");
  if (range === null) return { body: content, headers: { "accept-ranges": "bytes", etag: '"one"' } };
  const body = content.slice(Number(range[1]), Number(range[2]) + 1);
  const place = `bytes ${range[1]}-${Number(range[1]) + body.length - 1}/${content.length}`;
  return { status: 206, body, headers: { "content-range": place, etag: '"one"' } };
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

/** As the service's documentation has it: list, create, PATCH, DELETE, Read, Ack; a token for each. */
function subscription({ subscriptions }: Pick<CdseServer, "subscriptions">, asked: Asked) {
  const json = (value: unknown, status = 200) => ({ status, body: JSON.stringify(value) });
  if (asked.headers.authorization !== "Bearer granted") return json({ detail: "no token" }, 401);
  const { pathname, searchParams } = asked.url;
  if (pathname === "/odata/v1/Subscriptions/Info") {
    return json([...subscriptions].map(([Id, { body }]) => ({ Id, ...body })));
  }
  if (pathname === "/odata/v1/Subscriptions") {
    const Id = `991c4730-cf6f-432a-9f6c-47be0230ff4${subscriptions.size}`;
    const { NotificationEpPassword: _, ...body } = JSON.parse(asked.body);
    subscriptions.set(Id, { body, queue: [] });
    return json({ Id, ...body }, 201);
  }
  const [, id, action] = /^\/odata\/v1\/Subscriptions\(([^)]+)\)(?:\/(\w+))?$/.exec(pathname) ?? [];
  const one = subscriptions.get(id);
  if (one === undefined) return json({ detail: { message: "not found" } }, 404);
  if (action === "Read") return json(one.queue.slice(0, Number(searchParams.get("$top") ?? 1)));
  if (action === "Ack") {
    const at = one.queue.findIndex(({ AckId }) => AckId === searchParams.get("$ackid"));
    const taken = one.queue.splice(0, at + 1);
    return json({
      AckMessagesNum: taken.length,
      CurrentQueueLength: one.queue.length,
      MaxQueueLength: 100000,
    });
  }
  if (asked.method === "PATCH") Object.assign(one.body, JSON.parse(asked.body));
  if (asked.method === "DELETE") {
    subscriptions.delete(id);
    return { status: 204 };
  }
  return json({ Id: id, ...one.body });
}
