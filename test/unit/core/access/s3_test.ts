import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { GranaryError } from "../../../../core/errors.ts";
import type { SourceLocation } from "../../../../core/access/location.ts";
import { SourceOpener } from "../../../../core/access/open.ts";
import { encodeKey, parseObjectUrl, s3HttpUrl } from "../../../../core/access/s3_address.ts";
import { type EarthdataWorld, startEarthdata } from "../../../support/earthdata.ts";
import { type Fault, FaultSchedule } from "../../../support/faults.ts";
import { patternBytes } from "../../../support/loopback.ts";
import { type FakeS3, startFakeS3 } from "../../../support/s3_fake.ts";

const BYTES = patternBytes(300_000);
const RETRY = { attempts: 4, baseMs: 2, capMs: 10 };

interface Scene {
  world: EarthdataWorld;
  s3: FakeS3;
  /** The clock that granary and the credential endpoints go by. */
  clock: { now: number };
  warnings: string[];
  opener(env?: Record<string, string>): SourceOpener;
  /** A file of a product, whose bucket only that product's keys open. */
  file(product: string): SourceLocation;
}

function scene(run: (scene: Scene) => Promise<void>): () => Promise<void> {
  return async () => {
    const clock = { now: Date.now() };
    const world = await startEarthdata(() => clock.now);
    const s3 = await startFakeS3();
    const home = fs.mkdtempSync(path.join(os.tmpdir(), "granary-home-"));
    world.tokens.add("given");
    const warnings: string[] = [];
    // Keys open the bucket of the product that they were given for, and no other.
    const issue = world.issued.push.bind(world.issued);
    world.issued.push = (...issued) => {
      for (const { product, accessKeyId } of issued) {
        const readers = s3.readers.get(product) ?? new Set();
        s3.readers.set(product, readers.add(accessKeyId));
      }
      return issue(...issued);
    };
    try {
      await run({
        world,
        s3,
        clock,
        warnings,
        opener: (env = {}) =>
          new SourceOpener({
            env: {
              HOME: home,
              EARTHDATA_TOKEN: "given",
              AWS_ENDPOINT_URL_S3: s3.server.url,
              AWS_REGION: "us-west-2",
              ...world.env,
              ...env,
            },
            retry: RETRY,
            now: () => clock.now,
            warn: (message) => warnings.push(message),
          }),
        file: (product) => {
          s3.objects.set(`${product}/granules/a b+c.h5`, BYTES);
          return {
            kind: "s3",
            url: `s3://${product}/granules/a b+c.h5`,
            s3: { credentials: world.endpoint(product) },
          };
        },
      });
      for (const text of warnings) assertClean(world, text);
    } finally {
      await world.stop();
      await s3.stop();
      fs.rmSync(home, { recursive: true });
    }
  };
}

function assertClean(world: EarthdataWorld, text: string): void {
  for (const secret of [...world.secrets, "given"]) {
    assert.ok(!text.includes(secret), `${text} shows ${secret}`);
  }
}

const fails = (world: EarthdataWorld, tag: string, text: RegExp) => (error: unknown) => {
  assert.ok(error instanceof GranaryError, String(error));
  assert.equal(error.tag, tag);
  assert.match(error.message, text);
  assertClean(
    world,
    `${error.stack} ${JSON.stringify(error)} ${error.cause ?? ""}`.replaceAll("were given for", ""),
  );
  return true;
};

async function readsWhole(opener: SourceOpener, location: SourceLocation): Promise<void> {
  const source = await opener.open(location);
  assert.deepEqual(await source.read(0, BYTES.length), BYTES);
  await source.close();
}

Deno.test(
  "keys are asked for once for all readers of a product, and never used for another's",
  scene(async ({ world, s3, opener, file }) => {
    const shared = opener();
    const files = ["atl06", "gedi", "modis"].map(file);
    await Promise.all(Array.from({ length: 24 }, (_, i) => readsWhole(shared, files[i % 3])));
    assert.deepEqual(world.issued.map(({ product }) => product).sort(), ["atl06", "gedi", "modis"]);
    assert.equal(world.data.count(/s3credentials/), 3);
    for (const { url, headers } of s3.server.seen) {
      const product = url.split("/")[1].toUpperCase();
      assert.match(headers.authorization!, new RegExp(`Credential=ASIA${product}\\d+/`));
      assert.match(String(headers["x-amz-security-token"]), new RegExp(`^session\\+ASIA${product}`));
    }
    assert.ok(s3.server.seen.every(({ headers }) => !String(headers.authorization).includes("given")));
  }),
);

Deno.test(
  "keys are renewed five minutes before they end, not earlier",
  scene(async ({ world, clock, opener, file }) => {
    const shared = opener();
    const at = file("atl06");
    await readsWhole(shared, at);
    clock.now += 54.9 * 60_000;
    await readsWhole(shared, at);
    assert.equal(world.issued.length, 1);
    clock.now += 0.2 * 60_000;
    await Promise.all([readsWhole(shared, at), readsWhole(shared, at), readsWhole(shared, at)]);
    assert.equal(world.issued.length, 2);
  }),
);

Deno.test(
  "an endpoint that is down when keys should be renewed stops no one while the old ones hold",
  scene(async ({ world, clock, opener, file, warnings }) => {
    const shared = opener();
    const at = file("atl06");
    await readsWhole(shared, at);
    clock.now += 56 * 60_000;
    world.data.faults = new FaultSchedule([{ at: "every", fault: { kind: "status", status: 503 } }]);
    await readsWhole(shared, at);
    assert.match(
      warnings.join("\n"),
      /S3 keys could not be renewed yet: S3 keys of .*atl06\/s3credentials.*503/,
    );
    clock.now += 10 * 60_000;
    await assert.rejects(readsWhole(shared, at), fails(world, "io", /503/));
    world.data.faults = new FaultSchedule();
    await readsWhole(shared, at);
    assert.equal(world.issued.length, 2);
  }),
);

Deno.test(
  "keys that end mid-run, unannounced, are renewed once for all readers",
  scene(async ({ world, s3, opener, file }) => {
    const shared = opener();
    const sources = await Promise.all(Array.from({ length: 5 }, () => shared.open(file("atl06"))));
    s3.ended.add(world.issued[0].accessKeyId);
    const parts = await Promise.all(sources.map((source) => source.read(100_000, 50_000)));
    for (const part of parts) assert.deepEqual(part, BYTES.slice(100_000, 150_000));
    assert.equal(world.issued.length, 2);
  }),
);

Deno.test(
  "a machine whose clock is wrong by hours still knows when keys end",
  scene(async ({ world, clock, opener, file }) => {
    const shared = opener();
    // The endpoint's date and expiry are two hours ahead of this machine's clock.
    clock.now += 2 * 3_600_000;
    await readsWhole(shared, file("atl06"));
    clock.now += 50 * 60_000;
    await readsWhole(shared, file("atl06"));
    assert.equal(world.issued.length, 1);
  }),
);

Deno.test(
  "a wrong clock is seen by S3's answer and signatures follow the server's",
  scene(async ({ s3, opener, file }) => {
    s3.clockAheadMs = -3 * 3_600_000;
    const shared = opener();
    await readsWhole(shared, file("atl06"));
    assert.equal(s3.server.seen.length, 3, "one refusal, then two reads");
    await readsWhole(shared, file("atl06"));
    assert.equal(s3.server.seen.length, 5, "the next reader knows");
  }),
);

Deno.test(
  "requests that were under way when a clock was found wrong are signed again, each by the new time",
  scene(async ({ s3, opener, file }) => {
    const shared = opener();
    const sources = await Promise.all(Array.from({ length: 5 }, () => shared.open(file("atl06"))));
    s3.clockAheadMs = 3 * 3_600_000;
    const parts = await Promise.all(sources.map((source) => source.read(100_000, 50_000)));
    for (const part of parts) assert.deepEqual(part, BYTES.slice(100_000, 150_000));
  }),
);

Deno.test(
  "a bucket in another region is asked there, and remembered",
  scene(async ({ s3, opener, file }) => {
    s3.regions.set("atl06", "eu-central-1");
    const shared = opener();
    await readsWhole(shared, file("atl06"));
    await readsWhole(shared, file("atl06"));
    assert.equal(s3.server.seen.length, 5);
    assert.match(s3.server.seen.at(-1)!.headers.authorization!, /\/eu-central-1\/s3\//);
  }),
);

Deno.test(
  "refusals are distinguished: wrong region, terms, foreign keys, a missing object, a bad token",
  scene(async ({ world, s3, opener, file }) => {
    const at = file("atl06");
    s3.readers.set("gedi", new Set());
    const foreign = { ...file("gedi"), s3: { credentials: world.endpoint("atl06") } };
    await assert.rejects(
      opener().open(foreign),
      fails(world, "credential", /AccessDenied.*this product's endpoint/),
    );
    await assert.rejects(
      opener({ AWS_REGION: "eu-central-1" }).open(foreign),
      fails(
        world,
        "credential",
        /hold within us-west-2 only, and this machine is in eu-central-1.*--driver https/,
      ),
    );
    await assert.rejects(
      opener({ AWS_REGION: "" }).open(foreign),
      fails(world, "credential", /hold within us-west-2 only, and this machine is not in an AWS region/),
    );
    await assert.rejects(
      opener().open({ ...at, url: "s3://atl06/granules/none.h5" }),
      fails(world, "granule", /NoSuchKey.*not there/),
    );
    await assert.rejects(
      opener({ EARTHDATA_TOKEN: "stale" }).open(at),
      fails(
        world,
        "credential",
        /S3 keys of .*302 and sends to .*does not accept the login from EARTHDATA_TOKEN/,
      ),
    );
    world.termsMissing.add("atl06");
    await assert.rejects(
      opener().open(at),
      fails(world, "credential", /S3 keys of .*\(EULA\) are not accepted yet/),
    );
  }),
);

Deno.test(
  "one's own keys, none at all and a requester who pays",
  scene(async ({ world, s3, opener }) => {
    s3.objects.set("open/a.h5", BYTES);
    s3.readers.set("open", new Set(["*"]));
    s3.objects.set("mine/a.h5", BYTES);
    s3.readers.set("mine", new Set(["AKIAMINE"]));
    const mine = { AWS_ACCESS_KEY_ID: "AKIAMINE", AWS_SECRET_ACCESS_KEY: "own-secret" };
    await readsWhole(opener(), { kind: "s3", url: "s3://open/a.h5" });
    await readsWhole(opener(mine), { kind: "s3", url: "s3://open/a.h5", s3: { access: "unsigned" } });
    await readsWhole(opener({ ...mine, AWS_NO_SIGN_REQUEST: "YES" }), { kind: "s3", url: "s3://open/a.h5" });
    assert.ok(s3.server.seen.every(({ headers }) => headers.authorization === undefined));
    await readsWhole(opener(mine), { kind: "s3", url: "s3://mine/a.h5", s3: { access: "requester-pays" } });
    assert.equal(s3.server.seen.at(-1)!.headers["x-amz-request-payer"], "requester");
    assert.match(s3.server.seen.at(-1)!.headers.authorization!, /SignedHeaders=[^,]*x-amz-request-payer/);
    await assert.rejects(opener().open("s3://mine/a.h5"), fails(world, "credential", /no keys were found/));
    await assert.rejects(
      opener().open({ kind: "s3", url: "s3://mine/a.h5", s3: { access: "signed" } }),
      fails(world, "credential", /asks for signed requests.*no AWS keys were found/),
    );
  }),
);

const troubles: Record<string, Fault> = {
  "503 SlowDown": { kind: "status", status: 503, body: "<Error><Code>SlowDown</Code></Error>" },
  "500 InternalError": { kind: "status", status: 500, body: "<Error><Code>InternalError</Code></Error>" },
  "400 RequestTimeout": { kind: "status", status: 400, body: "<Error><Code>RequestTimeout</Code></Error>" },
  "a short body": { kind: "short", share: 0.5 },
  "a reset within the body": { kind: "reset", after: 0.2 },
};

for (const [name, fault] of Object.entries(troubles)) {
  for (const at of [1, 2, 4]) {
    Deno.test(
      `S3: ${name} at request ${at} costs one request more`,
      scene(async ({ s3, opener, file }) => {
        s3.server.faults = new FaultSchedule([{ at: [at], fault }]);
        const source = await opener().open(file("atl06"));
        for (let i = 1; i < 5; i++) {
          assert.deepEqual(
            await source.read(i * 50_000, 40_000),
            BYTES.slice(i * 50_000, i * 50_000 + 40_000),
          );
        }
        assert.equal(s3.server.seen.length, 6);
        await source.close();
      }),
    );
  }
}

Deno.test("addresses take the style and endpoint that they should", () => {
  const at = { bucket: "lp-prod.protected", key: "a b+c/é(1).h5" };
  const path = "a%20b%2Bc/%C3%A9%281%29.h5";
  assert.equal(encodeKey(at.key), path);
  assert.equal(
    s3HttpUrl(at, "us-west-2", undefined, undefined).href,
    `https://s3.us-west-2.amazonaws.com/${at.bucket}/${path}`,
  );
  const plain = { bucket: "lp-prod", key: "k" };
  assert.equal(
    s3HttpUrl(plain, "us-west-2", undefined, undefined).href,
    "https://lp-prod.s3.us-west-2.amazonaws.com/k",
  );
  assert.equal(
    s3HttpUrl(plain, "cn-north-1", undefined, "path").href,
    "https://s3.cn-north-1.amazonaws.com.cn/lp-prod/k",
  );
  assert.equal(s3HttpUrl(plain, "x", "http://h:9000/base/", undefined).href, "http://h:9000/base/lp-prod/k");
  assert.equal(s3HttpUrl(plain, "x", "https://h", "virtual").href, "https://lp-prod.h/k");
  assert.deepEqual(parseObjectUrl("s3://b-1/a?b#c/d"), { scheme: "s3", bucket: "b-1", key: "a?b#c/d" });
  for (const bad of ["s3://", "s3:///k", "s3://b/../c", "s3://b/a/./c", "http://b/k"]) {
    assert.throws(() => parseObjectUrl(bad), /s3/);
  }
});
