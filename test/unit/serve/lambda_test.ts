import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { GranaryError } from "../../../core/errors.ts";
import { lambdaAnswer } from "../../../serve/lambda/http_answer.ts";
import { readHttpEvent } from "../../../serve/lambda/http_event.ts";
import { parseServed } from "../../../serve/lambda/served.ts";

const signal = new AbortController().signal;
const event = (fields: unknown) => readHttpEvent(Buffer.from(JSON.stringify(fields)), signal);
const read = (fields: unknown) => event(fields).request;

Deno.test("an event of a function URL is the request it tells of", async () => {
  const request = read({
    version: "2.0",
    rawPath: "/rasterio/statistics",
    rawQueryString: "assets=a&assets=b%20c",
    headers: { host: "x.example", "content-type": "application/json" },
    requestContext: { http: { method: "POST", path: "/rasterio/statistics" } },
    body: Buffer.from('{"é": 1}').toString("base64"),
    isBase64Encoded: true,
  });
  const url = new URL(request.url);
  assert.deepEqual([request.method, url.pathname], ["POST", "/rasterio/statistics"]);
  assert.deepEqual(url.searchParams.getAll("assets"), ["a", "b c"]);
  assert.equal(request.headers.get("host"), "x.example");
  assert.deepEqual(await request.json(), { "é": 1 });
});

/** Of the developer guides' examples, with a tile of ours. */
const PATH = "/rasterio/tiles/WebMercatorQuad/1/0/1.png";
const REST = {
  resource: "/{proxy+}",
  path: PATH,
  httpMethod: "GET",
  headers: { Host: "id.execute-api.us-west-2.amazonaws.com", Accept: "b" },
  multiValueHeaders: { Host: ["id.execute-api.us-west-2.amazonaws.com"], Accept: ["a", "b"] },
  queryStringParameters: { assets: "b c&d", rescale: "0,1" },
  multiValueQueryStringParameters: { assets: ["a", "b c&d"], rescale: ["0,1"] },
  requestContext: { stage: "prod", path: `/prod${PATH}`, httpMethod: "GET" },
  body: null,
  isBase64Encoded: false,
};
const BALANCER = {
  requestContext: { elb: { targetGroupArn: "arn:aws:elasticloadbalancing:us-west-2:1:targetgroup/a/b" } },
  httpMethod: "GET",
  path: PATH,
  queryStringParameters: { assets: "b%20c%26d", rescale: "0,1" },
  headers: { host: "maps.example", "x-forwarded-proto": "http" },
  body: "",
  isBase64Encoded: false,
};

Deno.test("an event of a REST API has each value of a name, and the stage before its paths", () => {
  const { kind, basePath, request } = event(REST);
  assert.deepEqual([kind, basePath, new URL(request.url).pathname], ["rest", "/prod", PATH]);
  assert.deepEqual(new URL(request.url).searchParams.getAll("assets"), ["a", "b c&d"]);
  assert.equal(request.headers.get("accept"), "a, b");
  assert.equal(event({ ...REST, requestContext: { stage: "prod", path: PATH } }).basePath, "");
  for (const outside of ["/prod", "/prod/"]) {
    const root = event({ ...REST, path: "/", requestContext: { stage: "prod", path: outside } });
    assert.deepEqual([root.basePath, new URL(root.request.url).pathname], ["/prod", "/"], outside);
  }
  const single = { ...REST, multiValueQueryStringParameters: null, multiValueHeaders: null };
  assert.deepEqual(new URL(event(single).request.url).searchParams.getAll("assets"), ["b c&d"]);
});

Deno.test("an HTTP API's stage is no part of the path", () => {
  const http = { method: "GET" };
  const staged = event({ rawPath: `/prod${PATH}`, requestContext: { stage: "prod", http } });
  assert.deepEqual([staged.basePath, new URL(staged.request.url).pathname], ["/prod", PATH]);
  const root = event({ rawPath: "/prod", requestContext: { stage: "prod", http } });
  assert.deepEqual([root.basePath, new URL(root.request.url).pathname], ["/prod", "/"]);
  const plain = event({ rawPath: PATH, requestContext: { stage: "$default", http } });
  assert.deepEqual([plain.basePath, new URL(plain.request.url).pathname], ["", PATH]);
});

Deno.test("a load balancer's query is as it was sent, and its answer as it takes it", async () => {
  const { kind, request } = event(BALANCER);
  const url = new URL(request.url);
  assert.deepEqual([kind, url.protocol, url.searchParams.get("assets")], ["balancer", "http:", "b c&d"]);
  const lists = event({
    ...BALANCER,
    headers: undefined,
    queryStringParameters: undefined,
    multiValueHeaders: { host: ["maps.example"], "x-forwarded-proto": ["https"] },
    multiValueQueryStringParameters: { assets: ["a", "b%20c"] },
  });
  assert.deepEqual([lists.kind, new URL(lists.request.url).protocol], ["balancer with lists", "https:"]);
  assert.deepEqual(new URL(lists.request.url).searchParams.getAll("assets"), ["a", "b c"]);
  const made = () => new Response("{}", { headers: { "content-type": "application/json" } });
  assert.deepEqual((await lambdaAnswer(made(), kind)).headers, { "content-type": "application/json" });
  const listed = await lambdaAnswer(made(), lists.kind);
  assert.deepEqual([listed.headers, listed.multiValueHeaders], [undefined, {
    "content-type": ["application/json"],
  }]);
  assert.equal((await lambdaAnswer(new Response(new Uint8Array(800_000)), kind)).statusCode, 413);
});

Deno.test("what is no event of HTTP is refused", () => {
  for (
    const fields of [
      null,
      [],
      { run_dir: "s3://b/c" },
      { rawPath: "/", requestContext: {} },
      { rawPath: "x", requestContext: { http: { method: "GET" } } },
      { rawPath: "/", headers: { "a b": "c" }, requestContext: { http: { method: "GET" } } },
      { rawPath: "/", requestContext: { http: { method: "TRACE" } } },
      { httpMethod: "GET", path: "x", requestContext: {} },
    ]
  ) {
    assert.throws(() => read(fields), (error) => error instanceof GranaryError && error.tag === "input");
  }
});

Deno.test("text goes as text, bytes as base64, nothing as nothing", async () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  const image = await lambdaAnswer(new Response(bytes, { headers: { "content-type": "image/png" } }));
  assert.deepEqual([image.statusCode, image.isBase64Encoded], [200, true]);
  assert.deepEqual(Uint8Array.from(Buffer.from(image.body, "base64")), bytes);
  for (const type of ["application/json", "application/geo+json", "text/html; charset=utf-8"]) {
    const answer = await lambdaAnswer(new Response("é", { headers: { "content-type": type } }));
    assert.deepEqual([answer.body, answer.isBase64Encoded], ["é", false], type);
  }
  const packed = { "content-type": "text/javascript", "content-encoding": "gzip" };
  const script = await lambdaAnswer(new Response(bytes, { headers: packed }));
  assert.deepEqual(Uint8Array.from(Buffer.from(script.body, "base64")), bytes);
  const nothing = await lambdaAnswer(new Response(null, { status: 204 }));
  assert.deepEqual([nothing.statusCode, nothing.body], [204, ""]);
  const large = await lambdaAnswer(new Response(new Uint8Array(5_000_000)));
  assert.equal(large.statusCode, 413);
});

Deno.test("what a function serves is said in JSON, or refused with what was wanted", () => {
  assert.deepEqual(parseServed('{"catalogs": ["s3://b/c.parquet"]}'), {
    catalogs: ["s3://b/c.parquet"],
    stores: [],
    cmrUrl: null,
  });
  for (
    const text of ["", "[]", "{}", '{"catalogs": "x"}', '{"stores": [1]}', '{"other": 1, "stores": ["x"]}']
  ) {
    assert.throws(() => parseServed(text), /GRANARY_SERVE: .*wanted/, text);
  }
});
