import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { GranaryError } from "../../../../core/errors.ts";
import { CHUNK_BYTES, type Download, download, downloadMemory } from "../../../../core/access/download.ts";
import { SourceOpener } from "../../../../core/access/open.ts";
import { parseChecksum } from "../../../../core/files/verify.ts";
import { FaultSchedule } from "../../../support/faults.ts";
import { Loopback, patternBytes } from "../../../support/loopback.ts";

const BYTES = patternBytes(3 * CHUNK_BYTES + 1234);
const md5 = (bytes: Uint8Array) => `md5:${crypto.createHash("md5").update(bytes).digest("hex")}`;
const MD5 = md5(BYTES);

interface Scene {
  server: Loopback;
  folder: string;
  /** Chunks that begin here or later are answered with 500. */
  broken: { from: number };
  opener: SourceOpener;
  wanted: Download;
  whole(): void;
}

function scene(run: (scene: Scene) => Promise<void>): () => Promise<void> {
  return async () => {
    const broken = { from: Infinity };
    const server = await Loopback.start((request, response) => {
      if (Number(/=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0) < broken.from) {
        return server.sendFile(request, response, BYTES);
      }
      response.writeHead(500);
      response.end();
    });
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-download-"));
    const file = path.join(folder, "P", "C.1", "a.h5");
    try {
      await run({
        server,
        folder,
        broken,
        opener: new SourceOpener({ env: {}, retry: { attempts: 2, baseMs: 2, capMs: 5 } }),
        wanted: {
          location: { kind: "https", url: `${server.url}/a.h5` },
          file,
          sizeBytes: BYTES.length,
          checksum: MD5,
        },
        whole: () => {
          assert.equal(Buffer.compare(fs.readFileSync(file), BYTES), 0);
          assert.deepEqual(fs.readdirSync(path.dirname(file)), ["a.h5"], "nothing is left beside it");
        },
      });
    } finally {
      await server.stop();
      fs.rmSync(folder, { recursive: true });
    }
  };
}

Deno.test(
  "a file comes in chunks side by side, is verified and takes its name when it is whole",
  scene(async ({ server, opener, wanted, whole }) => {
    server.latencyMs = 20;
    const result = await download(wanted, opener);
    assert.deepEqual(result, {
      state: "fetched",
      bytes: BYTES.length,
      sizeBytes: BYTES.length,
      verified: true,
    });
    assert.equal(server.seen.length, 5);
    assert.equal(server.mostAtOnce, 4);
    whole();
    assert.equal((await download(wanted, opener)).state, "there");
    assert.equal((await download({ ...wanted, sizeBytes: null }, opener)).state, "there");
    assert.equal(server.seen.length, 5, "what is there is not asked for");
  }),
);

Deno.test(
  "a download that was broken off goes on with what it has",
  scene(async ({ server, opener, wanted, broken, whole }) => {
    broken.from = 2 * CHUNK_BYTES;
    await assert.rejects(download(wanted, opener), /500/);
    assert.ok(!fs.existsSync(wanted.file));
    assert.equal(fs.statSync(`${wanted.file}.part`).size, 2 * CHUNK_BYTES);
    const before = server.sentBytes;
    broken.from = Infinity;
    const result = await download(wanted, opener);
    // The last chunk that was there is fetched again, since it may have been cut, and the first 32 KiB tell the size.
    assert.equal(result.bytes, BYTES.length - CHUNK_BYTES);
    assert.equal(server.sentBytes - before, result.bytes + 32 * 1024);
    whole();
  }),
);

Deno.test(
  "chunks of another version are thrown away",
  scene(async ({ opener, wanted, whole }) => {
    fs.mkdirSync(path.dirname(wanted.file), { recursive: true });
    fs.writeFileSync(`${wanted.file}.part`, new Uint8Array(2 * CHUNK_BYTES));
    fs.writeFileSync(
      `${wanted.file}.part.json`,
      JSON.stringify({ sizeBytes: BYTES.length, versionTag: '"v0"' }),
    );
    assert.equal((await download(wanted, opener)).bytes, BYTES.length);
    whole();
  }),
);

Deno.test(
  "a wrong checksum is reported, and what came does not stay",
  scene(async ({ server, opener, wanted, folder }) => {
    const wrong = { ...wanted, checksum: md5(new Uint8Array(1)) };
    await assert.rejects(download(wrong, opener), (error) => {
      assert.ok(error instanceof GranaryError);
      assert.equal(error.tag, "granule");
      assert.ok(error.message.includes(MD5.slice(4)) && error.message.includes(wrong.checksum.slice(4)));
      return true;
    });
    assert.deepEqual(fs.readdirSync(path.dirname(wanted.file)), []);
    assert.equal(server.seen.length, 5);
    assert.ok(fs.existsSync(folder));
  }),
);

Deno.test(
  "a file that is there and damaged is fetched again when checksums are compared",
  scene(async ({ server, opener, wanted, whole }) => {
    fs.mkdirSync(path.dirname(wanted.file), { recursive: true });
    const damaged = BYTES.slice();
    damaged[1000] ^= 1;
    fs.writeFileSync(wanted.file, damaged);
    assert.equal((await download(wanted, opener)).state, "there");
    assert.equal(server.seen.length, 0);
    assert.equal((await download(wanted, opener, { verify: true })).state, "fetched");
    whole();
    assert.deepEqual(await download(wanted, opener, { verify: true }), {
      state: "there",
      bytes: 0,
      sizeBytes: BYTES.length,
      verified: true,
    });
  }),
);

Deno.test(
  "a catalog's size that the archive does not share costs one request, not a download",
  scene(async ({ server, opener, wanted, whole }) => {
    await download(wanted, opener);
    const before = server.seen.length;
    assert.equal((await download({ ...wanted, sizeBytes: 5 }, opener)).state, "there");
    assert.equal(server.seen.length, before + 1);
    whole();
  }),
);

Deno.test("a large file from a server without ranges comes in one answer, again from the start when it is cut", async () => {
  // Beyond what is held in memory.
  const bytes = new Uint8Array(33 * 1024 * 1024);
  patternBytes(1_000_000).forEach((byte, i) => bytes[i * 34] = byte);
  const server = await Loopback.start((request, response) => server.sendFile(request, response, bytes));
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-download-"));
  try {
    const ignore = { at: "every" as const, fault: { kind: "ignore-range" as const } };
    // Three tries of a range, then the whole: cut once, then right.
    server.faults = new FaultSchedule([{ at: [4], fault: { kind: "reset", after: 0.5 } }, ignore]);
    const opener = new SourceOpener({ env: {}, retry: { attempts: 3, baseMs: 2, capMs: 5 } });
    const file = path.join(folder, "a.h5");
    const wanted = {
      location: { kind: "https" as const, url: `${server.url}/a.h5` },
      file,
      sizeBytes: null,
      checksum: md5(bytes),
    };
    const result = await download(wanted, opener);
    assert.deepEqual(result, {
      state: "fetched",
      bytes: bytes.length,
      sizeBytes: bytes.length,
      verified: true,
    });
    assert.equal(Buffer.compare(fs.readFileSync(file), bytes), 0);
    assert.equal(server.seen.length, 5);
  } finally {
    await server.stop();
    fs.rmSync(folder, { recursive: true });
  }
});

Deno.test(
  "downloads side by side share their memory, also when one of them fails",
  scene(async ({ server, opener, wanted, broken, folder }) => {
    server.latencyMs = 5;
    const memory = downloadMemory(2);
    const files = [0, 1, 2].map((i) => path.join(folder, `${i}.h5`));
    const fetchAll = () =>
      Promise.allSettled(files.map((file) => download({ ...wanted, file }, opener, { memory })));
    broken.from = CHUNK_BYTES;
    assert.deepEqual((await fetchAll()).map(({ status }) => status), Array(3).fill("rejected"));
    broken.from = Infinity;
    assert.deepEqual((await fetchAll()).map(({ status }) => status), Array(3).fill("fulfilled"));
    for (const file of files) assert.equal(Buffer.compare(fs.readFileSync(file), BYTES), 0);
    // All of it was given back, and there is no more.
    const [first, second] = [await memory.take(), await memory.take()];
    assert.notEqual(first.buffer, second.buffer);
    const stop = new AbortController();
    const third = memory.take(stop.signal);
    stop.abort(new Error("enough"));
    await assert.rejects(third);
    const fourth = memory.take();
    memory.give(first);
    assert.equal(await fourth, first);
  }),
);

Deno.test(
  "a login page is never a granule's file",
  scene(async ({ server, opener, wanted }) => {
    server.faults = new FaultSchedule([{ at: "every", fault: { kind: "login-page" } }]);
    await assert.rejects(download(wanted, opener), /a web page came instead of data/);
    assert.ok(!fs.existsSync(wanted.file));
  }),
);

Deno.test("checksums are read in the forms that archives write", () => {
  const hex = "d41d8cd98f00b204e9800998ecf8427e";
  assert.deepEqual(parseChecksum(`md5:${hex}`), { algorithm: "md5", hex });
  assert.deepEqual(parseChecksum(` MD5: ${hex.toUpperCase()} `), { algorithm: "md5", hex });
  assert.deepEqual(parseChecksum(`SHA-256:${hex}${hex}`), { algorithm: "sha256", hex: hex + hex });
  for (const other of [null, "", hex, "crc32:abcd1234", `sha256:${hex}`, "md5:xyz"]) {
    assert.equal(parseChecksum(other), undefined);
  }
});
