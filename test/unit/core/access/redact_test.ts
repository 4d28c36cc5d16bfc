import assert from "node:assert/strict";
import { excerpt, redact, safeName } from "../../../../core/access/redact.ts";

Deno.test("names keep the address and lose queries, fragments and users", () => {
  assert.equal(safeName("https://user:secret@host:1/a/b.h5?Signature=x#y"), "https://host:1/a/b.h5");
  assert.equal(safeName("https://host/a@b.h5"), "https://host/a@b.h5");
  assert.equal(safeName("/data/what?.h5"), "/data/what?.h5");
  assert.equal(safeName("s3://bucket/key?#1"), "s3://bucket/key?#1");
});

Deno.test("text from elsewhere loses everything that looks secret", () => {
  const secrets = [
    "error sending request for url (https://host/a.h5?X-Amz-Signature=S3CR3T&x=1)",
    "https://me:S3CR3T@host/x failed",
    "authorization: Bearer S3CR3T.abc",
    "Basic S3CR3T==",
    "token eyJhbGciOi.S3CR3T.sig is bad",
    "ASIAS3CR3T0123456 is unknown",
    '{"access_token": "S3CR3T"}',
    "secretAccessKey=S3CR3T sessionToken=S3CR3T",
    "password: S3CR3T",
  ];
  for (const text of secrets) assert.ok(!redact(text).includes("S3CR3T"), `${text} became ${redact(text)}`);
  assert.equal(redact("connection reset by peer (os error 104)"), "connection reset by peer (os error 104)");
});

Deno.test("an answer's excerpt is one short line of its text, or its size where it is data", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  assert.equal(
    excerpt(bytes("<html><script>x()</script><b>Please\\n  log in</b></html>".replace("\\n", "\n"))),
    "Please log in",
  );
  assert.equal(excerpt(bytes("a".repeat(500)), 10), `${"a".repeat(10)}…`);
  assert.equal(excerpt(new Uint8Array([0x89, 0x48, 0x44, 0x46, 1, 2])), "6 bytes of data");
});
