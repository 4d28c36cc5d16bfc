/** Signatures are taken out of addresses, and nothing else is. */
import assert from "node:assert/strict";
import { withoutSignature } from "../../../../core/access/signed_address.ts";

const FILE = "https://host.example/a%20b/c.tif";
/** As the services' documentation has them. */
const SIGNED: Record<string, string> = {
  "Amazon S3":
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20260101%2Fus-west-2%2Fs3%2Faws4_request" +
    "&X-Amz-Date=20260101T000000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Security-Token=t&x-amz-signature=f00",
  "Google Cloud Storage":
    "X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Credential=a%40b&X-Goog-Date=20260101T000000Z" +
    "&X-Goog-Expires=900&X-Goog-SignedHeaders=host&X-Goog-Signature=f00",
  "Azure, as Planetary Computer gives it":
    "st=2026-01-01T00%3A00%3A00Z&se=2026-01-02T00%3A00%3A00Z&sp=rl&sv=2024-05-04&sr=c&skoid=a&sktid=b" +
    "&skt=2026-01-01T00%3A00%3A00Z&ske=2026-01-08T00%3A00%3A00Z&sks=b&skv=2024-05-04&sig=c2VjcmV0%3D",
  "CloudFront": "Policy=eyJ&Signature=f00&Key-Pair-Id=K1",
  "Amazon S3 of old":
    "AWSAccessKeyId=AKID&Expires=1700000000&Signature=f00%3D&x-amz-security-token=IQoJ%2F%2F",
  "Alibaba": "OSSAccessKeyId=AKID&Expires=1700000000&Signature=f00%3D&security-token=CAIS",
};

for (const [service, query] of Object.entries(SIGNED)) {
  Deno.test(`of an address that ${service} signed the address is left`, () => {
    assert.equal(withoutSignature(`${FILE}?${query}`), FILE);
    assert.equal(withoutSignature(`${FILE}?version=2&${query}&x=%zz#part`), `${FILE}?version=2&x=%zz#part`);
  });
}

Deno.test("what is not signed is left alone", () => {
  for (
    const query of ["", "?", "?se=1&sp=2", "?policy=open&expires=never", "?signal=1", "#sig=1", "?a=sig=1"]
  ) {
    assert.equal(withoutSignature(FILE + query), undefined, query);
  }
  assert.equal(withoutSignature("s3://bucket/a?sig=1"), undefined);
});
