import assert from "node:assert/strict";
import { SourceOpener } from "../../../../core/access/open.ts";
import { googleBucket } from "../../../../core/access/google_bucket.ts";
import { googleHeaders, signForGoogle } from "../../../../core/access/signature_v4.ts";
import { PART_BYTES } from "../../../../core/access/remote_target.ts";
import { openTarget } from "../../../../core/access/targets.ts";
import { Loopback, patternBytes } from "../../../support/loopback.ts";

const KEYS = { GS_ACCESS_KEY_ID: "GOOG1EXAMPLE", GS_SECRET_ACCESS_KEY: "secret-of-google" };

Deno.test("a request is signed by Google's names as an independent computation signs it", () => {
  // Computed by Python's hmac from the canonical request that Google's documentation describes.
  const body = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  const headers = googleHeaders({
    "content-type": "application/octet-stream",
    "x-amz-content-sha256": body,
    "if-none-match": "*",
  });
  const url = new URL("https://storage.googleapis.com/box/a%20b/c?partNumber=1&uploadId=x%2Fy");
  const keys = { accessKeyId: "GOOG1EXAMPLE", secretAccessKey: "secret-of-google", origin: "" };
  const time = new Date("2026-11-26T08:00:00Z");
  assert.deepEqual(signForGoogle({ url, method: "PUT", headers, time }, keys), {
    "content-type": "application/octet-stream",
    "x-goog-content-sha256": body,
    "x-goog-date": "20261126T080000Z",
    "x-goog-if-generation-match": "0",
    authorization: "GOOG4-HMAC-SHA256 Credential=GOOG1EXAMPLE/20261126/auto/storage/goog4_request, " +
      "SignedHeaders=content-type;host;x-goog-content-sha256;x-goog-date;x-goog-if-generation-match, " +
      "Signature=587c88f64383f31d33332282725d1653a49d663df086c79b306e8cacd94d3c23",
  });
});

Deno.test("keys of Google go to Google's endpoint, or to the environment's, and to no other", () => {
  const isSigned = (env: Record<string, string>, settings = {}) =>
    googleBucket(env, settings).keys !== undefined;
  assert.equal(googleBucket(KEYS, {}).endpoint, "https://storage.googleapis.com");
  assert.equal(isSigned(KEYS), true);
  assert.equal(isSigned({}), false);
  assert.equal(isSigned({ ...KEYS, GS_NO_SIGN_REQUEST: "YES" }), false);
  assert.equal(isSigned(KEYS, { access: "unsigned" }), false);
  assert.equal(isSigned(KEYS, { endpoint: "https://elsewhere.example.org" }), false);
  assert.equal(
    isSigned({ ...KEYS, GS_ENDPOINT_URL: "http://127.0.0.1:9" }, { endpoint: "http://127.0.0.1:9" }),
    true,
  );
});

Deno.test("objects are put, exclusively too and in parts, read, listed and deleted by Google's XML interface", async () => {
  const objects = new Map<string, Uint8Array>();
  const parts = new Map<number, Uint8Array>();
  const server = await Loopback.start((request, response, body) => {
    const url = new URL(request.url!, server.url);
    const key = decodeURIComponent(url.pathname.slice("/box/".length));
    const { searchParams: query } = url;
    const foreign = Object.keys(request.headers).filter((name) => name.startsWith("x-amz-"));
    if (foreign.length > 0 || !/^GOOG4-HMAC-SHA256 Cred/.test(request.headers.authorization ?? "")) {
      return void response.writeHead(400).end("<Error><Code>ExcessHeaderValues</Code></Error>");
    }
    const answer = (status: number, text = "", headers: Record<string, string> = {}) =>
      void response.writeHead(status, headers).end(text);
    if (query.get("list-type") === "2") {
      const found = [...objects].filter(([name]) => name.startsWith(query.get("prefix")!)).map((
        [name, bytes],
      ) => `<Contents><Key>${name}</Key><Size>${bytes.length}</Size><ETag>"e"</ETag></Contents>`);
      return answer(
        200,
        `<ListBucketResult xmlns="http://s3.example/"><IsTruncated>false</IsTruncated>${
          found.join("")
        }</ListBucketResult>`,
      );
    }
    if (query.has("uploads")) {
      return answer(
        200,
        "<InitiateMultipartUploadResult><UploadId>u/1</UploadId></InitiateMultipartUploadResult>",
      );
    }
    if (query.has("partNumber")) {
      parts.set(Number(query.get("partNumber")), body.slice());
      return answer(200, "", { etag: '"p"' });
    }
    if (request.method === "POST") {
      const all = [...parts].sort(([a], [b]) => a - b).flatMap(([, part]) => [...part]);
      objects.set(key, new Uint8Array(all));
      return answer(200, "<CompleteMultipartUploadResult/>");
    }
    if (request.method === "PUT") {
      const isNew = request.headers["x-goog-if-generation-match"] === "0";
      if (isNew && objects.has(key)) return answer(412, "<Error><Code>PreconditionFailed</Code></Error>");
      objects.set(key, body.slice());
      return answer(200);
    }
    if (request.method === "DELETE") return answer(objects.delete(key) ? 204 : 404);
    const bytes = objects.get(key);
    if (bytes === undefined) return answer(404, "<Error><Code>NoSuchKey</Code></Error>");
    server.sendFile(request, response, bytes);
  });
  try {
    const target = openTarget(
      "gs://box/in",
      new SourceOpener({ env: { ...KEYS, GS_ENDPOINT_URL: server.url } }),
    );
    assert.equal(await target.putNew("lease.1", new Uint8Array([1])), true);
    assert.equal(await target.putNew("lease.1", new Uint8Array([2])), false);
    assert.deepEqual(await target.get("lease.1"), new Uint8Array([1]));
    const large = patternBytes(PART_BYTES + 77);
    await target.put("a b/large", large);
    const source = await target.open("a b/large");
    assert.deepEqual(await source.read(PART_BYTES - 5, 20), large.slice(PART_BYTES - 5, PART_BYTES + 15));
    assert.deepEqual([...await target.sizes("")], [["a b/large", large.length], ["lease.1", 1]]);
    await target.delete("lease.1");
    assert.equal(await target.get("lease.1"), undefined);
  } finally {
    await server.stop();
  }
});
