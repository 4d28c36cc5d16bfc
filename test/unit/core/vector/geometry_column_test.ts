import assert from "node:assert/strict";
import { encodeWkb } from "../../../../core/geometry/wkb.ts";
import { geometryColumn } from "../../../../core/vector/geometry_column.ts";

const point = encodeWkb({ type: "Point", coordinates: [500000, 5538630.7] });

/** The longitude and latitude of a point of zone 33 by a file's metadata. */
function placeBy(crs: unknown): unknown {
  const metadata = { primary_column: "shape", columns: { shape: { encoding: "WKB", crs } } };
  const { read } = geometryColumn(metadata, "a.parquet", new Map([["shape", "BLOB"]]), () => {});
  return read(point);
}

Deno.test("a system is read as PROJJSON, as the WKT of GeoParquet before 0.4, and as a code", () => {
  // 15 E 50 N lies on the central meridian of zone 33; its northing is pyproj's.
  const wkt = 'PROJCS["UTM 33N",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],' +
    'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],' +
    'PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",15],PARAMETER["scale_factor",0.9996],' +
    'PARAMETER["false_easting",500000],PARAMETER["false_northing",0],UNIT["metre",1]]';
  for (const crs of ["EPSG:32633", wkt, { id: { authority: "EPSG", code: 32633 } }]) {
    const { coordinates } = placeBy(crs) as { coordinates: number[] };
    assert.ok(Math.abs(coordinates[0] - 15) < 1e-6 && Math.abs(coordinates[1] - 50) < 1e-6, `${coordinates}`);
  }
  assert.throws(
    () => placeBy("EPSG:99999"),
    /a\.parquet: column "shape" is in "EPSG:99999", which is not read/,
  );
});

Deno.test("a primary column that is not there is refused by name; a footprint without a place is none", () => {
  const metadata = { primary_column: "nope", columns: { geometry: { encoding: "WKB" } } };
  const columns = new Map([["id", "VARCHAR"], ["geometry", "BLOB"]]);
  assert.throws(
    () => geometryColumn(metadata, "a.parquet", columns, () => {}),
    /a\.parquet: .*"nope" as the primary one.*it has id, geometry/,
  );
  const { read } = geometryColumn({}, "a.parquet", columns, () => {});
  assert.equal(read(encodeWkb({ type: "Polygon", coordinates: [] })), null);
  assert.deepEqual(read(point.subarray(0, 10)), {});
});
