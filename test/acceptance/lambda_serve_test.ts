/** The binary as a server in Lambda: events of a function URL, answers with bytes, a catalog from S3. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fs from "node:fs";
import path from "node:path";
import { decode } from "fast-png";
import { granary, temporaryFolder } from "../support/binary.ts";
import { LambdaEmulator } from "../support/lambda.ts";
import { ok } from "../support/run_world.ts";
import { startFakeS3 } from "../support/s3_fake.ts";
import { hasSharedData, sharedData } from "../shared_data.ts";

const HOST = "abcdef.lambda-url.us-west-2.on.aws";
const FMASK = "HLS.L30.T15UWP.2024283T165135.v2.0.Fmask.tif";

/** As the AWS Lambda developer guide shows an event of a function URL. */
function event(rawPath: string, rawQueryString = "", more: Record<string, unknown> = {}) {
  const { method = "GET", ...rest } = more as { method?: string };
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath,
    rawQueryString,
    headers: { host: HOST, "x-forwarded-proto": "https", "accept": "*/*" },
    requestContext: {
      accountId: "anonymous",
      domainName: HOST,
      http: { method, path: rawPath, protocol: "HTTP/1.1", sourceIp: "203.0.113.7", userAgent: "curl/8" },
      requestId: "1",
      stage: "$default",
    },
    isBase64Encoded: false,
    ...rest,
  };
}

Deno.test({
  name: "a function answers requests of its URL from a catalog in S3, binary and not",
  ignore: !hasSharedData,
  async fn() {
    const folder = temporaryFolder();
    fs.copyFileSync(sharedData(`cog/${FMASK}`), path.join(folder, FMASK));
    await ok(["catalog", "build", "--from", "local", "-c", "grids", folder, "-o", "cogs.parquet"], {
      cwd: folder,
    });
    const s3 = await startFakeS3();
    s3.readers.set("maps", new Set(["AKIDEXAMPLE"]));
    s3.objects.set("maps/cogs.parquet", fs.readFileSync(path.join(folder, "cogs.parquet")));
    const secret = "secret-of-this-test";
    const lambda = new LambdaEmulator({
      most: 1,
      env: {
        GRANARY_SERVE: JSON.stringify({ catalogs: ["s3://maps/cogs.parquet"], stores: [], cmr_url: null }),
        AWS_ENDPOINT_URL_S3: s3.server.url,
        AWS_REGION: "us-west-2",
        AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
        AWS_SECRET_ACCESS_KEY: secret,
        AWS_EC2_METADATA_DISABLED: "true",
      },
    });
    const ask = async (...args: Parameters<typeof event>) => {
      const answer = (await lambda.invoke(event(...args)))!;
      assert.equal(answer.functionError, undefined, JSON.stringify(answer.body));
      const body = answer.body as {
        statusCode: number;
        headers: Record<string, string>;
        body: string;
        isBase64Encoded: boolean;
      };
      return { ...body, bytes: Buffer.from(body.body, body.isBase64Encoded ? "base64" : "utf8") };
    };
    try {
      const health = await ask("/healthz");
      assert.deepEqual([health.statusCode, JSON.parse(health.body)], [200, { status: "ok" }]);
      const asked = s3.server.count();
      const tile = await ask("/rasterio/tiles/WebMercatorQuad/9/124/177.png", "rescale=0,255");
      assert.equal(tile.statusCode, 200, tile.body);
      assert.equal(tile.isBase64Encoded, true);
      assert.equal(tile.headers["content-type"], "image/png");
      assert.equal(tile.headers["access-control-allow-origin"], "*");
      const { width, height } = decode(tile.bytes);
      assert.deepEqual([width, height], [256, 256]);
      // Links are of the function's URL, which knows https only.
      const tileJson = JSON.parse((await ask("/rasterio/WebMercatorQuad/tilejson.json")).body);
      assert.ok(tileJson.tiles[0].startsWith(`https://${HOST}/rasterio/tiles/`), tileJson.tiles[0]);
      // An API's stage stands in them, and is no part of the path.
      const staged = await lambda.invoke({
        resource: "/{proxy+}",
        path: "/rasterio/WebMercatorQuad/tilejson.json",
        httpMethod: "GET",
        headers: { Host: "id.execute-api.us-west-2.amazonaws.com" },
        requestContext: { stage: "prod", path: "/prod/rasterio/WebMercatorQuad/tilejson.json" },
      });
      const [first] = JSON.parse(String(staged!.body.body)).tiles;
      assert.ok(
        first.startsWith("https://id.execute-api.us-west-2.amazonaws.com/prod/rasterio/tiles/"),
        first,
      );
      const nothing = await ask("/rasterio/tiles/WebMercatorQuad/9/0/0.png");
      assert.deepEqual([nothing.statusCode, nothing.body], [204, ""]);
      const triangle = [[-92.5, 48], [-92, 48], [-92, 48.5], [-92.5, 48]];
      const feature = JSON.stringify({
        type: "Feature",
        properties: {},
        geometry: { type: "Polygon", coordinates: [triangle] },
      });
      const statistics = await ask("/rasterio/statistics", "", {
        method: "POST",
        body: Buffer.from(feature).toString("base64"),
        isBase64Encoded: true,
      });
      assert.equal(statistics.statusCode, 200, statistics.body);
      const [band] = Object.values(JSON.parse(statistics.body).properties.statistics) as { count: number }[];
      assert.ok(band.count > 10, statistics.body);
      assert.equal((await ask("/no/such/place")).statusCode, 404);
      assert.equal((await ask("/rasterio/tiles/WebMercatorQuad/9/a/b.png")).statusCode, 422);
      // 3000 x 3000 values of a byte with their mask are more than a function gives.
      const large = await ask("/rasterio/bbox/-92.5,48,-92,48.5/3000x3000.npy");
      assert.equal(large.statusCode, 413);
      assert.match(JSON.parse(large.body).detail, /a Lambda function gives/);
      assert.equal(lambda.coldStarts, 1);
      assert.equal(s3.server.count(), asked, "the catalog was read again");
      const refused = (await lambda.invoke({ run_dir: "x" }))!;
      assert.equal(refused.functionError, "Unhandled");
      assert.match(String(refused.body.errorMessage), /none of HTTP/);
    } finally {
      await lambda.stop();
      await s3.stop();
    }
  },
});

Deno.test("deploy aws --serve says what it cannot serve, and plain deploy aws takes none of its flags", async () => {
  const cases: [string[], RegExp][] = [
    [["--serve", "--print"], /there is nothing to serve/],
    [["--serve", "--print", "--catalog", "hls.parquet"], /a function reads from S3 only/],
    [["--serve", "--print", "--catalog", "s3://maps/folder/"], /a catalog's file \(\.parquet\)/],
    [["--serve", "--print", "--cmr", "d.yaml"], /--serve is of no dataset/],
    [["--print", "--cmr"], /--cmr is of a server/],
    [[], /say --print for the template/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await granary(["deploy", "aws", ...args]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
  }
  const printed = await ok(["deploy", "aws", "--serve", "--catalog", "hls=s3://maps/a.parquet"]);
  const { Function: made } = JSON.parse(printed).Resources;
  assert.deepEqual(JSON.parse(made.Properties.Environment.Variables.GRANARY_SERVE), {
    catalogs: ["hls=s3://maps/a.parquet"],
    stores: [],
    cmr_url: null,
  });
});
