/**
 * Areas as geopandas writes them, in every format and in reference systems of their own: which places lie inside, against
 * shapely in the file's system, and which properties the features have.
 */
import assert from "node:assert/strict";
import path from "node:path";
import { insideTest } from "../../core/geometry/inside.ts";
import { readPolygonFile } from "../../core/vector/area_file.ts";
import { readFeatures } from "../../core/vector/read_features.ts";
import { temporaryFolder } from "../support/binary.ts";
import { askPython, hasPeer } from "../support/python.ts";

/** Writes the files, and tells of points (longitude, latitude) within 100 km of the area which lie inside. */
const PROGRAM = `
import sys, json, numpy as np, geopandas as gpd, shapely, pyproj
folder = sys.argv[1]
rng = np.random.default_rng(5)
made = []
def star(x, y, size, n=9):
    a = np.sort(rng.uniform(0, 2 * np.pi, n)); r = size * rng.uniform(0.4, 1, n)
    return shapely.Polygon(np.stack([x + r * np.cos(a), y + r * np.sin(a)], 1))
for code, x, y, size in ((4326, 12.0, 47.0, 3.0), (3031, 0.0, 0.0, 2e6), (3031, -1.2e6, 3e5, 4e5),
                         (32633, 5e5, 5.4e6, 2e5), (6933, 1.7e7, 2e6, 6e5), (3413, 1e5, -2e6, 5e5)):
    outer = star(x, y, size)
    hole = shapely.Polygon(outer.exterior, [star(x, y, size / 12).exterior.coords])
    frame = gpd.GeoDataFrame({"name": ["größte", "second"], "number": [7, 2.5]},
                             geometry=[hole if hole.is_valid else outer, shapely.MultiPolygon([star(x + 3 * size, y, size)])],
                             crs=code)
    stem = f"{folder}/{code}_{int(size)}"
    frame.to_file(stem + ".gpkg", layer="zones")
    frame.to_file(stem + ".shp", encoding="utf-8")
    frame.to_parquet(stem + ".parquet")
    frame.to_parquet(stem + ".arrow.parquet", geometry_encoding="geoarrow") if frame.geom_type.nunique() == 1 else None
    frame.to_file(stem + ".geojson", driver="GeoJSON")
    open(stem + ".wkt", "w").write(f"SRID={code};" + "\\n".join(frame.geometry.to_wkt()) if code != 4326 else "\\n".join(frame.geometry.to_wkt()))
    west, south, east, north = frame.total_bounds
    px = rng.uniform(west - size / 5, east + size / 5, 400); py = rng.uniform(south - size / 5, north + size / 5, 400)
    area = frame.union_all()
    edge = shapely.distance(area.boundary, shapely.points(px, py))
    # Nearer than this to an edge the metre to which edges are followed may decide.
    clear = edge > (1e-4 if code == 4326 else 5)
    px, py = px[clear], py[clear]
    inside = shapely.contains_xy(area, px, py)
    lon, lat = pyproj.Transformer.from_crs(code, 4326, always_xy=True).transform(px, py)
    made.append({"stem": stem, "lon": lon.tolist(), "lat": lat.tolist(), "inside": inside.tolist()})
print(json.dumps(made))`;

Deno.test(
  "areas of every format and system hold the places that shapely finds in them",
  { ignore: !hasPeer("geopandas", "pyogrio", "shapely", "pyproj") },
  async () => {
    const made = askPython(PROGRAM, temporaryFolder("granary-areas-")) as {
      stem: string;
      lon: number[];
      lat: number[];
      inside: boolean[];
    }[];
    for (const { stem, lon, lat, inside } of made) {
      assert.ok(inside.includes(true) && inside.includes(false));
      for (const ending of ["gpkg", "gpkg:zones", "shp", "parquet", "geojson", "wkt"]) {
        const file = `${stem}.${ending}`;
        const test = insideTest((await readPolygonFile(file)).spec);
        const wrong = lon.filter((x, i) => test(x, lat[i]) !== inside[i]);
        assert.deepEqual(wrong, [], path.basename(file));
        if (ending === "wkt") continue;
        const features = await readFeatures(file);
        assert.deepEqual(features.map(({ properties }) => [properties.name, properties.number]), [
          ["größte", 7],
          ["second", 2.5],
        ], path.basename(file));
      }
    }
  },
);
