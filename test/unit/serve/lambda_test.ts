import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { GranaryError } from "../../../core/errors.ts";
import { lambdaAnswer, requestOf } from "../../../serve/lambda/http_event.ts";
import { parseServed } from "../../../serve/lambda/served.ts";

const signal = new AbortController().signal;
const read = (event: unknown) => requestOf(Buffer.from(JSON.stringify(event)), signal);

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

Deno.test("what is no event of HTTP is refused", () => {
  for (
    const event of [
      null,
      [],
      { run_dir: "s3://b/c" },
      { rawPath: "/", requestContext: {} },
      { rawPath: "x", requestContext: { http: { method: "GET" } } },
      { rawPath: "/", headers: { "a b": "c" }, requestContext: { http: { method: "GET" } } },
    ]
  ) {
    assert.throws(() => read(event), (error) => error instanceof GranaryError && error.tag === "input");
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
