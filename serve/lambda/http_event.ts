/**
 * HTTP as a Lambda function hears of it: events of function URLs and HTTP APIs (payload format 2.0, AWS Lambda
 * developer guide, "Invoking Lambda function URLs") as requests, responses as their answers. Pure.
 */
import { Buffer } from "node:buffer";
import { inputError } from "../../core/errors.ts";
import { asObject, asText } from "../../core/json_value.ts";

/** What an answer may have, as JSON with its body in base64: 6 MB, less what its headers take. */
const MOST_BODY_BYTES = 4_400_000;

interface LambdaAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** The request that an event tells of. Throws an input error for an event of another kind. */
export function requestOf(event: Uint8Array, signal: AbortSignal): Request {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(event).toString("utf8"));
  } catch {
    throw inputError("the event is not JSON");
  }
  const fields = asObject(parsed) ?? {};
  const context = asObject(fields.requestContext) ?? {};
  const http = asObject(context.http) ?? {};
  const method = asText(http.method);
  const path = asText(fields.rawPath) ?? asText(http.path);
  if (method === null || path === null || !path.startsWith("/")) {
    throw inputError("the event is none of HTTP (wanted payload format 2.0, as function URLs send it)");
  }
  const headers = new Headers();
  for (const [name, value] of Object.entries(asObject(fields.headers) ?? {})) {
    try {
      headers.append(name, String(value));
    } catch {
      throw inputError(`the event has a header that is none: ${JSON.stringify(name)}`);
    }
  }
  const host = headers.get("host") ?? asText(context.domainName) ?? "localhost";
  headers.set("host", host);
  const query = asText(fields.rawQueryString) ?? "";
  const url = `https://lambda.invalid${path}${query === "" ? "" : `?${query}`}`;
  if (!URL.canParse(url)) throw inputError("the event has a path that is none");
  const text = asText(fields.body);
  const bodiless = method === "GET" || method === "HEAD" || text === null;
  return new Request(url, {
    method,
    headers,
    signal,
    ...bodiless ? {} : {
      body: fields.isBase64Encoded === true ? Uint8Array.from(Buffer.from(text, "base64")) : text,
    },
  });
}

/** An answer as Lambda takes it. What is larger than Lambda takes is refused with the reason. */
export async function lambdaAnswer(response: Response): Promise<LambdaAnswer> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const headers = Object.fromEntries(response.headers);
  const { status } = response;
  if (bytes.length > MOST_BODY_BYTES) {
    const detail =
      `the answer has ${bytes.length} bytes, of which a Lambda function gives ${MOST_BODY_BYTES} at most ` +
      "(ask for a smaller image, or a part)";
    delete headers["content-length"];
    return {
      statusCode: 413,
      headers: { ...headers, "content-type": "application/json", "cache-control": "no-store" },
      body: JSON.stringify({ detail }),
      isBase64Encoded: false,
    };
  }
  const textual = /^(text\/|application\/([\w.+-]*\+)?json)/.test(headers["content-type"] ?? "");
  return {
    statusCode: status,
    headers,
    body: Buffer.from(bytes).toString(textual ? "utf8" : "base64"),
    isBase64Encoded: !textual,
  };
}
