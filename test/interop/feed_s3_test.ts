/** A feed's downloads and its catalog in a bucket, by a server that nobody here wrote. */
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { S3Target } from "../../core/access/s3_target.ts";
import { SourceOpener } from "../../core/access/open.ts";
import { openCatalog } from "../../catalog/file/open_catalog.ts";
import { RemoteCatalogs } from "../../catalog/file/remote_catalogs.ts";
import { parseFeed } from "../../feed/definition/parse.ts";
import { Deadline } from "../../feed/follow/deadline.ts";
import { registerOffers } from "../../feed/ledger/register.ts";
import { publishParts } from "../../feed/live/publish.ts";
import { openFeed } from "../../feed/open.ts";
import { downloadDue } from "../../feed/queue/download.ts";
import { madeOffer } from "../support/feed_offers.ts";
import { feedContext } from "../support/feed_context.ts";
import { Loopback } from "../support/loopback.ts";
import { hasMoto, startMoto } from "../support/moto.ts";

const md5 = (bytes: Uint8Array) => crypto.createHash("md5").update(bytes).digest("hex");

Deno.test({
  name: "files go into a bucket whole, in parts where they are large; what fails its checksum is not there",
  ignore: !hasMoto,
  fn: async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-feed-s3-"));
    const moto = await startMoto();
    // More than two parts of an upload, and one that is put whole.
    const files = new Map([["large", crypto.randomBytes(37_000_001)], ["small", crypto.randomBytes(5000)]]);
    let cuts = 2;
    const server = await Loopback.start((request, response) => {
      const bytes = files.get(new URL(request.url!, "http://x").pathname.slice(1));
      if (bytes === undefined) return void response.writeHead(404).end();
      const range = /^bytes=8388608-/.exec(request.headers.range ?? "");
      if (range !== null && cuts-- > 0) return void request.socket.destroy();
      server.sendFile(request, response, bytes);
    });
    const yaml = `
feed: s3
source: {from: stac, url: "http://127.0.0.1:9/", collections: [TEST]}
follow: {start: 2026-01-01}
download: {to: "s3://mirror/files", endpoint: "${moto.url}", region: us-west-2}
`;
    const definition = parseFeed(yaml, path.join(folder, "feed.yaml"));
    const feed = await openFeed(definition, feedContext());
    const env = {
      HOME: folder,
      AWS_ACCESS_KEY_ID: moto.keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: moto.keys.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: "true",
    };
    const offer = (id: string, file: string, checksum: string | null, place = `P/C/${id}.nc`) => ({
      sourceId: id,
      collection: "C",
      id,
      changed: 10,
      revised: 10,
      startMs: 10,
      leftOut: null,
      row: "{}",
      tasks: [{
        asset: "data",
        version: "1",
        work: JSON.stringify({ url: `${server.url}/${file}`, path: place, sizeBytes: null, checksum }),
      }],
    });
    const work = () =>
      downloadDue(feed, {
        ...definition.download!,
        attempts: 1,
        env,
        signal: new AbortController().signal,
        deadline: new Deadline(Infinity),
        onNote: () => {},
        retry: { attempts: 4, baseMs: 1, capMs: 2 },
      });
    try {
      await moto.createBucket("mirror");
      await moto.authenticate();
      await feed.engine.transaction((sql) =>
        registerOffers(sql, "s3", [
          offer("a", "large", `md5:${md5(files.get("large")!)}`),
          offer("b", "small", null),
          offer("c", "large", `md5:${"0".repeat(32)}`),
          offer("d", "small", `md5:${"1".repeat(32)}`),
          offer("e", "small", null, "../../up.nc"),
        ], 0)
      );
      const done = await work();
      assert.deepEqual([done.files, done.bytes], [2, 37_005_001]);
      assert.deepEqual(done.failed.map(({ id, dead }) => [id, dead]).sort(), [["c", true], ["d", true], [
        "e",
        true,
      ]]);
      assert.match(done.failed.find(({ id }) => id === "c")!.error, /nothing was stored/);

      const opener = new SourceOpener({ env });
      const s3 = { region: "us-west-2", endpoint: moto.url };
      const target = new S3Target("s3://mirror/files", opener, s3);
      assert.deepEqual(await target.list(""), ["P/C/a.nc", "P/C/b.nc"]);
      assert.equal(md5((await target.get("P/C/a.nc"))!), md5(files.get("large")!));
      assert.equal(md5((await target.get("P/C/b.nc"))!), md5(files.get("small")!));

      // What is there already is not fetched again.
      await feed.engine.transaction((sql) =>
        sql.all("UPDATE task SET state = 'waiting', due = 0 WHERE id = 'a'")
      );
      assert.deepEqual(await work().then(({ files, bytes }) => [files, bytes]), [1, 0]);
      await opener.close();
    } finally {
      await feed.close();
      await server.stop();
      await moto.stop();
      fs.rmSync(folder, { recursive: true });
    }
  },
});

Deno.test({
  name:
    "a live catalog is published to a bucket by conditional writes and read from there by a reader's own keys",
  ignore: !hasMoto,
  fn: async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-live-moto-"));
    const moto = await startMoto();
    const env = {
      HOME: folder,
      AWS_ENDPOINT_URL_S3: moto.url,
      AWS_REGION: "us-west-2",
      AWS_ACCESS_KEY_ID: moto.keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: moto.keys.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: "true",
    };
    const yaml = `
feed: live
source: {from: stac, url: "http://127.0.0.1:9/", collections: [TEST]}
follow: {start: 2026-01-01}
catalog: {to: "s3://bucket/live"}
`;
    const feed = await openFeed(parseFeed(yaml, path.join(folder, "feed.yaml")), feedContext(env));
    const opener = new SourceOpener({ env });
    const remote = new RemoteCatalogs(opener, folder);
    const publish = () =>
      publishParts({ engine: feed.engine, feed: "live", target: feed.catalog!, cellOrder: 8 });
    const register = (id: string) =>
      feed.engine.transaction((sql) =>
        registerOffers(sql, "live", [madeOffer({ id, start: Date.UTC(2026, 0, 1) })], 0)
      );
    const count = async () => {
      const catalog = await openCatalog("s3://bucket/live", { remote });
      try {
        return await catalog.count();
      } finally {
        catalog.close();
      }
    };
    try {
      await moto.createBucket("bucket");
      await moto.authenticate();
      await register("a");
      await publish();
      assert.equal(await count(), 1);
      await register("b");
      // Two at once: one of them writes the manifest, the other finds its work done.
      const both = await Promise.all([publish(), publish()]);
      assert.ok(both.some(({ number }) => number === 2));
      assert.equal(await count(), 2);
      await opener.close();
    } finally {
      remote.close();
      await feed.close();
      await moto.stop();
      fs.rmSync(folder, { recursive: true });
    }
  },
});
