/** Sums up a file of grids: where they lie, and the times of their steps. */
import { openFileSource } from "../../../core/access/file_source.ts";
import { coverAdaptive } from "../../../core/cells/coverage.ts";
import { addGeometry } from "../../../core/cells/geojson_shape.ts";
import { ShapeBuilder } from "../../../core/cells/shape.ts";
import { GranaryError } from "../../../core/errors.ts";
import { boundingBox, type MultiPolygon } from "../../../core/geometry/geometry.ts";
import { encodeWkb } from "../../../core/geometry/wkb.ts";
import { openGrids } from "../../../core/grids/open_grids.ts";
import { crsOfCode } from "../../../core/raster/crs/codes.ts";
import { transformer } from "../../../core/raster/crs/transform.ts";
import type { Grid } from "../../../core/raster/grid.ts";
import { gridFootprint } from "../../../core/stac/footprint.ts";
import { MAX_CELLS_PER_GRANULE } from "../../schema.ts";
import type { GranuleScan } from "./scan_granule.ts";

/** Throws a granule error for a file that is of no form that is read, or holds no grid, with the rule that refused it. */
export async function scanGrids(file: string, cellOrder: number, signal?: AbortSignal): Promise<GranuleScan> {
  const source = await openFileSource(file);
  const opened = await openGrids(source, file, signal === undefined ? {} : { signal }).catch(asGranuleError);
  try {
    const { grids, refused: [refused] } = opened;
    if (grids.length === 0) {
      const why = refused === undefined ? "it has no variable of two dimensions" : refused.reason;
      throw new GranaryError("granule", `${file}: holds no grid: ${why}`);
    }
    const times = grids.flatMap(({ bands }) => bands.flatMap(({ time }) => time ?? []));
    return {
      summary: { ...footprintOf(grids, cellOrder), positions: 0 },
      groups: {
        present: grids.map(({ name }) => name).filter((name) => name !== ""),
        empty: [],
        missing: [],
      },
      rows: 0,
      facts: {
        collection: null,
        start: times.length === 0 ? null : Math.min(...times),
        end: times.length === 0 ? null : Math.max(...times),
      },
      runs: [],
    };
  } finally {
    await opened.close();
  }
}

/** One file of another form is no reason to leave the others of its folder. */
function asGranuleError(error: unknown): never {
  if (!(error instanceof GranaryError) || error.tag !== "input") throw error;
  throw new GranaryError("granule", error.message, { cause: error });
}

/** The footprints of all grids together; grids of one place count once. */
function footprintOf(grids: readonly Grid[], cellOrder: number) {
  const lonLat = crsOfCode("EPSG:4326");
  const shape = new ShapeBuilder({ edges: "planar" });
  const polygons: MultiPolygon["coordinates"] = [];
  const seen = new Set<string>();
  for (const { width, height, affine, crs } of grids) {
    const key = JSON.stringify([width, height, affine, crs.proj4]);
    if (seen.has(key)) continue;
    seen.add(key);
    const { forwardAll, inverseAll } = transformer(crs, lonLat);
    const { geometry, bbox } = gridFootprint({
      width,
      height,
      affine,
      geographic: crs.geographic,
      toLonLat: forwardAll,
      fromLonLat: inverseAll,
    });
    if (crs.geographic) shape.box(...bbox);
    else addGeometry(shape, geometry);
    polygons.push(...(geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates));
  }
  const geometry: MultiPolygon = { type: "MultiPolygon", coordinates: polygons };
  const { order, cells } = coverAdaptive(shape.build(), cellOrder, MAX_CELLS_PER_GRANULE);
  return {
    geometry: encodeWkb(polygons.length === 1 ? { type: "Polygon", coordinates: polygons[0] } : geometry),
    bbox: boundingBox(geometry) ?? null,
    cellOrder: order,
    cells,
  };
}
