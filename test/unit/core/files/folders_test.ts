import assert from "node:assert/strict";
import process from "node:process";
import { namedFolder, temporaryRoot } from "../../../../core/files/folders.ts";

Deno.test("a variable that holds no absolute path names no folder", () => {
  for (const value of [undefined, "", "cache", "./cache", "gs://bucket/cache", "file:///tmp"]) {
    assert.equal(namedFolder(value), undefined, String(value));
  }
  assert.equal(namedFolder("/var/cache"), "/var/cache");
});

Deno.test("temporary files go to TMPDIR, and to /tmp where that is no absolute path", () => {
  const before = process.env.TMPDIR;
  try {
    process.env.TMPDIR = "gs://bucket";
    assert.equal(temporaryRoot(), "/tmp");
    process.env.TMPDIR = "/var/tmp";
    assert.equal(temporaryRoot(), "/var/tmp");
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
});
