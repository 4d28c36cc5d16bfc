/** A live catalog in S3: published by conditional writes, read as a catalog is read anywhere. */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { SourceOpener } from "../../../../core/access/open.ts";
import { S3Target } from "../../../../core/access/s3_target.ts";
import { openCatalog } from "../../../../catalog/file/open_catalog.ts";
import { RemoteCatalogs } from "../../../../catalog/file/remote_catalogs.ts";
import { manifestKey } from "../../../../catalog/file/live_manifest.ts";
import type { Engine } from "../../../../feed/ledger/engine.ts";
import { openLedger } from "../../../../feed/ledger/open.ts";
import { ensureFeed } from "../../../../feed/ledger/progress.ts";
import { registerDeletions, registerOffers } from "../../../../feed/ledger/register.ts";
import { removeOld } from "../../../../feed/live/manifest.ts";
import { publishParts } from "../../../../feed/live/publish.ts";
import { ServedCatalogs } from "../../../../serve/search/served_catalogs.ts";
import { madeOffer } from "../../../support/feed_offers.ts";
import { type FakeS3, startFakeS3 } from "../../../support/s3_fake.ts";

const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 0, 1);
const PLACE = "s3://live/s2";

interface World {
  engine: Engine;
  s3: FakeS3;
  opener: SourceOpener;
  publish: () => ReturnType<typeof publishParts>;
  register: (ids: readonly string[], day: number) => Promise<unknown>;
  folder: string;
}

async function inWorld(work: (world: World) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-live-s3-"));
  const s3 = await startFakeS3();
  s3.readers.set("live", new Set(["*"]));
  const opener = new SourceOpener({
    env: {
      AWS_ENDPOINT_URL_S3: s3.server.url,
      AWS_NO_SIGN_REQUEST: "YES",
      AWS_EC2_METADATA_DISABLED: "true",
    },
    retry: { attempts: 3, baseMs: 1, capMs: 2 },
  });
  const engine = await openLedger({ address: path.join(folder, "ledger.sqlite") });
  const target = new S3Target(PLACE, opener);
  await engine.transaction((sql) => ensureFeed(sql, "f", 0, "{}"));
  try {
    await work({
      engine,
      s3,
      opener,
      folder,
      publish: () => publishParts({ engine, feed: "f", target, cellOrder: 8 }),
      register: (ids, day) =>
        engine.transaction((sql) =>
          registerOffers(sql, "f", ids.map((id) => madeOffer({ id, start: START + day * DAY_MS })), 0)
        ),
    });
  } finally {
    await engine.close();
    await opener.close();
    await s3.stop();
    fs.rmSync(folder, { recursive: true });
  }
}

async function idsOf(remote: RemoteCatalogs): Promise<string[]> {
  const catalog = await openCatalog(PLACE, { remote });
  try {
    const reader = await catalog.duck.connection.runAndReadAll("SELECT id FROM granules ORDER BY id");
    return reader.getRows().map(([id]) => String(id));
  } finally {
    catalog.close();
  }
}

Deno.test("a live catalog in S3 is read as it was published, and a reader keeps the state that it opened", async () => {
  await inWorld(async ({ engine, opener, publish, register, s3, folder }) => {
    const remote = new RemoteCatalogs(opener, folder);
    await assert.rejects(openCatalog(PLACE, { remote }), /holds no manifest of a live catalog/);
    await register(["a", "b"], 0);
    await register(["c"], 1);
    assert.equal((await publish()).number, 1);
    assert.deepEqual(await idsOf(remote), ["a", "b", "c"]);

    const held = await openCatalog(PLACE, { remote });
    await register(["d"], 1);
    await engine.transaction((sql) =>
      registerDeletions(sql, "f", [{ sourceId: "a", at: START + 9 * DAY_MS, collection: "C.1", id: "a" }], 0)
    );
    assert.equal((await publish()).number, 2);
    assert.deepEqual(await idsOf(remote), ["b", "c", "d"]);
    assert.equal(await held.count(), 3);
    held.close();

    // What did not change is not fetched again.
    const before = s3.server.seen.length;
    assert.deepEqual(await idsOf(remote), ["b", "c", "d"]);
    const asked = s3.server.seen.slice(before).map(({ url }) => new URL(url, "http://s3").pathname);
    assert.deepEqual(asked, ["/live/", "/live/s2/manifests/00000002.json"]);
    remote.close();
  });
});

Deno.test("of a live catalog's large parts in S3 the columns come that are asked for", async () => {
  await inWorld(async ({ engine, opener, publish, register, s3 }) => {
    const many = Array.from({ length: 6000 }, (_, i) => `${crypto.randomUUID()}${crypto.randomUUID()}-${i}`);
    await register(many, 0);
    await register(["small"], 1);
    await publish();
    const parts = [...s3.objects].filter(([key]) => key.endsWith(".parquet")).map(([, bytes]) =>
      bytes.length
    );
    const before = s3.server.sentBytes;
    const whole = await openCatalog(PLACE, { opener });
    assert.equal(await whole.count(), 6001);
    whole.close();
    const sent = s3.server.sentBytes - before;
    assert.ok(sent < Math.max(...parts) / 2, `${sent} of ${parts} bytes`);

    const deleted = { sourceId: many[0], at: START + 9 * DAY_MS, collection: "C.1", id: many[0] };
    await engine.transaction((sql) => registerDeletions(sql, "f", [deleted], 0));
    await publish();
    const catalog = await openCatalog(PLACE, { opener });
    try {
      const reader = await catalog.duck.connection.runAndReadAll("SELECT id FROM granules ORDER BY id");
      assert.deepEqual(reader.getRows().map(([id]) => String(id)), [...many.slice(1), "small"].sort());
    } finally {
      catalog.close();
    }
  });
});

Deno.test("of two publishers in S3 the slower begins again, and nothing of either is lost", async () => {
  await inWorld(async ({ opener, publish, register, s3, folder }) => {
    await register(["a"], 0);
    await publish();
    await register(["b"], 0);
    const results = await Promise.all([publish(), publish()]);
    assert.ok(results.every(({ number }) => number >= 2));
    assert.deepEqual(await idsOf(new RemoteCatalogs(opener, folder)), ["a", "b"]);
    // A manifest that is there already is not written over.
    const third = `live/s2/${manifestKey(Math.max(...results.map(({ number }) => number)) + 1)}`;
    assert.equal(s3.objects.has(third), false);
  });
});

Deno.test("parts of states that are over are cleared away in S3 after an hour, those of the newest never", async () => {
  await inWorld(async ({ opener, publish, register, s3, folder }) => {
    await register(["a"], 0);
    await publish();
    await register(["b"], 0);
    await publish();
    const target = new S3Target(PLACE, opener);
    const parts = () => [...s3.objects.keys()].filter((key) => key.includes("/parts/"));
    assert.equal(await removeOld(target, 3_600_000), 0);
    assert.equal(parts().length, 2);
    assert.equal(await removeOld(target, 3_600_000, Date.now() + 3_700_000), 1);
    assert.equal(parts().length, 1);
    assert.deepEqual(await idsOf(new RemoteCatalogs(opener, folder)), ["a", "b"]);
  });
});

Deno.test("a server takes up what is published to S3", async () => {
  await inWorld(async ({ opener, publish, register, folder }) => {
    await register(["a"], 0);
    await publish();
    let now = 0;
    const remote = new RemoteCatalogs(opener, folder);
    const served = await ServedCatalogs.open([PLACE], { note: () => {}, remote, now: () => now });
    assert.deepEqual(served.names(), ["s2"]);
    assert.equal((await served.get("s2"))?.size, 1);
    await register(["b"], 3);
    await publish();
    now += 60_001;
    for (let i = 0; i < 2000 && (await served.get("s2"))?.size === 1; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal((await served.get("s2"))?.size, 2);
    served.close();
    remote.close();
  });
});
