/** Other people's readers over our catalogs. Each peer by itself; one that is not there is a visible skip. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { exportStacGeoparquet } from "../../catalog/write/export.ts";
import { importCatalog } from "../../catalog/discover/import.ts";
import { mergeCatalogs } from "../../catalog/write/merge.ts";
import { openCatalog } from "../../catalog/file/open_catalog.ts";
import { viewScript } from "../../catalog/file/views_text.ts";
import { writeCatalog } from "../../catalog/write/write.ts";
import { hasSharedData, sharedData } from "../shared_data.ts";
import { askPython, hasPeer } from "../support/python.ts";
import { sampleRow, withFolder } from "../unit/catalog/sample.ts";

/** Two catalogs of the real one of the Python tools and odd rows: as the stream writes, and as DuckDB sorts. */
async function withFiles(
  run: (files: { streamed: string; merged: string }, folder: string) => void | Promise<void>,
) {
  await withFolder(async (folder) => {
    const streamed = path.join(folder, "streamed.parquet");
    const merged = path.join(folder, "merged.parquet");
    const odd = path.join(folder, "odd.parquet");
    const found = importCatalog(sharedData("geoparquet/cat_neon.parquet"), { cellOrder: 8 });
    await writeCatalog(streamed, found.rows, { queries: () => [found.query()] });
    const asset = {
      key: "B02",
      path: "b02.tif",
      media_type: "image/tiff",
      size_bytes: 7,
      checksum: null,
      s3_href: null,
      https_href: null,
      local_href: null,
      s3_credentials: null,
    };
    await writeCatalog(odd, [
      sampleRow({ id: "no footprint", geometry: null, bbox: null, cells: new BigUint64Array(0) }),
      sampleRow({
        id: "assets",
        assets: [asset, { ...asset, key: "B03", size_bytes: null }],
        properties: { "eo:cloud_cover": 5, name: "é" },
      }),
    ]);
    await mergeCatalogs([streamed, odd], merged);
    await run({ streamed, merged }, folder);
  });
}

// deno-lint-ignore no-explicit-any
type Anything = any;

interface Geo {
  version: string;
  columns: { geometry: Record<string, Anything> };
}

interface Table {
  count: number;
  cells: number;
  assets: [string, number | null][];
  types: Record<string, string>;
}

function ask<T>(program: string, ...args: string[]): T {
  return askPython(program, ...args) as T;
}

const GEO_SCHEMA = sharedData("geoparquet/v1.1.0/schema.json");

Deno.test("the published GeoParquet 1.1 schema takes the metadata, which stands once", {
  ignore: !hasSharedData || !hasPeer("pyarrow", "jsonschema"),
}, async () => {
  await withFiles(({ streamed, merged }) => {
    for (const file of [streamed, merged]) {
      const geo = ask<Geo>(
        `import sys, json, jsonschema, pyarrow.parquet as pq
metadata = pq.read_metadata(sys.argv[1]).metadata
geo = json.loads(metadata[b"geo"])
jsonschema.validate(geo, json.load(open(sys.argv[2])))
print(json.dumps(geo))`,
        file,
        GEO_SCHEMA,
      );
      assert.equal(geo.version, "1.1.0");
      assert.deepEqual(geo.columns.geometry.covering.bbox.ymax, ["bbox", "ymax"]);
      assert.ok(!("edges" in geo.columns.geometry) && !("crs" in geo.columns.geometry));
    }
  });
});

Deno.test("pyarrow reads every column with the types of the contract", {
  ignore: !hasSharedData || !hasPeer("pyarrow"),
}, async () => {
  await withFiles(async ({ streamed, merged }) => {
    for (const [file, rows] of [[streamed, 2089], [merged, 2091]] as const) {
      const { count, cells, assets, types } = ask<Table>(
        `import sys, json, pyarrow.parquet as pq
table = pq.read_table(sys.argv[1])
table.validate(full=True)
rows = table.to_pylist()
print(json.dumps({
  "count": len(rows),
  "cells": sum(len(row["cells"]) for row in rows),
  "assets": [[asset["key"], asset["size_bytes"]] for row in rows for asset in row["assets"]],
  "types": {name: str(table.schema.field(name).type) for name in ["start_datetime", "cell_order", "revision", "size_bytes"]},
}))`,
        file,
      );
      assert.equal(count, rows);
      const catalog = await openCatalog(file);
      try {
        const reader = await catalog.duck.connection.runAndReadAll(
          "SELECT sum(len(cells))::INTEGER FROM granules",
        );
        assert.equal(cells, reader.getRows()[0][0]);
      } finally {
        catalog.close();
      }
      assert.deepEqual(assets, file === merged ? [["B02", 7], ["B03", null]] : []);
      assert.deepEqual(types, {
        start_datetime: "timestamp[us, tz=UTC]",
        cell_order: "uint8",
        revision: "int32",
        size_bytes: "int64",
      });
    }
  });
});

Deno.test("geopandas reads valid geometries within the world, and none lost", {
  ignore: !hasSharedData || !hasPeer("geopandas"),
}, async () => {
  await withFiles(({ merged }) => {
    const answer = ask<Record<string, Anything>>(
      `import sys, json, geopandas
frame = geopandas.read_parquet(sys.argv[1])
some = frame[frame.geometry.notna()]
print(json.dumps({
  "count": len(frame), "known": len(some), "valid": int(some.geometry.is_valid.sum()),
  "crs": frame.crs.to_string(), "bounds": list(map(float, some.total_bounds)),
  "widest": float((some[some.geometry.geom_type == "Polygon"].bounds.maxx - some[some.geometry.geom_type == "Polygon"].bounds.minx).max()),
  "boxed": len(geopandas.read_parquet(sys.argv[1], bbox=(-51, 69, -49, 73))),
}))`,
      merged,
    );
    assert.equal(answer.count, 2091);
    assert.equal(answer.known, 2090);
    assert.equal(answer.valid, 2090);
    assert.equal(answer.crs, "OGC:CRS84");
    assert.deepEqual([answer.bounds[0], answer.bounds[2]], [-180, 180]);
    assert.ok(answer.widest < 40, "no polygon is wrapped around the world");
    assert.ok(answer.boxed >= 1 && answer.boxed < 2091, "the covering prunes");
  });
});

Deno.test(
  "DuckDB of Python runs the printed views",
  { ignore: !hasSharedData || !hasPeer("duckdb") },
  async () => {
    await withFiles(({ merged }, folder) => {
      const script = path.join(folder, "views.sql");
      fs.writeFileSync(script, viewScript({ files: [merged], hidden: null }));
      const answer = ask<Record<string, Anything>>(
        `import sys, json, duckdb
c = duckdb.connect()
c.execute(open(sys.argv[1]).read())
print(json.dumps({
  "granules": c.sql("select count(*) from granules").fetchall()[0][0],
  "urls": c.sql("select count(*), count(s3) from urls").fetchall()[0],
  "cells": c.sql("select count(*) from cells_at(6) where id = 'assets'").fetchall()[0][0],
}))`,
        script,
      );
      assert.deepEqual(answer, { granules: 2091, urls: [2092, 2092], cells: 1 });
    });
  },
);

Deno.test("stac-geoparquet's own reader makes items of the export", {
  ignore: !hasSharedData || !hasPeer("stac_geoparquet", "pyarrow"),
}, async () => {
  await withFiles(async ({ merged }, folder) => {
    const file = path.join(folder, "items.parquet");
    const catalog = await openCatalog(merged);
    try {
      const { items, withoutFootprint } = await exportStacGeoparquet(catalog, file);
      assert.deepEqual({ items, withoutFootprint }, { items: 2090, withoutFootprint: 1 });
    } finally {
      catalog.close();
    }
    const items = ask<Record<string, Anything>[]>(
      `import sys, json, pyarrow.parquet as pq, stac_geoparquet.arrow as sga
items = list(sga.stac_table_to_items(pq.read_table(sys.argv[1])))
print(json.dumps([item for item in items if item["collection"] == "TEST.001" or item["id"].startswith("ATL03_20181014031924")], default=str))`,
      file,
    );
    const real = items.find(({ id }) => id === "ATL03_20181014031924_02370102_007_01.h5")!;
    assert.equal(real.type, "Feature");
    assert.equal(real.geometry.type, "MultiPolygon");
    assert.match(
      real.assets.data.href,
      /^https:\/\/data\.nsidc\.earthdatacloud\.nasa\.gov\/.*02370102_007_01\.h5$/,
    );
    assert.match(real.assets.data.alternate.s3.href, /^s3:\/\/nsidc-cumulus-prod-protected\//);
    assert.match(real.properties.start_datetime, /^2018-10-14T03:19:24\.37/);
    const two = items.find(({ id }) => id === "assets")!;
    assert.deepEqual(Object.keys(two.assets).sort(), ["B02", "B03"]);
    assert.equal(two.assets.B02["file:size"], 7);
    assert.equal(two.assets.B02.type, "image/tiff");
    assert.deepEqual([two.properties["eo:cloud_cover"], two.properties.name], [5, "é"]);
  });
});
