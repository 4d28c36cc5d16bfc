/** A bucket that is not there is a wrong name where a person said it, and a granule's failure in a catalog. */
import assert from "node:assert/strict";
import { isNoTarget } from "../../../../core/access/no_bucket.ts";
import { listObjects } from "../../../../core/access/object_list.ts";
import { SourceOpener } from "../../../../core/access/open.ts";
import { openNamed } from "../../../../core/access/open_named.ts";
import { openTarget } from "../../../../core/access/targets.ts";
import { GranaryError } from "../../../../core/errors.ts";
import { Loopback } from "../../../support/loopback.ts";

async function withoutBucket(body: (opener: SourceOpener) => Promise<void>): Promise<void> {
  const s3 = await Loopback.start((_, response) => {
    response.writeHead(404, { "content-type": "application/xml" });
    response.end("<Error><Code>NoSuchBucket</Code></Error>");
  });
  const keys = { AWS_ACCESS_KEY_ID: "AKID", AWS_SECRET_ACCESS_KEY: "example", AWS_REGION: "us-west-2" };
  const opener = new SourceOpener({ env: { AWS_ENDPOINT_URL_S3: s3.url, ...keys }, warn: () => {} });
  try {
    await body(opener);
  } finally {
    await opener.close();
    await s3.stop();
  }
}

const failure = (work: Promise<unknown>) =>
  work.then(() => assert.fail("it worked"), (error: unknown) => error);

Deno.test("whatever is asked of a target without a bucket is a wrong input that names the target", () =>
  withoutBucket(async (opener) => {
    const target = openTarget("s3://gone/cogs", opener);
    const asked: Record<string, () => Promise<unknown>> = {
      put: () => target.put("a", new Uint8Array(3)),
      putNew: () => target.putNew("a", new Uint8Array(3)),
      get: () => target.get("a"),
      list: () => target.list(""),
    };
    for (const [verb, ask] of Object.entries(asked)) {
      const error = await failure(ask());
      assert.ok(error instanceof GranaryError && isNoTarget(error), `${verb}: ${error}`);
      assert.equal(error.tag, "input", verb);
      assert.match(error.message, /^s3:\/\/gone\/cogs: there is no such bucket/);
    }
    // What is not there is deleted already.
    await target.delete("a");
  }));

Deno.test("a file or a listing that is named is one too, a granule of a catalog is not", () =>
  withoutBucket(async (opener) => {
    const listed = async () => {
      const place = { scheme: "s3", bucket: "gone", prefix: "x/" } as const;
      for await (const _ of listObjects(place, opener, { name: "s3://gone/x/" }));
    };
    for (
      const [name, ask] of [["s3://gone/a.h5", () => openNamed(opener, "s3://gone/a.h5")], [
        "s3://gone/x/",
        listed,
      ]] as const
    ) {
      const error = await failure(ask());
      assert.ok(error instanceof GranaryError && !isNoTarget(error), `${error}`);
      assert.deepEqual([error.tag, error.message.split(": ")[0]], ["input", name]);
    }
    const error = await failure(opener.open("s3://gone/a.h5"));
    assert.ok(error instanceof GranaryError && error.tag === "granule", `${error}`);
  }));
