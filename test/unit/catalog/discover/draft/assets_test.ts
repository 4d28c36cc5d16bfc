import assert from "node:assert/strict";
import fc from "fast-check";
import {
  chooseData,
  type GranuleLink,
  isCredentialEndpoint,
  locate,
} from "../../../../../catalog/discover/draft/assets.ts";
import { locationBy } from "../../../../../catalog/granule_address.ts";
import { assetLocation } from "../../../../../catalog/locations.ts";
import { sampleRow } from "../../sample.ts";
import { Tally } from "../../../../../catalog/discover/draft/tally.ts";

const data = (url: string, key?: string): GranuleLink => ({ url, relation: "data", key });

Deno.test("sidecars, browse images and endpoints are set aside with their reasons", () => {
  const tally = new Tally();
  const files = chooseData([
    data("https://h/a/x.h5"),
    data("https://h/a/x.h5.dmrpp"),
    data("https://h/a/x.cmr.xml"),
    data("https://h/a/x.met"),
    data("https://h/a/x.h5.md5"),
    data("https://h/a/x.png"),
    data("https://h/a/x_stac.json"),
    data("https://h/s3credentials"),
    { url: "https://h/a/b.jpg", relation: "browse" },
    { url: "https://h/doc", relation: "documentation" },
    { url: "https://h/y.h5", relation: "untyped" },
  ], tally);
  assert.deepEqual(files.map((file) => file.https), ["https://h/a/x.h5"]);
  assert.deepEqual(tally.toJSON().links, {
    "browse image": 1,
    "credential endpoint": 1,
    "documentation": 1,
    "link without a type": 1,
    "picture .png": 1,
    "sidecar .dmrpp": 1,
    "sidecar .json": 1,
    "sidecar .md5": 1,
    "sidecar .met": 1,
    "sidecar .xml": 1,
  });
});

Deno.test("every link is either in a file or counted", () => {
  const url = fc.constantFrom(
    "https://h/a/x.h5",
    "s3://b/a/x.h5",
    "s3://b/a/y.h5",
    "https://g/a/x.h5",
    "https://h/c/x.h5",
    "https://h/a/x.xml",
    "https://h/a/x.png",
    "ftp://h/x",
    "https://h/../x.h5",
    "nonsense",
  );
  const relation = fc.constantFrom("data", "data", "data", "browse", "other") as fc.Arbitrary<
    GranuleLink["relation"]
  >;
  fc.assert(fc.property(fc.array(fc.record({ url, relation }), { maxLength: 8 }), (links) => {
    const tally = new Tally();
    const files = chooseData(links, tally);
    const kept = files.reduce(
      (sum, file) => sum + (file.s3 === null ? 0 : 1) + (file.https === null ? 0 : 1),
      0,
    );
    assert.equal(kept + tally.count("link"), links.length);
    assert.equal(new Set(files.map((file) => file.key)).size, files.length);
  }));
});

Deno.test("a picture is data where a granule has nothing else", () => {
  assert.equal(chooseData([data("https://h/a/x.png")], new Tally()).length, 1);
  assert.equal(chooseData([data("https://h/a/x.xml")], new Tally()).length, 0);
});

Deno.test("files of one name in two folders find their own partners in any order", () => {
  const files = chooseData([
    data("https://h/one/x.nc"),
    data("https://h/two/x.nc"),
    data("s3://b/two/x.nc"),
    data("s3://b/one/x.nc"),
  ], new Tally());
  assert.deepEqual(files.map((file) => [file.key, file.s3, file.https]), [
    ["x.nc", "s3://b/one/x.nc", "https://h/one/x.nc"],
    ["x.nc#2", "s3://b/two/x.nc", "https://h/two/x.nc"],
  ]);
});

Deno.test("one file under two names is one file, and its https link is kept in its asset", () => {
  const files = chooseData([data("s3://b/k/x_cloud.h5"), data("https://h/k/x.h5")], new Tally());
  const row = locate(files);
  assert.equal(row.s3_base! + row.path, "s3://b/k/x_cloud.h5");
  assert.equal(row.https_base, null);
  assert.equal(row.assets.length, 1);
  assert.equal(row.assets[0].https_href, "https://h/k/x.h5");
  assert.equal(row.assets[0].s3_href, "s3://b/k/x_cloud.h5");
});

Deno.test("two buckets in one granule: the second file keeps whole links", () => {
  const row = locate(chooseData([
    data("https://h/prot/C/x.nc"),
    data("s3://prot/C/x.nc"),
    data("https://h/pub/C/x.tif"),
    data("s3://pub/C/x.tif"),
    data("https://h/prot/C/y.nc"),
    data("s3://prot/C/y.nc"),
  ], new Tally()));
  assert.deepEqual([row.s3_base, row.https_base, row.path], ["s3://prot/", "https://h/prot/", "C/x.nc"]);
  const byKey = Object.fromEntries(row.assets.map((asset) => [asset.key, asset]));
  assert.deepEqual([byKey["y.nc"].path, byKey["y.nc"].s3_href], ["C/y.nc", null]);
  assert.deepEqual([byKey["x.tif"].s3_href, byKey["x.tif"].https_href], [
    "s3://pub/C/x.tif",
    "https://h/pub/C/x.tif",
  ]);
});

Deno.test("a file without an S3 link is not given one by the row's base", () => {
  const row = locate(chooseData([
    data("https://h/C/x.nc"),
    data("s3://b/C/x.nc"),
    data("https://h/C/y.nc"),
  ], new Tally()));
  const y = row.assets.find((asset) => asset.key === "y.nc")!;
  assert.deepEqual([y.path, y.s3_href, y.https_href], ["C/y.nc", null, "https://h/C/y.nc"]);
  const whole = sampleRow({ ...row, local_base: "/mirror/P/C/" });
  assert.equal(assetLocation(whole, y, "s3"), null);
  assert.equal(locationBy(whole, "s3", y), undefined);
  assert.equal(assetLocation(whole, y, "https"), "https://h/C/y.nc");
  assert.equal(locationBy(whole, "https", y)?.url, "https://h/C/y.nc");
  assert.equal(assetLocation(whole, y, "local"), "/mirror/P/C/C/y.nc", "it has a place in a mirror");
});

Deno.test("formats that hold observations come first", () => {
  const files = chooseData([data("https://h/a/x.txt"), data("https://h/a/x.nc")], new Tally());
  assert.deepEqual(files.map((file) => file.name), ["x.nc", "x.txt"]);
});

Deno.test("credential endpoints are identified by their path", () => {
  for (
    const url of [
      "https://archive.swot.podaac.earthdata.nasa.gov/s3credentials",
      "https://h/x/s3credentials/",
    ]
  ) {
    assert.ok(isCredentialEndpoint(url), url);
  }
  for (
    const url of ["http://h/s3credentials", "https://h/s3credentials/README", "https://u:p@h/s3credentials"]
  ) {
    assert.ok(!isCredentialEndpoint(url), url);
  }
});
