/**
 * HTTP as a Lambda function hears of it, as requests: events of function URLs and HTTP APIs (payload format 2.0), of REST
 * APIs (format 1.0) and of load balancers, as the developer guides of AWS Lambda, Amazon API Gateway and Elastic Load
 * Balancing have them. Pure.
 */
import { Buffer } from "node:buffer";
import { inputError } from "../../core/errors.ts";
import { asArray, asObject, asText, type JsonObject } from "../../core/json_value.ts";

/** Who sends an event, and so what its answer is like. */
export type EventKind = "url" | "rest" | "balancer" | "balancer with lists";

interface HttpEvent {
  readonly kind: EventKind;
  readonly request: Request;
  /** What stands between the host and this server's paths in the addresses that clients know: an API's stage. */
  readonly basePath: string;
}

interface Parts {
  kind: EventKind;
  method: string;
  path: string;
  query: string;
  basePath: string;
}

/** The request that an event tells of. Throws an input error for an event of another kind. */
export function readHttpEvent(event: Uint8Array, signal: AbortSignal): HttpEvent {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(event).toString("utf8"));
  } catch {
    throw inputError("the event is not JSON");
  }
  const fields = asObject(parsed) ?? {};
  const parts = newerParts(fields) ?? olderParts(fields);
  if (parts === null || !parts.path.startsWith("/")) {
    throw inputError(
      "the event is none of HTTP (wanted one of a function URL, an API Gateway or a load balancer)",
    );
  }
  const { kind, method, path, query, basePath } = parts;
  const headers = headersOf(fields);
  headers.set(
    "host",
    headers.get("host") ?? asText(asObject(fields.requestContext)?.domainName) ?? "localhost",
  );
  const scheme = kind.startsWith("balancer") && headers.get("x-forwarded-proto") === "http"
    ? "http"
    : "https";
  const url = `${scheme}://lambda.invalid${path}${query === "" ? "" : `?${query}`}`;
  const text = asText(fields.body);
  const bodiless = method === "GET" || method === "HEAD" || text === null;
  const body = bodiless
    ? {}
    : { body: fields.isBase64Encoded === true ? Uint8Array.from(Buffer.from(text, "base64")) : text };
  try {
    return { kind, basePath, request: new Request(url, { method, headers, signal, ...body }) };
  } catch {
    throw inputError("the event has a path or a method that is none");
  }
}

/** Of payload format 2.0; its path begins with the stage, where that has a name. */
function newerParts(fields: JsonObject): Parts | null {
  const context = asObject(fields.requestContext) ?? {};
  const http = asObject(context.http) ?? {};
  const method = asText(http.method);
  const whole = asText(fields.rawPath) ?? asText(http.path);
  if (method === null || whole === null) return null;
  const stage = `/${asText(context.stage) ?? "$default"}`;
  const isStaged = whole === stage || whole.startsWith(`${stage}/`);
  return {
    kind: "url",
    method,
    path: isStaged ? whole.slice(stage.length) || "/" : whole,
    query: asText(fields.rawQueryString) ?? "",
    basePath: isStaged ? stage : "",
  };
}

/** Of payload format 1.0, whose query is decoded, and of load balancers, whose query is as it was sent. */
function olderParts(fields: JsonObject): Parts | null {
  const context = asObject(fields.requestContext) ?? {};
  const method = asText(fields.httpMethod);
  const path = asText(fields.path);
  if (method === null || path === null) return null;
  const pairs = listed(fields.multiValueQueryStringParameters, fields.queryStringParameters);
  if (asObject(context.elb) !== null) {
    return {
      kind: asObject(fields.multiValueHeaders) === null ? "balancer" : "balancer with lists",
      method,
      path,
      query: pairs.map(([name, value]) => `${name}=${value}`).join("&"),
      basePath: "",
    };
  }
  const stated = asText(context.path) ?? path;
  // An API's root is asked for as /prod or as /prod/.
  const outside = path === "/" && !stated.endsWith("/") ? `${stated}/` : stated;
  return {
    kind: "rest",
    method,
    path,
    query: String(new URLSearchParams(pairs)),
    basePath: outside.endsWith(path) ? outside.slice(0, outside.length - path.length).replace(/\/$/, "") : "",
  };
}

function headersOf(fields: JsonObject): Headers {
  const headers = new Headers();
  for (const [name, value] of listed(fields.multiValueHeaders, fields.headers)) {
    try {
      headers.append(name, value);
    } catch {
      throw inputError(`the event has a header that is none: ${JSON.stringify(name)}`);
    }
  }
  return headers;
}

/** Names with each of their values: of the lists where the event has such. */
function listed(lists: unknown, single: unknown): [string, string][] {
  const many = asObject(lists);
  const pairs = many === null ? Object.entries(asObject(single) ?? {}) : Object.entries(many)
    .flatMap(([name, values]) => asArray(values).map((value) => [name, value] as const));
  return pairs.map(([name, value]) => [name, String(value)]);
}
