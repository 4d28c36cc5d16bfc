/** S3 by a server that nobody here wrote, which checks signatures: reading, stores, exclusive puts, listing. */
import assert from "node:assert/strict";
import { GranaryError } from "../../core/errors.ts";
import { discoverS3 } from "../../catalog/discover/discover.ts";
import { SourceOpener } from "../../core/access/open.ts";
import { openTarget } from "../../core/access/targets.ts";
import { PART_BYTES } from "../../core/access/remote_target.ts";
import { patternBytes } from "../support/loopback.ts";
import { hasMoto, type Moto, startMoto } from "../support/moto.ts";

interface Scene {
  moto: Moto;
  opener(env?: Record<string, string>): SourceOpener;
}

function withMoto(name: string, run: (scene: Scene) => Promise<void>): void {
  Deno.test({
    name,
    ignore: !hasMoto,
    fn: async () => {
      const moto = await startMoto();
      try {
        await moto.createBucket("granary-bucket");
        await moto.authenticate();
        await run({
          moto,
          opener: (env = {}) =>
            new SourceOpener({
              env: {
                HOME: "/nonexistent",
                AWS_ENDPOINT_URL_S3: moto.url,
                AWS_REGION: "us-west-2",
                AWS_ACCESS_KEY_ID: moto.keys.accessKeyId,
                AWS_SECRET_ACCESS_KEY: moto.keys.secretAccessKey,
                AWS_EC2_METADATA_DISABLED: "true",
                ...env,
              },
              retry: { attempts: 3, baseMs: 5, capMs: 20 },
            }),
        });
      } finally {
        await moto.stop();
      }
    },
  });
}

withMoto("objects are put, read back, listed and deleted, whatever their names hold", async ({ opener }) => {
  const target = openTarget("s3://granary-bucket/stores/my store (1).zarr", opener());
  const keys = ["zarr.json", "12/h_mean/c/0", "12/h_mean/c/10", "12/a b+c/é~!*'()&=@:,;$", "2/x", "12/ü/%41"];
  for (const [i, key] of keys.entries()) await target.put(key, patternBytes(100 + i));
  for (const [i, key] of keys.entries()) {
    assert.deepEqual(await target.get(key), patternBytes(100 + i), key);
    const source = await target.open(key);
    assert.deepEqual(await source.read(10, 50), patternBytes(100 + i).slice(10, 60), key);
    assert.equal(source.sizeBytes, 100 + i);
  }
  const byBytes = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  assert.deepEqual(await target.list(""), byBytes);
  assert.deepEqual(await target.list("12/h_mean/"), ["12/h_mean/c/0", "12/h_mean/c/10"]);
  assert.deepEqual(await target.list("12/a b"), [keys[3]]);
  assert.deepEqual(await target.list("none/"), []);
  await target.delete("zarr.json");
  await target.delete("zarr.json");
  assert.equal(await target.get("zarr.json"), undefined);
  await assert.rejects(target.put("../escape", new Uint8Array(1)), /cannot be the name of an object/);
});

withMoto("an empty object and one of several parts come back as they went", async ({ opener }) => {
  const target = openTarget("s3://granary-bucket/x", opener());
  await target.put("empty", new Uint8Array(0));
  assert.deepEqual(await target.get("empty"), new Uint8Array(0));
  const large = patternBytes(2 * PART_BYTES + 12_345);
  await target.put("large", large);
  assert.equal(Buffer.compare(Buffer.from((await target.get("large"))!), Buffer.from(large)), 0);
  const source = await target.open("large");
  const ranges = [{ offset: PART_BYTES - 10, length: 20 }, { offset: large.length - 5, length: 5 }, {
    offset: 100,
    length: 9_000_000,
  }];
  for (const [i, bytes] of (await source.readMany(ranges)).entries()) {
    const { offset, length } = ranges[i];
    assert.equal(Buffer.compare(Buffer.from(bytes), Buffer.from(large.subarray(offset, offset + length))), 0);
  }
});

withMoto("an object is put only where there is none", async ({ opener }) => {
  const target = openTarget("s3://granary-bucket/run", opener());
  assert.equal(await target.putNew("lease.1", new Uint8Array([1])), true);
  assert.equal(await target.putNew("lease.1", new Uint8Array([2])), false);
  assert.deepEqual(await target.get("lease.1"), new Uint8Array([1]));
  const many = await Promise.all(
    Array.from({ length: 8 }, (_, i) => target.putNew("lease.2", new Uint8Array([i]))),
  );
  assert.equal(many.filter((won) => won).length, 1);
});

withMoto("more keys than a page holds are all listed", async ({ opener }) => {
  const target = openTarget("s3://granary-bucket/many", opener());
  const keys = Array.from({ length: 1005 }, (_, i) => `r/${String(i).padStart(5, "0")}`);
  for (let at = 0; at < keys.length; at += 100) {
    await Promise.all(keys.slice(at, at + 100).map((key) => target.put(key, new Uint8Array(1))));
  }
  assert.deepEqual(await target.list("r/"), keys);
});

withMoto("wrong keys and a missing bucket end at once and say what to do", async ({ opener }) => {
  const wrong = openTarget(
    "s3://granary-bucket/x",
    opener({ AWS_SECRET_ACCESS_KEY: "wrong-secret-of-someone" }),
  );
  await assert.rejects(wrong.put("a", new Uint8Array(1)), (error) => {
    assert.ok(error instanceof GranaryError);
    assert.equal(error.tag, "credential");
    assert.match(
      error.message,
      /put s3:\/\/granary-bucket\/x\/a: S3 answered 403 SignatureDoesNotMatch: the keys from AWS_ACCESS_KEY_ID/,
    );
    assert.doesNotMatch(`${error.stack}`, /wrong-secret/);
    return true;
  });
  const nowhere = openTarget("s3://granary-no-bucket/x", opener());
  await assert.rejects(
    nowhere.get("a"),
    (error) => error instanceof GranaryError && error.tag === "input" && /no such bucket/.test(error.message),
  );
});

withMoto("a bucket's objects become the rows of a catalog", async ({ opener }) => {
  const target = openTarget("s3://granary-bucket/archive", opener());
  const names = ["2024/001/a b.nc", "2024/002/é.he5", "2024/002/x.nc.xml"];
  for (const name of names) await target.put(name, patternBytes(7));
  const found = discoverS3({ prefixes: ["s3://granary-bucket/archive/"], match: "2024/*" }, opener(), {
    cellOrder: 8,
  });
  const rows = [];
  for await (const row of found.rows) rows.push(row);
  assert.deepEqual(rows.map(({ s3_base, path, size_bytes }) => [s3_base! + path, size_bytes]), [
    ["s3://granary-bucket/archive/2024/001/a b.nc", 7],
    ["s3://granary-bucket/archive/2024/002/é.he5", 7],
  ]);
  const source = await opener().open(rows[1].s3_base! + rows[1].path);
  assert.deepEqual(await source.read(0, 7), patternBytes(7));
  assert.equal(found.tally.count("link"), 1, "the sidecar");
});

withMoto(
  "an object goes in chunks of any length, and replaces another only where it may",
  async ({ opener }) => {
    const target = openTarget("s3://granary-bucket/cogs", opener());
    const bytes = patternBytes(2 * PART_BYTES + 777);
    async function* chunks(step: number): AsyncIterable<Uint8Array> {
      const chunk = new Uint8Array(step);
      for (let at = 0; at < bytes.length; at += step) {
        const length = Math.min(step, bytes.length - at);
        chunk.set(bytes.subarray(at, at + length));
        yield chunk.subarray(0, length);
      }
    }
    const same = async (key: string) =>
      Buffer.compare(Buffer.from((await target.get(key))!), Buffer.from(bytes));
    assert.equal(await target.putChunks("a.tif", bytes.length, chunks(5_000_001), { replace: false }), true);
    assert.equal(await same("a.tif"), 0);
    assert.equal(await target.putChunks("a.tif", bytes.length, chunks(4096), { replace: false }), false);
    assert.equal(await target.putChunks("a.tif", bytes.length, chunks(40_000_000), { replace: true }), true);
    assert.equal(await same("a.tif"), 0);
    await assert.rejects(
      target.putChunks("b.tif", bytes.length + 1, chunks(1 << 20), { replace: false }),
      /announced/,
    );
    await assert.rejects(
      target.putChunks("b.tif", bytes.length - 1, chunks(1 << 20), { replace: false }),
      /announced/,
    );
    async function* small() {
      yield new Uint8Array([1, 2]);
      yield new Uint8Array([3]);
    }
    assert.equal(await target.putChunks("c.tif", 3, small(), { replace: false }), true);
    assert.deepEqual(await target.get("c.tif"), new Uint8Array([1, 2, 3]));
    assert.equal(await target.putChunks("c.tif", 3, small(), { replace: false }), false);
    assert.deepEqual(await target.list(""), ["a.tif", "c.tif"]);
  },
);
