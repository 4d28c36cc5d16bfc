import assert from "node:assert/strict";
import fs from "node:fs";
import { GranaryError } from "../../../../../core/errors.ts";
import { parseCmrAnswer, readDrafts } from "../../../../../catalog/discover/cmr/cmr_answer.ts";
import type { CollectionFacts, Draft } from "../../../../../catalog/discover/draft/draft.ts";
import { Tally } from "../../../../../catalog/discover/draft/tally.ts";
import { answerText, rawItems } from "../../../../support/cmr_server.ts";
import { hasSharedData, sharedData } from "../../../../shared_data.ts";

function readAll(
  text: string,
  collection?: (id: string) => CollectionFacts | null,
): { drafts: Draft[]; tally: Tally } {
  const tally = new Tally();
  const context = collection === undefined ? { tally } : { tally, collection };
  return { drafts: [...readDrafts(parseCmrAnswer(text, "answer"), context)], tally };
}

const shared = { ignore: !hasSharedData };
const files = hasSharedData
  ? ["cmr", "cmr/http"].flatMap((folder) =>
    fs.readdirSync(sharedData(folder)).filter((name) => name.endsWith(".json")).map((name) =>
      `${folder}/${name}`
    )
  )
  : [];
/** Answers that are none, and the odd ones whose granule has no link to keep. */
const NO_ROWS: Record<string, string> = {
  "cmr/minimal.json": "no granule id",
  "cmr/no_related_urls.json": "no data link",
  "cmr/related_url_wo_Type.json": "no data link",
  "cmr/related_url_wo_URL.json": "no data link",
  "cmr/related_urls_not_an_array.json": "no data link",
  "cmr/related_urls_wo_Type.json": "no data link",
};
const NO_ANSWER = ["cmr/items_not_an_array.json", "cmr/s3_bucket_to_credentials_endpoint.json"];

Deno.test({
  ...shared,
  name: "every granule of every recorded answer gives its row or is counted",
  fn: () => {
    let rows = 0;
    for (const file of files) {
      if (NO_ANSWER.includes(file)) continue;
      const { drafts, tally } = readAll(fs.readFileSync(sharedData(file), "utf8"));
      assert.equal(drafts.length + tally.count("granule"), rawItems(file).length, file);
      assert.equal(tally.count("granule", NO_ROWS[file] ?? ""), NO_ROWS[file] === undefined ? 0 : 1, file);
      rows += drafts.length;
    }
    // 218 UMM items and 177 feed entries, less the six of NO_ROWS.
    assert.equal(rows, 389);
  },
});

Deno.test({
  ...shared,
  name: "rows of UMM answers agree with the raw JSON, field by field",
  fn: () => {
    let checked = 0;
    for (const file of files) {
      if (NO_ANSWER.includes(file) || NO_ROWS[file] !== undefined) continue;
      const items = rawItems(file);
      if (items[0]?.umm === undefined) continue;
      const { drafts } = readAll(answerText(file));
      for (const [index, { umm, meta }] of items.entries()) {
        const { row } = drafts[index];
        assert.equal(row.id, umm.GranuleUR);
        assert.equal(row.provider, meta["provider-id"]);
        assert.equal(row.concept_id, meta["concept-id"]);
        assert.equal(row.revision, meta["revision-id"]);
        const reference = umm.CollectionReference;
        if (reference.ShortName) assert.equal(row.collection, `${reference.ShortName}.${reference.Version}`);
        const range = umm.TemporalExtent.RangeDateTime;
        assert.equal(new Date(row.start_datetime!).getTime(), new Date(range.BeginningDateTime).getTime());
        assert.equal(new Date(row.end_datetime!).getTime(), new Date(range.EndingDateTime).getTime());

        const urls: string[] = umm.RelatedUrls
          .filter((one: { Type: string }) => /^GET DATA( VIA DIRECT ACCESS)?$/.test(one.Type))
          .map((one: { URL: string }) => one.URL)
          .filter((url: string) => !/\.(sha256|xml|dmrpp)$/.test(url));
        const found = [
          row.s3_base === null ? [] : [row.s3_base + row.path],
          row.https_base === null ? [] : [row.https_base + row.path],
          row.assets.slice(1).flatMap((asset) => [
            asset.s3_href ?? (row.s3_base === null ? null : row.s3_base + asset.path),
            asset.https_href ?? (row.https_base === null ? null : row.https_base + asset.path),
          ]).filter((url) => url !== null),
        ].flat();
        assert.deepEqual(found.sort(), urls.sort(), `${file} ${row.id}`);

        const archive = umm.DataGranule.ArchiveAndDistributionInformation;
        const named = archive.find((one: { Name: string }) => row.path.endsWith(`/${one.Name}`)) ??
          (archive.length === 1 && row.assets.length === 0 ? archive[0] : undefined);
        if (named?.SizeInBytes !== undefined) {
          assert.equal(row.size_bytes, named.SizeInBytes);
          assert.equal(row.properties.size_is_rounded, undefined);
        } else if (named?.SizeUnit === "MB") {
          assert.equal(row.size_bytes, Math.round(named.Size * 1e6));
          assert.equal(row.properties.size_is_rounded, true);
        } else assert.equal(row.size_bytes, null);
        if (named?.Checksum !== undefined) {
          const algorithm = named.Checksum.Algorithm === "MD5" ? "md5" : "sha256";
          assert.equal(row.checksum, `${algorithm}:${named.Checksum.Value.toLowerCase()}`);
        } else assert.equal(row.checksum, null);

        const endpoint = umm.RelatedUrls.find((one: { URL: string }) => one.URL.endsWith("/s3credentials"))
          ?.URL;
        if (endpoint !== undefined) assert.equal(row.s3_credentials, endpoint);
        assert.equal(row.properties.revision_date, meta["revision-date"]);
        assert.equal(row.properties.production_datetime, umm.DataGranule.ProductionDateTime);
        for (const attribute of umm.AdditionalAttributes ?? []) {
          const value = (row.properties.additional_attributes as Record<string, unknown>)[attribute.Name];
          assert.deepEqual(Array.isArray(value) ? value : [value], attribute.Values);
        }
        checked += 1;
      }
    }
    assert.equal(checked, 212);
  },
});

Deno.test({
  ...shared,
  name: "extents of UMM answers agree with the raw JSON",
  fn: () => {
    for (const file of files) {
      if (NO_ANSWER.includes(file) || NO_ROWS[file] !== undefined) continue;
      const items = rawItems(file);
      if (items[0]?.umm === undefined) continue;
      const { drafts } = readAll(answerText(file));
      for (const [index, { umm }] of items.entries()) {
        const domain = umm.SpatialExtent.HorizontalSpatialDomain;
        const extent = drafts[index].extent!;
        const { GPolygons = [], BoundingRectangles = [] } = domain.Geometry ?? {};
        assert.equal(extent.polygons.length, GPolygons.length);
        // deno-lint-ignore no-explicit-any
        GPolygons.forEach((polygon: any, at: number) => {
          // deno-lint-ignore no-explicit-any
          const pairs = polygon.Boundary.Points.flatMap((point: any) => [point.Longitude, point.Latitude]);
          assert.deepEqual([...extent.polygons[at].outer], pairs);
        });
        assert.deepEqual(
          extent.boxes.map((box) => [box.west, box.south, box.east, box.north]),
          // deno-lint-ignore no-explicit-any
          BoundingRectangles.map((box: any) => [
            box.WestBoundingCoordinate,
            box.SouthBoundingCoordinate,
            box.EastBoundingCoordinate,
            box.NorthBoundingCoordinate,
          ]),
        );
        assert.equal(extent.lines.length, domain.Orbit === undefined ? 0 : 1);
      }
    }
  },
});

Deno.test({
  ...shared,
  name: "an orbit-only granule gets its track, from its first latitude to its last",
  fn: () => {
    const { extent } = readAll(answerText("cmr/atl06_umm.json")).drafts[0];
    const track = extent!.lines[0];
    assert.equal(extent!.halfWidthKm, 18);
    assert.ok(Math.abs(track[1] - 59.5) < 0.3 && Math.abs(track.at(-1)! - 80) < 0.3);
    // The granule's own latitudes grow all the way: it flies north.
    for (let i = 3; i < track.length; i += 2) assert.ok(track[i] > track[i - 2]);
  },
});

Deno.test({
  ...shared,
  name: "the feed and the UMM answer of one granule agree",
  fn: () => {
    for (const name of ["atl03", "atl06", "atl08", "GPM_3IMERGHH", "Daymet_Daily_V4R1_2129"]) {
      const feed = readAll(answerText(`cmr/${name}.json`)).drafts;
      const umm = readAll(answerText(`cmr/${name}_umm.json`)).drafts;
      assert.equal(feed.length, umm.length);
      for (const [index, { row, extent }] of feed.entries()) {
        const other = umm[index];
        for (
          const column of [
            "id",
            "provider",
            "concept_id",
            "start_datetime",
            "end_datetime",
            "s3_base",
            "https_base",
            "path",
            "s3_credentials",
            "s3_region",
            "s3_access",
          ] as const
        ) assert.deepEqual(row[column], other.row[column], `${name} ${column}`);
        assert.deepEqual({ ...extent, edges: 0 }, { ...other.extent, edges: 0 });
      }
    }
  },
});

Deno.test({
  ...shared,
  name: "feed entries are named by their collection's concept id",
  fn: () => {
    const { drafts } = readAll(answerText("cmr/atl06.json"));
    assert.equal(drafts[0].row.collection, rawItems("cmr/atl06.json")[0].collection_concept_id);
    const named = readAll(answerText("cmr/atl06.json"), (conceptId) => ({
      conceptId,
      name: "ATL06.005",
      edges: "unknown",
      orbit: null,
      s3Credentials: null,
      s3Region: null,
      times: [],
    }));
    assert.equal(named.drafts[0].row.collection, "ATL06.005");
  },
});

Deno.test("collections are named by concept id when an answer has no short name", () => {
  const item = sound();
  item.umm.CollectionReference = { EntryTitle: "Some product V1" };
  item.meta["collection-concept-id"] = "C1-PROV";
  assert.equal(readAll(JSON.stringify({ items: [item] })).drafts[0].row.collection, "C1-PROV");
  delete item.meta["collection-concept-id"];
  assert.equal(readAll(JSON.stringify({ items: [item] })).drafts[0].row.collection, "Some product V1");
});

Deno.test("facts of the collection come before what its links say", () => {
  const item = sound();
  item.meta["collection-concept-id"] = "C1-PROV";
  const facts: CollectionFacts = {
    conceptId: "C1-PROV",
    name: "P.1",
    edges: "planar",
    orbit: null,
    s3Credentials: "https://other.example/s3credentials",
    s3Region: "eu-central-1",
    times: [],
  };
  const [draft] = readAll(JSON.stringify({ items: [item] }), () => facts).drafts;
  assert.equal(draft.row.s3_credentials, facts.s3Credentials);
  assert.equal(draft.row.s3_region, "eu-central-1");
  assert.equal(draft.extent!.edges, "planar");
});

// deno-lint-ignore no-explicit-any
function sound(): any {
  return {
    meta: { "concept-id": "G1-PROV", "revision-id": 1, "provider-id": "PROV", "native-id": "n" },
    umm: {
      GranuleUR: "granule-1",
      CollectionReference: { ShortName: "P", Version: "1" },
      RelatedUrls: [
        { URL: "https://h.example/d/P/x.h5", Type: "GET DATA" },
        { URL: "s3://bucket/P/x.h5", Type: "GET DATA VIA DIRECT ACCESS" },
        { URL: "https://h.example/s3credentials", Type: "VIEW RELATED INFORMATION" },
      ],
      TemporalExtent: { SingleDateTime: "2020-01-01T00:00:00Z" },
      SpatialExtent: {
        HorizontalSpatialDomain: {
          Geometry: {
            BoundingRectangles: [{
              WestBoundingCoordinate: 1,
              SouthBoundingCoordinate: 2,
              EastBoundingCoordinate: 3,
              NorthBoundingCoordinate: 4,
            }],
          },
        },
      },
    },
  };
}

Deno.test("a single time is start, end and datetime", () => {
  const { row } = readAll(JSON.stringify({ items: [sound()] })).drafts[0];
  assert.deepEqual([row.start_datetime, row.end_datetime, row.datetime], Array(3).fill(Date.UTC(2020, 0, 1)));
});

const point = (Longitude: unknown, Latitude: unknown) => ({ Longitude, Latitude });
const square = [point(0, 0), point(4, 0), point(4, 4), point(0, 4), point(0, 0)];

Deno.test("holes, several polygons, points and lines are all kept", () => {
  const item = sound();
  item.umm.SpatialExtent.HorizontalSpatialDomain.Geometry = {
    GPolygons: [
      {
        Boundary: { Points: square },
        ExclusiveZone: {
          Boundaries: [{
            Points: square.map((p) => point(1 + Number(p.Longitude) / 4, 1 + Number(p.Latitude) / 4)),
          }],
        },
      },
      { Boundary: { Points: square.map((p) => point(Number(p.Longitude) + 10, p.Latitude)) } },
    ],
    Points: [point(50, -60)],
    Lines: [{ Points: [point(170, 1), point(-170, 2)] }],
  };
  const { extent } = readAll(JSON.stringify({ items: [item] })).drafts[0];
  assert.equal(extent!.polygons.length, 2);
  assert.deepEqual([...extent!.polygons[0].holes[0]], [1, 1, 2, 1, 2, 2, 1, 2, 1, 1]);
  assert.deepEqual([...extent!.points], [50, -60]);
  assert.deepEqual([...extent!.lines[0]], [170, 1, -170, 2]);
});

Deno.test("an extent with a part that cannot be read is unknown, never smaller than stated", () => {
  const bad = [
    { GPolygons: [{ Boundary: { Points: square } }, { Boundary: { Points: [point(0, 91), ...square] } }] },
    { GPolygons: [{ Boundary: { Points: [] } }] },
    { GPolygons: [null] },
    { GPolygons: { Boundary: {} } },
    {
      BoundingRectangles: [{
        WestBoundingCoordinate: 1,
        EastBoundingCoordinate: 2,
        SouthBoundingCoordinate: 5,
        NorthBoundingCoordinate: 4,
      }],
    },
    { Points: [point("x", 1)] },
    { Lines: [{ Points: [point(1, 1)] }] },
  ];
  for (const Geometry of bad) {
    const item = sound();
    item.umm.SpatialExtent.HorizontalSpatialDomain.Geometry = Geometry;
    const { drafts, tally } = readAll(JSON.stringify({ items: [item] }));
    assert.equal(drafts[0].extent, null, JSON.stringify(Geometry));
    assert.equal(tally.count("note", "footprint unknown: spatial extent that cannot be read"), 1);
  }
});

Deno.test("an orbit of an unknown mission keeps its row, counted, and takes parameters that are given", () => {
  const item = sound();
  item.umm.SpatialExtent.HorizontalSpatialDomain = {
    Orbit: {
      AscendingCrossing: 10,
      StartLatitude: 0,
      StartDirection: "A",
      EndLatitude: 50,
      EndDirection: "A",
    },
  };
  const text = JSON.stringify({ items: [item] });
  const { drafts, tally } = readAll(text);
  assert.equal(drafts[0].extent, null);
  assert.equal(tally.count("note"), 1);
  const orbit = { inclinationDegrees: 60, nodeShiftDegrees: 24, swathWidthKm: 10, startDegrees: 0 };
  const [draft] = [...readDrafts(parseCmrAnswer(text, "x"), { tally: new Tally(), orbit })];
  assert.equal(draft.extent!.halfWidthKm, 5);
});

Deno.test("hostile names and links are set aside with their reason, or kept as they are", () => {
  const hostile: [string, (item: ReturnType<typeof sound>) => void][] = [
    ["id with control characters", (item) => item.umm.GranuleUR = "a\nb"],
    [
      "collection that climbs out of a folder",
      (item) => item.umm.CollectionReference.ShortName = "../../etc/x/..",
    ],
    ["provider that climbs out of a folder", (item) => item.meta["provider-id"] = ".."],
    ["no data link", (item) => item.umm.RelatedUrls = [{ URL: "https://h/../../x.h5", Type: "GET DATA" }]],
    ["no data link", (item) => item.umm.RelatedUrls = [{ URL: 7, Type: "GET DATA" }, null, "x", []]],
    ["no granule id", (item) => (item.umm.GranuleUR = 7, item.meta["native-id"] = null)],
    ["item without UMM metadata", (item) => item.umm = []],
  ];
  for (const [reason, spoil] of hostile) {
    const item = sound();
    spoil(item);
    const { drafts, tally } = readAll(JSON.stringify({ items: [item, sound()] }));
    assert.equal(drafts.length, 1, reason);
    assert.equal(tally.count("granule", reason), 1, `${reason}: ${tally.lines()}`);
  }
  const quoted = sound();
  quoted.umm.GranuleUR = `x'); DROP TABLE granules; --"`;
  assert.equal(readAll(JSON.stringify({ items: [quoted] })).drafts[0].row.id, quoted.umm.GranuleUR);
});

Deno.test("wrong types never become values", () => {
  const item = sound();
  item.meta["revision-id"] = "x";
  item.umm.TemporalExtent = { RangeDateTime: { BeginningDateTime: 5, EndingDateTime: "soon" } };
  item.umm.DataGranule = {
    ArchiveAndDistributionInformation: [
      { SizeInBytes: -5, Size: "NaN", SizeUnit: "MB", Checksum: { Algorithm: "MD5", Value: "xyz" } },
    ],
  };
  item.umm.CloudCover = "clear";
  const { drafts, tally } = readAll(JSON.stringify({ items: [item] }));
  const { row } = drafts[0];
  assert.deepEqual(
    [
      row.revision,
      row.start_datetime,
      row.end_datetime,
      row.size_bytes,
      row.checksum,
      row.properties.cloud_cover,
    ],
    [null, null, null, null, null, undefined],
  );
  assert.equal(tally.count("note", "checksum that cannot be read"), 1);
  assert.equal(tally.count("note", "no time that can be read"), 1);
});

Deno.test("times in reverse are put in order and counted", () => {
  const item = sound();
  item.umm.TemporalExtent = {
    RangeDateTime: { BeginningDateTime: "2020-01-02T00:00:00Z", EndingDateTime: "2020-01-01T00:00:00Z" },
  };
  const { drafts, tally } = readAll(JSON.stringify({ items: [item] }));
  assert.ok(drafts[0].row.start_datetime! < drafts[0].row.end_datetime!);
  assert.equal(tally.count("note"), 1);
});

Deno.test("what is no answer is refused with what was found", () => {
  const refused: [string, RegExp][] = [
    ["", /no JSON/],
    ["{", /no JSON/],
    ["<!DOCTYPE html><html>Login", /a web page/],
    ["[]", /wanted an object/],
    ["7", /wanted an object/],
    ["{}", /an empty object/],
    ['{"items": {"a": 1}}', /"items" is an object, not a list/],
    ['{"feed": {"entry": "x"}}', /"feed.entry" is a string/],
    ['{"errors": ["Parameter [x] was not recognized."]}', /Parameter \[x\] was not recognized/],
  ];
  for (const [text, wanted] of refused) {
    assert.throws(() => parseCmrAnswer(text, "saved.json"), (error: unknown) => {
      assert.ok(error instanceof GranaryError && error.tag === "input", text);
      assert.match(error.message, /^saved\.json: /);
      assert.match(error.message, wanted);
      return true;
    });
  }
});

Deno.test("items that are nothing are counted one by one", () => {
  const { drafts, tally } = readAll(JSON.stringify({ items: [null, 1, "x", [], {}, sound()] }));
  assert.equal(drafts.length, 1);
  assert.equal(tally.count("granule", "item without UMM metadata"), 5);
});
