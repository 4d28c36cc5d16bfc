import assert from "node:assert/strict";
import { AwsV4Signer } from "aws4fetch";
import { s3HttpUrl } from "../../../../core/access/s3_address.ts";
import { signForS3 } from "../../../../core/access/signature_v4.ts";

const KEYS = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCY", origin: "" };

/** The same by another implementation. */
async function byLibrary(
  url: URL,
  method: string,
  headers: Record<string, string>,
  keys: typeof KEYS & { sessionToken?: string },
  region: string,
  datetime: string,
): Promise<Record<string, string>> {
  const signer = new AwsV4Signer({
    url: url.href,
    method,
    headers,
    ...keys,
    service: "s3",
    region,
    datetime,
  });
  return Object.fromEntries((await signer.sign()).headers.entries());
}

const OBJECTS: [string, string, Record<string, string>][] = [
  ["zarr.json", "", {}],
  ["12/h_min/c/33", "", {
    "content-type": "application/octet-stream",
    "x-amz-content-sha256": "ab".repeat(32),
  }],
  ["a b/ü+é/(1)!*'~", "", { range: "bytes=0-32767" }],
  ["lease.1", "", { "if-none-match": "*", "content-type": "application/octet-stream" }],
  ["", "list-type=2&encoding-type=url&prefix=a%2Fb%20c%2B&prefix-x=1&continuation-token=1%2F%3D", {}],
  ["large", "partNumber=12&uploadId=a%2Fb%3D%3D", { "x-amz-request-payer": "requester" }],
  ["large", "uploads=", { "x-odd": "two   spaces" }],
];

Deno.test("requests to S3 are signed as another library signs them", async () => {
  const endpoints = [undefined, "http://127.0.0.1:9000", "https://gateway.example.org/s3/v1(beta)"];
  for (const endpoint of endpoints) {
    for (const region of ["us-west-2", "eu-central-1"]) {
      for (const keys of [KEYS, { ...KEYS, sessionToken: "token/with+signs==" }]) {
        for (const [key, query, headers] of OBJECTS) {
          for (const method of ["GET", "PUT", "POST", "DELETE"]) {
            const url = s3HttpUrl({ bucket: "a-bucket", key }, region, endpoint, undefined);
            url.search = query;
            const time = new Date("2026-11-26T08:01:02.345Z");
            assert.deepEqual(
              signForS3({ url, method, headers, time }, keys, region),
              await byLibrary(url, method, headers, keys, region, "20261126T080102Z"),
              `${method} ${url}`,
            );
          }
        }
      }
    }
  }
});

Deno.test("a key that signed is not used for another day, another region or another secret", async () => {
  const url = new URL("https://a-bucket.s3.us-west-2.amazonaws.com/x");
  const keys = { ...KEYS };
  for (const region of ["us-west-2", "us-east-1", "us-west-2"]) {
    for (const day of ["2026-11-26", "2026-11-27"]) {
      for (const secret of [keys, { ...keys, secretAccessKey: "another" }]) {
        assert.deepEqual(
          signForS3({ url, method: "GET", headers: {}, time: new Date(`${day}T23:59:59Z`) }, secret, region),
          await byLibrary(url, "GET", {}, secret, region, `${day.replaceAll("-", "")}T235959Z`),
        );
      }
    }
  }
});
