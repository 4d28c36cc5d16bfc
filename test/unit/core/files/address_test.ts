import assert from "node:assert/strict";
import {
  ASKS_SERVERS,
  placeFor,
  READS_ANYWHERE,
  READS_FILES,
  WRITES_STORES,
} from "../../../../core/files/address.ts";

Deno.test("a place is what its use takes: a path, a file: URL as its path, an address of a known scheme", () => {
  const cases = [
    ["a/b.h5", READS_FILES, "a/b.h5"],
    ["-", READS_FILES, "-"],
    ["C:\\data", READS_FILES, "C:\\data"],
    ["file:///a%20b", READS_FILES, "/a b"],
    ["file://localhost/a", WRITES_STORES, "/a"],
    ["s3://bucket/key", WRITES_STORES, "s3://bucket/key"],
    ["S3://bucket/Key", READS_ANYWHERE, "s3://bucket/Key"],
    ["http://host/a?b=c", READS_ANYWHERE, "http://host/a?b=c"],
    ["https://host", ASKS_SERVERS, "https://host"],
  ] as const;
  for (const [named, use, place] of cases) assert.equal(placeFor(named, use), place);
});

Deno.test("a place of another scheme is refused by what the use takes", () => {
  const cases = [
    ["gs://b/x", READS_FILES, "gs://b/x: granary does not read gs: here (wanted a path or file:///path)"],
    ["s3://b/x", READS_FILES, "s3://b/x: granary does not read s3: here (wanted a path or file:///path)"],
    [
      "abfs://b/x",
      READS_ANYWHERE,
      "abfs://b/x: granary does not read abfs: here" +
      " (wanted a path or file:///path, https://…, s3://bucket/name, gs://bucket/name or az://container/name)",
    ],
    [
      "s3:b/x",
      WRITES_STORES,
      "s3:b/x: granary does not write to s3: here" +
      " (wanted a path or file:///path, s3://bucket/name, gs://bucket/name or az://container/name; ./s3:b/x is a local name)",
    ],
    ["elsewhere", ASKS_SERVERS, "elsewhere: is no address (wanted https://…)"],
  ] as const;
  for (const [named, use, message] of cases) {
    assert.throws(() => placeFor(named, use), { name: "GranaryError", message });
  }
});
