/** The area that a file of polygons holds. */
import { type Area, geometryArea } from "../geometry/area.ts";
import { readFeatures } from "./read_features.ts";

/**
 * All polygons of a file of any format that {@linkcode readFeatures} reads (`-` for stdin), edges straight in longitude
 * and latitude, or in the file's own reference system where that is another.
 */
export async function readPolygonFile(place: string, note?: (message: string) => void): Promise<Area> {
  const features = await readFeatures(place, note);
  const geometries = features.map(({ geometry }) => geometry);
  return geometryArea(
    place,
    geometries.length === 1 ? geometries[0] : { type: "GeometryCollection", geometries },
  );
}
