/** Where rasters lie on the globe, for their items. */
import { crsOfCode } from "../../core/raster/crs/codes.ts";
import { transformer } from "../../core/raster/crs/transform.ts";
import type { Affine, Crs } from "../../core/raster/grid.ts";
import { boxAround, type Footprint, gridFootprint } from "../../core/stac/footprint.ts";

interface PlacedRaster {
  readonly width: number;
  readonly height: number;
  readonly affine: Affine;
  readonly crs: Crs;
}

/** Ground size of a cell in metres; null where the CRS has no metres. */
export function resolutionMetres({ affine, crs }: PlacedRaster): number | null {
  if (crs.geographic || !/\+units=m\b/.test(crs.proj4)) return null;
  return Math.hypot(affine[0], affine[3]);
}

/** Around all rasters; those that lie alike are carried to the globe once. */
export function footprintAround(rasters: readonly PlacedRaster[]): Footprint {
  const known = new Map<string, Footprint>();
  for (const { width, height, affine, crs } of rasters) {
    const key = JSON.stringify([width, height, affine, crs.code, crs.proj4]);
    if (known.has(key)) continue;
    const { forwardAll, inverseAll } = transformer(crs, crsOfCode("EPSG:4326"));
    known.set(
      key,
      gridFootprint({
        width,
        height,
        affine,
        geographic: crs.geographic,
        toLonLat: forwardAll,
        fromLonLat: inverseAll,
      }),
    );
  }
  const [first, ...others] = known.values();
  if (others.length === 0) return first;
  const polygons = [first, ...others].flatMap(({ geometry }) =>
    geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates
  );
  const distinct = [...new Map(polygons.map((rings) => [JSON.stringify(rings), rings])).values()];
  const bbox = boxAround(distinct.map((coordinates) => ({ type: "Polygon", coordinates })));
  return distinct.length === 1
    ? { geometry: { type: "Polygon", coordinates: distinct[0] }, bbox }
    : { geometry: { type: "MultiPolygon", coordinates: distinct }, bbox };
}
