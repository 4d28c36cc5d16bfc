/** The download queue against a server with tokens, ranges and faults. */
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { feedContext } from "../../../support/feed_context.ts";
import { parseFeed } from "../../../../feed/definition/parse.ts";
import { Deadline } from "../../../../feed/follow/deadline.ts";
import { registerOffers } from "../../../../feed/ledger/register.ts";
import { taskCounts } from "../../../../feed/ledger/tasks.ts";
import { type Feed, openFeed } from "../../../../feed/open.ts";
import { downloadDue, type DownloadOptions } from "../../../../feed/queue/download.ts";
import { takeSlots } from "../../../../feed/queue/host_slots.ts";

interface Archive {
  url: string;
  grants: string[];
  /** Requests for bytes without a token that holds. */
  refused: number;
  atOnce: number;
  /** What the next requests for bytes are answered instead. */
  statuses: number[];
  close(): Promise<void>;
}

/** Serves `bytes` as every product's value to who has the newest token. */
async function startArchive(bytes: Uint8Array): Promise<Archive> {
  let token = "none";
  let open = 0;
  const server = http.createServer((request, response) => {
    const body: Uint8Array[] = [];
    request.on("data", (chunk) => body.push(chunk));
    request.on("end", () => {
      if (request.url === "/token") {
        const form = new URLSearchParams(body.map((chunk) => new TextDecoder().decode(chunk)).join(""));
        const grant = form.get("grant_type") ?? "";
        const right = grant === "password"
          ? form.get("username") === "me" && form.get("password") === "pass"
          : form.get("refresh_token") === "refresh-1";
        archive.grants.push(grant);
        token = `access-${archive.grants.length}`;
        response.writeHead(right ? 200 : 401).end(JSON.stringify({
          access_token: token,
          expires_in: 600,
          refresh_token: "refresh-1",
          refresh_expires_in: 3600,
        }));
        return;
      }
      const status = archive.statuses.shift();
      if (status !== undefined) return void response.writeHead(status, { "retry-after": "0" }).end();
      if (request.headers.authorization !== `Bearer ${token}`) {
        archive.refused += 1;
        return void response.writeHead(401).end();
      }
      open += 1;
      archive.atOnce = Math.max(archive.atOnce, open);
      const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
      const [from, to] = range === null ? [0, bytes.length] : [Number(range[1]), Number(range[2]) + 1];
      const chunk = bytes.subarray(from, Math.min(to, bytes.length));
      response.writeHead(range === null ? 200 : 206, {
        "content-length": chunk.length,
        "accept-ranges": "bytes",
        etag: '"one"',
        ...(range === null
          ? {}
          : { "content-range": `bytes ${from}-${from + chunk.length - 1}/${bytes.length}` }),
      });
      response.end(chunk, () => open -= 1);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const archive: Archive = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    grants: [],
    refused: 0,
    atOnce: 0,
    statuses: [],
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return archive;
}

const BYTES = crypto.randomBytes(300_000);
const MD5 = crypto.createHash("md5").update(BYTES).digest("hex");

interface World {
  feed: Feed;
  archive: Archive;
  folder: string;
  options: DownloadOptions;
  offer(ids: string[], md5?: string): Promise<unknown>;
}

async function inWorld(test: (world: World) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-queue-"));
  const archive = await startArchive(BYTES);
  const yaml = `
feed: s2
source: {from: cdse, collection: X, download_url: ${archive.url}/odata/v1/, token_url: ${archive.url}/token}
follow: {start: 2024-01-01}
download: {to: files}
`;
  const feed = await openFeed(parseFeed(yaml, path.join(folder, "feed.yaml")), feedContext());
  const options: DownloadOptions = {
    to: path.join(folder, "files"),
    files: 3,
    attempts: 2,
    env: { HOME: folder, CDSE_USERNAME: "me", CDSE_PASSWORD: "pass" },
    signal: new AbortController().signal,
    deadline: new Deadline(Infinity),
    onNote: () => {},
    retry: { attempts: 3, baseMs: 1, capMs: 2 },
  };
  const offer = (ids: string[], md5 = MD5) =>
    feed.engine.transaction((sql) =>
      registerOffers(
        sql,
        "s2",
        ids.map((id) => ({
          sourceId: id,
          collection: "C",
          id,
          changed: 10,
          revised: 10,
          startMs: 10,
          leftOut: null,
          row: "{}",
          tasks: [{
            asset: "product",
            version: md5,
            work: JSON.stringify({
              url: `${archive.url}/odata/v1/Products(${id})/$value`,
              path: `CDSE/C/${id}.zip`,
              sizeBytes: BYTES.length,
              checksum: `md5:${md5}`,
            }),
          }],
        })),
        0,
      )
    );
  try {
    await test({ feed, archive, folder, options, offer });
  } finally {
    await feed.close();
    await archive.close();
    fs.rmSync(folder, { recursive: true });
  }
}

Deno.test("queued files are fetched once, whole, with one password grant", async () => {
  await inWorld(async ({ feed, archive, options, offer }) => {
    await offer(["a", "b", "c", "d", "e"]);
    archive.statuses.push(503, 503);
    const result = await downloadDue(feed, options);
    assert.deepEqual([result.files, result.failed, result.more], [5, [], false]);
    for (const id of ["a", "b", "c", "d", "e"]) {
      assert.deepEqual(fs.readFileSync(path.join(options.to, `CDSE/C/${id}.zip`)), BYTES);
    }
    assert.deepEqual([archive.grants, archive.refused], [["password"], 0]);
    assert.ok(archive.atOnce <= 3);
    assert.equal((await downloadDue(feed, options)).files, 0);
    const { done, dead } = await feed.engine.transaction((sql) => taskCounts(sql, "s2"));
    assert.deepEqual([done, dead], [5, 0]);
  });
});

Deno.test("a token that ran out is renewed by the refresh token, and the file of tokens is the owner's alone", async () => {
  await inWorld(async ({ feed, archive, folder, options, offer }) => {
    await offer(["a"]);
    await downloadDue(feed, options);
    const file = path.join(folder, ".cache/granary/cdse-tokens.json");
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    const entries = JSON.parse(fs.readFileSync(file, "utf8"));
    for (const entry of Object.values<{ token: string; expiresAt: number }>(entries)) {
      if (entry.token.startsWith("access")) entry.expiresAt = Date.now();
    }
    fs.writeFileSync(file, JSON.stringify(entries), { mode: 0o600 });
    await offer(["b"]);
    assert.equal((await downloadDue(feed, options)).files, 1);
    assert.deepEqual(archive.grants, ["password", "refresh_token"]);
  });
});

Deno.test("a file whose checksum differs is never put in place, and its task is dead after its attempts", async () => {
  await inWorld(async ({ feed, options, offer }) => {
    await offer(["a"], "0".repeat(32));
    const first = await downloadDue(feed, options);
    assert.deepEqual(first.failed.map(({ id, dead }) => [id, dead]), [["a", false]]);
    await feed.engine.transaction((sql) => sql.all("UPDATE task SET due = 0"));
    const second = await downloadDue(feed, options);
    assert.deepEqual(second.failed.map(({ id, dead }) => [id, dead]), [["a", true]]);
    assert.equal(fs.existsSync(path.join(options.to, "CDSE/C/a.zip")), false);
  });
});

Deno.test("wrong credentials end the work and count no attempt against a task for good", async () => {
  await inWorld(async ({ feed, options, offer }) => {
    await offer(["a"]);
    const env = { ...options.env, CDSE_PASSWORD: "wrong" };
    await assert.rejects(downloadDue(feed, { ...options, env }), (error: Error & { exitCode?: number }) => {
      assert.doesNotMatch(error.message, /wrong|pass:/);
      return error.exitCode === 4;
    });
    assert.equal((await feed.engine.transaction((sql) => taskCounts(sql, "s2"))).dead, 0);
  });
});

Deno.test("a host's connections are shared by all who work from one ledger", async () => {
  await inWorld(async ({ feed, archive, options, offer }) => {
    await offer(["a"]);
    const host = new URL(archive.url).host;
    assert.equal(await takeSlots(feed.engine, host, "other", 4), 4);
    const result = await downloadDue(feed, options);
    assert.deepEqual([result.files, result.more], [0, true]);
    assert.equal(await takeSlots(feed.engine, host, "third", 4, Date.now() + 61_000), 4);
  });
});

Deno.test("a path that climbs out of the folder is refused", async () => {
  await inWorld(async ({ feed, options, offer, folder }) => {
    await offer(["../../../x"]);
    const { failed } = await downloadDue(feed, options);
    assert.match(failed[0].error, /does not lie below/);
    assert.equal(fs.existsSync(path.join(folder, "x.zip")), false);
  });
});
