/** Catalogs that go out as items and come back: whatever footprints they have, and whatever was asked of them. */
import assert from "node:assert/strict";
import path from "node:path";
import fc from "fast-check";
import { createFootprinter } from "../../../../catalog/discover/draft/footprinter.ts";
import { importCatalog } from "../../../../catalog/discover/import.ts";
import { type EdgeRule, emptyExtent, type Extent } from "../../../../catalog/footprint/extent.ts";
import { TrackSummarizer } from "../../../../catalog/footprint/footprint.ts";
import { Tally } from "../../../../catalog/discover/draft/tally.ts";
import { readStacItem } from "../../../../catalog/discover/stac/stac_item.ts";
import { geometryDigest } from "../../../../catalog/item_extras.ts";
import type { GranuleAsset, GranuleRow } from "../../../../catalog/granule.ts";
import { select } from "../../../../catalog/query/select.ts";
import { exportStacGeoparquet } from "../../../../catalog/write/export.ts";
import { encodeWkb } from "../../../../core/geometry/wkb.ts";
import { hasSharedData, sharedData } from "../../../shared_data.ts";
import { allRows, sampleRow, withCatalog, withFolder } from "../sample.ts";

const CELL_ORDER = 8;

const NO_ASSET: GranuleAsset = {
  key: "",
  path: null,
  media_type: null,
  size_bytes: null,
  checksum: null,
  s3_href: null,
  https_href: null,
  local_href: null,
  s3_credentials: null,
};

/** The rows that a catalog file of another tool, or one of our exports, gives. */
async function imported(file: string, cellOrder = CELL_ORDER, most = Infinity): Promise<GranuleRow[]> {
  const rows: GranuleRow[] = [];
  for await (const row of importCatalog(file, { cellOrder }).rows) {
    if (rows.push(row) === most) break;
  }
  return rows.toSorted((a, b) => a.id < b.id ? -1 : 1);
}

/** Rows as a catalog has them, and as they come back out of its items. */
function thereAndBack(rows: GranuleRow[], cellOrder = CELL_ORDER): Promise<[GranuleRow[], GranuleRow[]]> {
  return withFolder((folder) =>
    withCatalog(rows, async (catalog) => {
      const file = path.join(folder, "items.parquet");
      await exportStacGeoparquet(catalog, file);
      const there = (await allRows(catalog)).toSorted((a, b) => a.id < b.id ? -1 : 1);
      return [there, await imported(file, cellOrder)];
    })
  );
}

/** A row without the version that every item has. */
function plain({ properties: { stac_version: _, ...properties }, ...row }: GranuleRow): unknown {
  return { ...row, properties };
}

/** Rings over the antimeridian, round poles, along meridians, that cross themselves: anything of three places. */
const position = fc.tuple(
  fc.oneof(fc.double({ min: -180, max: 180, noNaN: true }), fc.constantFrom(-180, 180, 0)),
  fc.oneof(fc.double({ min: -90, max: 90, noNaN: true }), fc.constantFrom(-90, 90)),
);
const ring = fc.array(position, { minLength: 3, maxLength: 6 }).map((places) =>
  Float64Array.from(places.flat())
);
const extents: fc.Arbitrary<Extent> = fc.record({
  edges: fc.constantFrom<EdgeRule>("planar", "geodetic", "unknown"),
  rings: fc.array(ring, { maxLength: 2 }),
  lines: fc.array(ring, { maxLength: 1 }),
}).map(({ edges, rings, lines }) => ({
  ...emptyExtent(edges),
  polygons: rings.map((outer) => ({ outer, holes: [] })),
  lines,
}));

/** What follows from a footprint, of tracks or of an extent; none is a granule without one. */
const footprints = fc.oneof(
  extents.map((extent) => createFootprinter(CELL_ORDER)(extent)),
  fc.record({ west: position, step: fc.double({ min: -0.4, max: 0.4, noNaN: true }) }).map(
    ({ west, step }) => {
      const places = Array.from({ length: 60 }, (_, i) => i);
      const summarizer = new TrackSummarizer(CELL_ORDER);
      summarizer.add({
        longitude: Float64Array.from(places, (i) => west[0] + Math.sin(i) * step),
        latitude: Float64Array.from(places, (i) => Math.max(-90, Math.min(90, west[1] + i * step))),
      });
      const { geometry, bbox, cells, cellOrder } = summarizer.finish();
      return { geometry, bbox, cells, cell_order: cellOrder };
    },
  ),
).filter(({ geometry }) => geometry !== null);

Deno.test("whatever its footprints are, a catalog comes back out of its items as it was, cells and all", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(footprints, { minLength: 60, maxLength: 60 }), async (found) => {
      const rows = found.map((footprint, i) => sampleRow({ id: `g${i}`, checksum: null, ...footprint }));
      const [there, back] = await thereAndBack(rows);
      assert.deepEqual(back.map(plain), there.map(plain));
    }),
    { numRuns: 2, endOnFailure: true },
  );
});

Deno.test("cells are not taken for a geometry that another tool has changed, and none finer than the catalog's", async () => {
  const cells = BigUint64Array.of(5n);
  const [, [kept]] = await thereAndBack([sampleRow({ cells })]);
  assert.deepEqual([kept.cell_order, kept.cells], [8, cells]);
  const [, [coarse]] = await thereAndBack([sampleRow({ cells })], 7);
  assert.deepEqual([coarse.cell_order, coarse.cells], [7, BigUint64Array.of(1n)]);
  const [geometry, other] = [[-50, 70], [-50, 71]].map((coordinates) =>
    ({ type: "Point", coordinates }) as const
  );
  const item = {
    id: "a",
    collection: "C",
    geometry,
    bbox: [-50, 70, -50, 70],
    assets: { data: { href: "https://h.example/a" } },
    properties: {
      datetime: "2020-01-01T00:00:00Z",
      "granary:cell_order": 8,
      "granary:cells": [5, 7],
      "granary:cells_of": geometryDigest(encodeWkb(geometry)),
    },
  };
  const read = (value: unknown, isLocal = true) =>
    readStacItem(value, { tally: new Tally(), isLocal })!.footprint;
  assert.deepEqual(read(item)!.cells, BigUint64Array.of(5n, 7n));
  assert.equal(read({ ...item, geometry: other }), undefined);
  assert.equal(read(item, false), undefined); // nor what a server says
  for (const odd of [[5.5], ["5"], [-1], [], 5, null]) {
    assert.equal(read({ ...item, properties: { ...item.properties, "granary:cells": odd } }), undefined);
  }
});

if (hasSharedData) {
  Deno.test("a catalog of another tool, over the antimeridian and all, comes back out of our items as it was", async () => {
    const [there, back] = await thereAndBack(
      await imported(sharedData("geoparquet/cat_neon.parquet"), CELL_ORDER, 200),
    );
    assert.ok(there.some(({ bbox }) => bbox!.xmin === -180));
    assert.deepEqual(back.map(plain), there.map(plain));
  });
}

Deno.test("of many rows each has its own values, and misses those that it is without", async () => {
  const rows = Array.from({ length: 5000 }, (_, i): GranuleRow => {
    const has = (every: number) => i % every === 0;
    return sampleRow({
      id: `g${String(i).padStart(4, "0")}`,
      revision: has(3) ? i : null,
      start_datetime: has(5) ? null : i * 1000 + 0.001,
      end_datetime: has(7) ? null : i * 2000,
      datetime: has(11) ? i * 3000 : null,
      geometry: has(13) ? null : encodeWkb({ type: "Point", coordinates: [i / 100, 0] }),
      bbox: has(13) ? null : { xmin: i / 100, ymin: 0, xmax: i / 100, ymax: 0 },
      cells: has(13) ? new BigUint64Array() : BigUint64Array.of(BigInt(i), BigInt(i + 1)),
      size_bytes: has(17) ? null : 2 ** 40 + i,
      checksum: has(19) ? null : `md5:${i}`,
      concept_id: has(2) ? `"${i}"` : null,
      properties: has(23) ? { number: i } : {},
      assets: has(29) ? [{ ...NO_ASSET, key: `a${i}`, size_bytes: i }] : [],
    });
  });
  await withCatalog(rows, async (catalog) => {
    const found = await allRows(catalog);
    assert.deepEqual(found.toSorted((a, b) => a.id < b.id ? -1 : 1), rows);
    const cells = await select(catalog, { order: 8, convention: "authalic" });
    assert.deepEqual(cells.granules, rows.filter(({ cells }) => cells.length > 0));
    const plain = await select(catalog, { order: 8, convention: "authalic", withoutCells: true });
    assert.deepEqual(
      plain.granules,
      cells.granules.map((row) => ({ ...row, geometry: null, cells: new BigUint64Array() })),
    );
  });
});
