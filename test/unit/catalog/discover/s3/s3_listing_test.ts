import assert from "node:assert/strict";
import { SourceOpener } from "../../../../../core/access/open.ts";
import { GranaryError } from "../../../../../core/errors.ts";
import { discoverS3 } from "../../../../../catalog/discover/discover.ts";
import type { S3Listing } from "../../../../../catalog/discover/s3/s3_listing.ts";
import type { GranuleRow } from "../../../../../catalog/granule.ts";
import { FaultSchedule } from "../../../../support/faults.ts";
import { type FakeS3, startFakeS3 } from "../../../../support/s3_fake.ts";

function scene(run: (s3: FakeS3, opener: SourceOpener) => Promise<void>): () => Promise<void> {
  return async () => {
    const s3 = await startFakeS3();
    s3.readers.set("bucket", new Set(["*"]));
    const opener = new SourceOpener({
      env: { HOME: "/nonexistent", AWS_ENDPOINT_URL_S3: s3.server.url, AWS_EC2_METADATA_DISABLED: "true" },
      retry: { attempts: 4, baseMs: 2, capMs: 5 },
    });
    try {
      await run(s3, opener);
    } finally {
      await s3.stop();
    }
  };
}

async function rowsOf(listing: Partial<S3Listing>, opener: SourceOpener, query = {}) {
  const found = discoverS3({ prefixes: ["s3://bucket/omi/"], ...listing }, opener, { cellOrder: 8 }, query);
  const rows: GranuleRow[] = [];
  for await (const row of found.rows) rows.push(row);
  return { rows, tally: found.tally, query: found.query() };
}

const put = (s3: FakeS3, ...keys: string[]) => {
  for (const key of keys) s3.objects.set(`bucket/${key}`, new Uint8Array(5));
};

Deno.test(
  "objects become rows with what their names say, and the others are counted",
  scene(async (s3, opener) => {
    put(
      s3,
      "omi/2016/OMI-Aura_L3-OMTO3d_2016m0331_v003-2016m0402t051523.he5",
      "omi/2016/OMI-Aura_L3-OMTO3d_2016m0331_v003-2016m0402t051523.he5.xml",
      "omi/2016/readme.txt",
      "omi/2016/",
      "omi/é ü+&.nc",
      "other/x.he5",
    );
    const { rows, tally, query } = await rowsOf({ collection: "MINE.1" }, opener);
    assert.deepEqual(rows.map(({ id, collection }) => [id, collection]), [
      ["OMI-Aura_L3-OMTO3d_2016m0331_v003-2016m0402t051523.he5", "OMTO3d.003"],
      ["é ü+&.nc", "MINE.1"],
    ]);
    const [omi, plain] = rows;
    assert.equal(omi.s3_base! + omi.path, "s3://bucket/omi/2016/" + omi.id);
    assert.equal(omi.start_datetime, Date.UTC(2016, 2, 31));
    assert.equal(omi.end_datetime, Date.UTC(2016, 3, 1) - 1);
    assert.deepEqual([omi.size_bytes, omi.checksum, omi.geometry, omi.cells.length], [5, null, null, 0]);
    assert.deepEqual(omi.properties, { etag: "0123456789abcdef", last_modified: "2024-01-02T03:04:05.000Z" });
    assert.equal(plain.start_datetime, null);
    assert.equal(tally.count("link", "no name of a granule's file"), 2);
    assert.equal(tally.count("link", "mark of a folder"), 1);
    assert.equal(tally.count("note", "name that tells no time"), 1);
    assert.equal(query.source, "s3");
    assert.deepEqual(query.parameters.prefixes, ["s3://bucket/omi/"]);
  }),
);

Deno.test(
  "pages are asked for as rows are taken, and each once",
  scene(async (s3, opener) => {
    s3.pageKeys = 4;
    put(s3, ...Array.from({ length: 18 }, (_, i) => `omi/${String(i).padStart(3, "0")}.nc`));
    const found = discoverS3({ prefixes: ["s3://bucket/omi/"] }, opener, { cellOrder: 8 });
    const rows: GranuleRow[] = [];
    for await (const row of found.rows) {
      rows.push(row);
      assert.equal(s3.server.count(/list-type/), Math.ceil(rows.length / 4));
    }
    assert.deepEqual(rows.map(({ id }) => id), [...rows.map(({ id }) => id)].sort());
    assert.equal(rows.length, 18);
    assert.equal(s3.server.count(/list-type/), 5);
  }),
);

Deno.test(
  "a glob or a regular expression over the key below the prefix chooses",
  scene(async (s3, opener) => {
    put(s3, "omi/a/OMSO2e_1.he5", "omi/b/OMTO3d_1.he5", "omi/b/OMTO3d_2.bin");
    const ids = async (match: string) => (await rowsOf({ match }, opener)).rows.map(({ id }) => id);
    assert.deepEqual(await ids("b/*"), ["OMTO3d_1.he5", "OMTO3d_2.bin"]);
    assert.deepEqual(await ids("/OM(SO2e|TO3d)_1\\.he5$/"), ["OMSO2e_1.he5", "OMTO3d_1.he5"]);
    assert.deepEqual(await ids("omi/*"), [], "the prefix is no part of what is matched");
    await assert.rejects(ids("/(/"), /match: "\/\(\/" has a "\("/);
    await assert.rejects(ids("/(?=x)/"), /looks around/);
  }),
);

Deno.test(
  "an answer that fails in passing is asked for again, and nothing is lost or doubled",
  scene(async (s3, opener) => {
    s3.pageKeys = 2;
    put(s3, "omi/1.nc", "omi/2.nc", "omi/3.nc", "omi/4.nc", "omi/5.nc");
    s3.server.faults = new FaultSchedule([
      { at: [1], fault: { kind: "status", status: 503 } },
      { at: [3], fault: { kind: "reset" } },
    ]);
    const { rows } = await rowsOf({}, opener);
    assert.deepEqual(rows.map(({ id }) => id), ["1.nc", "2.nc", "3.nc", "4.nc", "5.nc"]);
    assert.equal(s3.server.faults.served, 2);
  }),
);

Deno.test(
  "buckets are asked unsigned, with the requester paying, and elsewhere, as the settings say",
  scene(async (s3, opener) => {
    put(s3, "omi/1.nc");
    const unsigned = await rowsOf({ s3: { access: "unsigned" } }, opener);
    assert.equal(s3.server.seen.at(-1)!.headers.authorization, undefined);
    assert.equal(unsigned.rows[0].s3_access, "unsigned");
    const env = {
      HOME: "/nonexistent",
      AWS_ACCESS_KEY_ID: "AKIAEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_EC2_METADATA_DISABLED: "true",
    };
    const elsewhere = { access: "requester-pays", region: "us-west-2", endpoint: s3.server.url } as const;
    const paying = await rowsOf({ s3: elsewhere }, new SourceOpener({ env }));
    const { headers } = s3.server.seen.at(-1)!;
    assert.equal(headers["x-amz-request-payer"], "requester");
    assert.match(headers.authorization!, /^AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE\//);
    const [{ s3_access, s3_region, s3_endpoint }] = paying.rows;
    assert.deepEqual([s3_access, s3_region, s3_endpoint], ["requester-pays", "us-west-2", s3.server.url]);
    assert.ok(!JSON.stringify(paying.query).includes("AKIA"));
  }),
);

Deno.test(
  "what is no S3 service, no prefix or not allowed is refused with the reason",
  scene(async (s3, opener) => {
    await assert.rejects(rowsOf({ prefixes: ["/tmp/x"] }, opener), /no address of an object/);
    await assert.rejects(rowsOf({ prefixes: [] }, opener), /no prefix/);
    s3.readers.delete("bucket");
    await assert.rejects(
      rowsOf({}, opener),
      (error) => error instanceof GranaryError && error.tag === "credential",
    );
  }),
);

Deno.test(
  "files of one id are one granule, however far apart they lie, and each is an asset",
  scene(async (s3, opener) => {
    put(s3, "omi/B04/x_2024.B04.tif", "omi/B04/y_2024.B04.tif", "omi/B05/x_2024.B05.tif", "omi/other.tif");
    const { rows, tally } = await rowsOf({ id: String.raw`^([a-z]_\d{4})\.` }, opener);
    assert.deepEqual(rows.map(({ id, assets }) => [id, assets.map(({ key }) => key)]), [
      ["x_2024", ["x_2024.B04.tif", "x_2024.B05.tif"]],
      ["y_2024", ["y_2024.B04.tif"]],
    ]);
    assert.deepEqual(rows[0].assets.map((asset) => rows[0].s3_base! + asset.path), [
      "s3://bucket/omi/B04/x_2024.B04.tif",
      "s3://bucket/omi/B05/x_2024.B05.tif",
    ]);
    assert.equal(tally.count("granule", "name that tells no id"), 1);
    await assert.rejects(rowsOf({ id: "(" }, opener), /id: "\(" has a "\("/);
  }),
);
