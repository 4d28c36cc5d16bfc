/** A service of objects that asks for fewer requests again and again. */
import assert from "node:assert/strict";
import { SourceOpener } from "../../../../core/access/open.ts";
import { openTarget } from "../../../../core/access/targets.ts";
import { type Fault, FaultSchedule } from "../../../support/faults.ts";
import { patternBytes } from "../../../support/loopback.ts";
import { startFakeS3 } from "../../../support/s3_fake.ts";

const BUSY: Fault = { kind: "status", status: 503, body: "<Error><Code>SlowDown</Code></Error>" };
const OBJECTS = 90;

Deno.test("a service that turns away a third of all requests gets each object once, and gives each as it is", async () => {
  const s3 = await startFakeS3();
  const written: string[] = [];
  s3.objects.set = (name, bytes) => {
    written.push(name);
    return Map.prototype.set.call(s3.objects, name, bytes) as typeof s3.objects;
  };
  s3.readers.set("stores", new Set(["AKID"]));
  const faults = new FaultSchedule();
  let asked = 0;
  faults.next = () => ++asked % 3 === 0 ? BUSY : undefined;
  s3.server.faults = faults;
  const opener = new SourceOpener({
    env: {
      AWS_ENDPOINT_URL_S3: s3.server.url,
      AWS_ACCESS_KEY_ID: "AKID",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_REGION: "us-west-2",
      AWS_EC2_METADATA_DISABLED: "true",
    },
    retry: { attempts: 20, baseMs: 1, capMs: 2 },
  });
  try {
    const target = openTarget("s3://stores/a.zarr", opener);
    const objects = new Map(
      Array.from({ length: OBJECTS }, (_, i) => [`12/h/c/${i}`, patternBytes(100 + i)]),
    );
    await target.putAll(objects);
    assert.deepEqual(written.toSorted(), [...objects.keys()].map((key) => `stores/a.zarr/${key}`).sort());
    assert.equal(await target.putNew("lease.1", patternBytes(9)), true);
    assert.equal(await target.putNew("lease.1", patternBytes(8)), false);
    for (const [key, bytes] of objects) assert.deepEqual(await target.get(key), bytes);
    assert.equal((await target.list("")).length, OBJECTS + 1);
    assert.ok(asked <= 1.5 * (2 * OBJECTS + 4), `${asked} requests`);
  } finally {
    await opener.close();
    await s3.stop();
  }
});
