import assert from "node:assert/strict";
import { GranaryError } from "../../../core/errors.ts";
import { chooseAsset } from "../../../catalog/asset_choice.ts";
import { locate } from "../../../catalog/driver.ts";
import { checkPath, locationBy } from "../../../catalog/granule_address.ts";
import { parseDrivers } from "../../../catalog/driver_choice.ts";
import type { GranuleAsset, GranuleRow } from "../../../catalog/granule.ts";

function row(fields: Partial<GranuleRow> = {}): GranuleRow {
  return {
    id: "ATL06_1",
    collection: "ATL06.006",
    provider: "NSIDC_CPRD",
    concept_id: null,
    revision: 1,
    start_datetime: null,
    end_datetime: null,
    datetime: null,
    geometry: null,
    bbox: null,
    cell_order: 8,
    cells: new BigUint64Array(0),
    s3_base: "s3://nsidc-cumulus-prod-protected/",
    https_base: "https://data.nsidc.earthdatacloud.nasa.gov/nsidc-cumulus-prod-protected/",
    local_base: "/mirror/NSIDC_CPRD/ATL06.006/",
    path: "ATLAS/ATL06/006/a.h5",
    s3_credentials: "https://data.nsidc.earthdatacloud.nasa.gov/s3credentials",
    s3_region: null,
    s3_endpoint: null,
    s3_access: null,
    size_bytes: null,
    checksum: null,
    assets: [],
    properties: {},
    ...fields,
  };
}

const HERE = { localRegion: "us-west-2", exists: () => false };
const tagged = (tag: string, text: RegExp) => (error: unknown) =>
  error instanceof GranaryError && error.tag === tag && text.test(error.message);

Deno.test("auto takes the local file, then S3 within the region, then HTTPS, then S3 from elsewhere", () => {
  assert.equal(
    locate(row(), "auto", { ...HERE, exists: () => true }).url,
    "/mirror/NSIDC_CPRD/ATL06.006/ATLAS/ATL06/006/a.h5",
  );
  assert.deepEqual(locate(row(), "auto", HERE), {
    kind: "s3",
    url: "s3://nsidc-cumulus-prod-protected/ATLAS/ATL06/006/a.h5",
    s3: {
      credentials: "https://data.nsidc.earthdatacloud.nasa.gov/s3credentials",
      region: null,
      endpoint: null,
      access: null,
    },
  });
  const elsewhere = { ...HERE, localRegion: "eu-central-1" };
  assert.equal(locate(row(), "auto", elsewhere).kind, "https");
  assert.equal(locate(row(), "auto", { exists: () => false }).kind, "https");
  assert.equal(locate(row({ s3_region: "eu-central-1" }), "auto", elsewhere).kind, "s3");
  assert.equal(locate(row({ https_base: null }), "auto", elsewhere).kind, "s3");
  assert.equal(locate(row({ https_base: null, s3_base: null }), "auto", elsewhere).kind, "local");
});

Deno.test("a single driver never falls back; a list does, and says so in words of the collection", () => {
  const noS3 = row({ s3_base: null });
  assert.throws(
    () => locate(noS3, parseDrivers("s3"), HERE),
    tagged("granule", /no address for --driver s3 .*try --driver s3,local,https/),
  );
  const reported: string[] = [];
  const location = locate(noS3, parseDrivers("s3,https"), { ...HERE, warn: (text) => reported.push(text) });
  assert.equal(location.kind, "https");
  assert.deepEqual(reported, ["ATL06.006: some granules have no s3 address and are read by https"]);
  locate(row(), parseDrivers("local,https"), { ...HERE, warn: (text) => reported.push(text) });
  assert.equal(reported[1], "ATL06.006: some granules have no local file and are read by https");
  assert.equal(locate(row(), parseDrivers("local"), HERE).kind, "local");
});

Deno.test("drivers are parsed, and what is none is refused by name", () => {
  assert.equal(parseDrivers("auto"), "auto");
  assert.deepEqual(parseDrivers(" s3 , https,s3"), ["s3", "https"]);
  assert.throws(() => parseDrivers("s3,ftp"), tagged("input", /unknown driver "ftp" \(known: auto/));
  assert.throws(() => parseDrivers(""), tagged("input", /known: auto/));
});

Deno.test("a path of a catalog never leaves its base", () => {
  const bad = [
    "../x.h5",
    "a/../../x.h5",
    "a/..",
    "./x",
    "/etc/passwd",
    "\\server\\x",
    "a\\..\\x",
    "C:/x",
    "%2e%2e/x",
    "a/%2E%2e/x",
    "a%2f..%2fx",
    "%252e%252e/x",
    "a%5c..%5cx",
    "%2fetc/passwd",
    "a\0b",
    "a%00b",
    "",
  ];
  for (const path of bad) {
    for (const kind of ["local", "https", "s3"] as const) {
      assert.throws(() => locationBy(row({ path }), kind), tagged("input", /the path/), JSON.stringify(path));
    }
  }
  for (const path of ["a.h5", "a/b..c/d.h5", "..a/b", "a/100%/b", "a b/é.h5", "a/b%20c.h5", "a.h5?x=../y"]) {
    assert.doesNotThrow(() => checkPath(row(), path), path);
  }
});

Deno.test("a path that would name another host is refused", () => {
  const cases: [Partial<GranuleRow>, "https" | "s3"][] = [
    [{ https_base: "https://good.org", path: ".evil.org/x" }, "https"],
    [{ https_base: "https://good.org", path: "@evil.org/x" }, "https"],
    [{ https_base: "https://good.org", path: ":99/x" }, "https"],
    [{ s3_base: "s3://bucket", path: "-evil/x" }, "s3"],
  ];
  for (const [fields, kind] of cases) {
    assert.throws(() => locationBy(row(fields), kind), tagged("input", /leads away from its base/));
  }
});

Deno.test("an asset is chosen by key or glob, and read where it lies", () => {
  const asset = (key: string, fields: Partial<GranuleAsset>): GranuleAsset => ({
    key,
    path: null,
    media_type: null,
    size_bytes: null,
    checksum: null,
    s3_href: null,
    https_href: null,
    local_href: null,
    s3_credentials: null,
    ...fields,
  });
  const b04 = asset("B04", { path: "T/B04.tif" });
  const mask = asset("Fmask", {
    https_href: "https://elsewhere.org/T.Fmask.tif",
    s3_credentials: "https://e/other",
  });
  const many = row({ assets: [b04, mask] });
  assert.equal(chooseAsset(many, null), null);
  assert.equal(chooseAsset(many, "B04"), b04);
  assert.equal(chooseAsset(many, "*.Fmask.tif"), mask);
  assert.equal(chooseAsset(many, "*.h5"), null, "the granule's own file");
  assert.throws(() => chooseAsset(many, "*"), tagged("input", /fits 2 of its files \(it has B04, Fmask\)/));
  assert.throws(() => chooseAsset(many, "B99"), tagged("input", /fits 0 of its files/));
  assert.equal(locationBy(many, "https", b04)?.url, `${many.https_base}T/B04.tif`);
  assert.equal(locationBy(many, "https", mask)?.url, "https://elsewhere.org/T.Fmask.tif");
  assert.equal(locationBy(many, "s3", mask), undefined);
  assert.equal(locate(many, "auto", { ...HERE, asset: mask }).kind, "https");
});
