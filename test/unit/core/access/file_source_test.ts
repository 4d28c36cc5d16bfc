import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { GranaryError } from "../../../../core/errors.ts";
import { openFileSource, openFileSyncSource } from "../../../../core/access/file_source.ts";
import { localPath } from "../../../../core/files/address.ts";
import { memorySource } from "../../../../core/access/memory_source.ts";
import { memorySyncSource } from "../../../support/memory_source.ts";

const BYTES = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) & 255);

function withFile(run: (file: string) => Promise<void> | void): () => Promise<void> {
  return async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-file-"));
    try {
      const file = path.join(folder, "a file.bin");
      fs.writeFileSync(file, BYTES);
      await run(file);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  };
}

const tag = (wanted: string, text: RegExp) => (error: unknown) =>
  error instanceof GranaryError && error.tag === wanted && text.test(error.message);

Deno.test(
  "a local file gives exactly the bytes of a range, to both kinds of reader",
  withFile(async (file) => {
    const source = await openFileSource(file);
    const sync = openFileSyncSource(file);
    assert.equal(source.sizeBytes, 1000);
    for (const [offset, length] of [[0, 1000], [3, 10], [999, 1], [1000, 0], [0, 0]] as const) {
      const wanted = BYTES.slice(offset, offset + length);
      assert.deepEqual(await source.read(offset, length), wanted);
      assert.deepEqual(sync.read(offset, length), wanted);
    }
    await source.close();
    sync.close();
  }),
);

Deno.test(
  "a synchronous reader counts its requests and bytes",
  withFile((file) => {
    const sync = openFileSyncSource(file);
    sync.readMany([{ offset: 0, length: 100 }, { offset: 500, length: 20 }]);
    sync.read(7, 1);
    assert.deepEqual(sync.counters, { opens: 1, requests: 3, bytes: 121 });
    sync.close();
  }),
);

Deno.test(
  "a range outside the file is refused before anything is allocated",
  withFile(async (file) => {
    const source = await openFileSource(file);
    const sync = openFileSyncSource(file);
    for (
      const [offset, length] of [[0, 1001], [-1, 2], [1001, 0], [0, 2 ** 60], [0.5, 1], [0, NaN]] as const
    ) {
      await assert.rejects(source.read(offset, length), tag("granule", /cut short or damaged/));
      assert.throws(() => sync.read(offset, length), tag("granule", /cut short or damaged/));
    }
    assert.equal(sync.counters.requests, 0);
    await source.close();
    sync.close();
  }),
);

Deno.test(
  "a file that is cut while it is read is an error that says so",
  withFile(async (file) => {
    const source = await openFileSource(file);
    const sync = openFileSyncSource(file);
    fs.truncateSync(file, 600);
    await assert.rejects(source.read(500, 200), tag("granule", /got 100: the file became shorter/));
    assert.throws(() => sync.read(500, 200), tag("granule", /got 100: the file became shorter/));
    await source.close();
    sync.close();
  }),
);

Deno.test("a missing file and a folder are named with what to do", async () => {
  const missing = path.join(os.tmpdir(), "granary-no-such-file.h5");
  assert.throws(() => openFileSyncSource(missing), tag("granule", /ENOENT.*no such file/));
  await assert.rejects(openFileSource(missing), tag("granule", /ENOENT.*no such file/));
  assert.throws(() => openFileSyncSource(os.tmpdir()), tag("granule", /is a folder/));
});

Deno.test(
  "a file URL and a path name the same file",
  withFile(async (file) => {
    assert.equal(localPath(pathToFileURL(file).href), file);
    assert.equal(localPath(file), file);
    const source = await openFileSource(pathToFileURL(file).href);
    assert.equal(source.sizeBytes, 1000);
    await source.close();
    assert.throws(() => localPath("file://elsewhere/x.h5"), tag("input", /no file of this machine/));
  }),
);

Deno.test(
  "closing waits for reads under way and refuses later ones",
  withFile(async (file) => {
    const source = await openFileSource(file);
    const reading = source.read(0, 1000);
    await source.close();
    await source.close();
    assert.deepEqual(await reading, BYTES);
    await assert.rejects(source.read(0, 1), /read after close/);
  }),
);

Deno.test(
  "an aborted signal stops a read",
  withFile(async (file) => {
    const source = await openFileSource(file);
    await assert.rejects(source.read(0, 1, AbortSignal.abort(new Error("stop"))), /stop/);
    await source.close();
  }),
);

Deno.test("bytes in memory read as a file does, and what was read is logged", async () => {
  const source = memorySource("m", BYTES);
  assert.deepEqual(await source.read(10, 5), BYTES.slice(10, 15));
  await assert.rejects(source.read(990, 11), tag("granule", /cut short/));
  const sync = memorySyncSource("m", BYTES);
  sync.readMany([{ offset: 1, length: 2 }, { offset: 30, length: 4 }]);
  assert.deepEqual(sync.log, [{ offset: 1, length: 2 }, { offset: 30, length: 4 }]);
  assert.deepEqual(sync.counters, { opens: 1, requests: 2, bytes: 6 });
});
