/** Responses as the answers that a Lambda function gives: text as it is, all else in base64. Pure. */
import { Buffer } from "node:buffer";
import type { EventKind } from "./http_event.ts";

/** What an answer may have, as JSON with its body in base64: 6 MB, less what its headers take. */
const MOST_BODY_BYTES = 4_400_000;
/** The same to a load balancer, which takes 1 MB. */
const MOST_BALANCED_BYTES = 720_000;

interface LambdaAnswer {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** For load balancers that are set to lists: they take no other. */
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** An answer as who sent the event takes it. What is larger than that is refused with the reason. */
export async function lambdaAnswer(response: Response, kind: EventKind = "url"): Promise<LambdaAnswer> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const headers = Object.fromEntries(response.headers);
  const balanced = kind.startsWith("balancer");
  const most = balanced ? MOST_BALANCED_BYTES : MOST_BODY_BYTES;
  if (bytes.length > most) {
    const detail = `the answer has ${bytes.length} bytes, of which a Lambda function gives ${most} at most` +
      `${balanced ? " by a load balancer" : ""} (ask for a smaller image, or a part)`;
    for (const name of ["content-length", "content-encoding", "content-range", "etag"]) delete headers[name];
    const refusal = { ...headers, "content-type": "application/json", "cache-control": "no-store" };
    return {
      statusCode: 413,
      ...headersFor(kind, refusal),
      body: JSON.stringify({ detail }),
      isBase64Encoded: false,
    };
  }
  const isText = headers["content-encoding"] === undefined &&
    /^(text\/|application\/([\w.+-]*\+)?(json|xml))/.test(headers["content-type"] ?? "");
  return {
    statusCode: response.status,
    ...headersFor(kind, headers),
    body: Buffer.from(bytes).toString(isText ? "utf8" : "base64"),
    isBase64Encoded: !isText,
  };
}

function headersFor(kind: EventKind, headers: Record<string, string>) {
  if (kind !== "balancer with lists") return { headers };
  const lists = Object.entries(headers).map(([name, value]) => [name, [value]]);
  return { multiValueHeaders: Object.fromEntries(lists) as Record<string, string[]> };
}
