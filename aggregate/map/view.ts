/** Which part of the world a map shows, in which projection, at which scale: fitted to the data. */
import type { Rectangle } from "../../core/draw/canvas.ts";
import {
  makeProjection,
  type Projection,
  type ProjectionName,
  wrapLongitude,
} from "../../core/draw/projection.ts";

/** Longitudes and latitudes of cells in degrees. */
export interface Places {
  longitudes: Float64Array;
  latitudes: Float64Array;
}

/** Metres of a projection and pixels of a picture. */
export interface View {
  projection: Projection;
  frame: Rectangle;
  metresPerPixel: number;
  /** Metres at the frame's left and top edges. */
  left: number;
  top: number;
}

/** In degrees; 0 where there are no places. */
export function meanLatitude({ latitudes }: Places): number {
  return latitudes.length === 0 ? 0 : latitudes.reduce((sum, one) => sum + one, 0) / latitudes.length;
}

/** Data poleward of this on one side alone is shown on a polar map. */
const POLAR_LATITUDE = 55;

/** Share of the data's extent that is left free around it. */
const MARGIN = 0.05;

/** The frame's height over its width stays between these. */
const ASPECT = { least: 0.42, most: 1.05 };

/** Chooses the projection: the asked one, or polar for polar data, with north up where it can be. */
export function chooseProjection(places: Places, asked: ProjectionName | "auto"): Projection {
  const { longitudes, latitudes } = places;
  let south = 90, north = -90;
  for (const latitude of latitudes) {
    if (latitude < south) south = latitude;
    if (latitude > north) north = latitude;
  }
  const { centre, span } = longitudeArc(longitudes);
  const name = asked !== "auto"
    ? asked
    : south >= POLAR_LATITUDE
    ? "polar-north"
    : north <= -POLAR_LATITUDE
    ? "polar-south"
    : "equirectangular";
  if (name === "equirectangular") {
    const middle = (south + north) / 2;
    return makeProjection(name, span > 300 ? 0 : Math.round(centre), span > 180 ? 0 : middle);
  }
  if (span > 180) return makeProjection(name, name === "polar-north" ? -45 : 0);
  return makeProjection(name, Math.round(centre / 5) * 5);
}

/** The shortest arc of longitudes that holds all, to a degree: what is left of the widest gap. */
function longitudeArc(longitudes: Float64Array): { centre: number; span: number } {
  const seen = new Uint8Array(360);
  for (const longitude of longitudes) seen[Math.floor(wrapLongitude(longitude)) + 180] = 1;
  let widest = 0, gapEnd = 0, run = 0;
  for (let i = 0; i < 720; i++) {
    run = seen[i % 360] === 1 ? 0 : run + 1;
    if (run > widest && run <= 360) {
      widest = run;
      gapEnd = i + 1;
    }
  }
  const span = 360 - widest;
  return { centre: wrapLongitude(gapEnd - 180 + span / 2), span };
}

/** A polar map is fitted to its own half of the world; the other grows without end. */
export function shows(projection: Projection, latitude: number): boolean {
  return projection.name === "equirectangular" || (projection.name === "polar-north") === (latitude >= 0);
}

/** Extent of the places in the projection's metres, with a margin and at least `leastMetres` wide. */
function extentOf(places: Places, projection: Projection, leastMetres: number) {
  const point = new Float64Array(2);
  let left = Infinity, right = -Infinity, bottom = Infinity, top = -Infinity;
  for (let i = 0; i < places.longitudes.length; i++) {
    if (!shows(projection, places.latitudes[i])) continue;
    projection.forward(places.longitudes[i], places.latitudes[i], point);
    left = Math.min(left, point[0]);
    right = Math.max(right, point[0]);
    bottom = Math.min(bottom, point[1]);
    top = Math.max(top, point[1]);
  }
  const margin = Math.max(right - left, top - bottom) * MARGIN;
  const grow = (low: number, high: number): [number, number] => {
    const missing = Math.max(0, leastMetres - (high - low + 2 * margin)) / 2 + margin;
    return [low - missing, high + missing];
  };
  const [west, east] = grow(left, right), [low, high] = grow(bottom, top);
  return { left: west, right: east, bottom: low, top: high };
}

/**
 * Fits the places into a frame `width` pixels wide whose top left is at (x, y); its height follows
 * from the data. A whole-world equirectangular map ends at its edges.
 */
export function fitView(
  places: Places,
  projection: Projection,
  frame: { x: number; y: number; width: number },
  cellMetres: number,
): View {
  const extent = extentOf(places, projection, Math.max(12 * cellMetres, 2000));
  if (projection.name === "equirectangular") clipToWorld(extent, projection);
  let across = extent.right - extent.left, along = extent.top - extent.bottom;
  const centreX = (extent.left + extent.right) / 2;
  let centreY = (extent.bottom + extent.top) / 2;
  across = Math.max(across, along / ASPECT.most);
  along = Math.max(along, across * ASPECT.least);
  if (projection.name === "equirectangular") {
    // There is nothing beyond the poles: the frame moves or shrinks to stay between them.
    const pole = poleMetres(projection);
    along = Math.min(along, 2 * pole);
    centreY = Math.min(Math.max(centreY, along / 2 - pole), pole - along / 2);
  }
  const metresPerPixel = across / frame.width;
  const height = Math.round(along / metresPerPixel);
  return {
    projection,
    frame: { left: frame.x, top: frame.y, right: frame.x + frame.width, bottom: frame.y + height },
    metresPerPixel,
    left: centreX - across / 2,
    top: centreY + along / 2,
  };
}

/** Metres of the north pole on an equirectangular map. */
function poleMetres(projection: Projection): number {
  const point = new Float64Array(2);
  projection.forward(projection.centralLongitude, 90, point);
  return point[1];
}

function clipToWorld(
  extent: { left: number; right: number; bottom: number; top: number },
  projection: Projection,
): void {
  const point = new Float64Array(2);
  projection.forward(projection.centralLongitude + 179.999999, 90, point);
  const [x, y] = point;
  if (extent.right - extent.left > 1.6 * x) [extent.left, extent.right] = [-x, x];
  extent.left = Math.max(extent.left, -x);
  extent.right = Math.min(extent.right, x);
  extent.bottom = Math.max(extent.bottom, -y);
  extent.top = Math.min(extent.top, y);
}

/** Pixels of a point in metres, in place. */
export function toPixels(view: View, point: Float64Array): void {
  point[0] = view.frame.left + (point[0] - view.left) / view.metresPerPixel;
  point[1] = view.frame.top + (view.top - point[1]) / view.metresPerPixel;
}

/** Degrees at a place in pixels; false where the map shows nothing. */
export function fromPixels(view: View, x: number, y: number, out: Float64Array): boolean {
  return view.projection.inverse(
    view.left + (x - view.frame.left) * view.metresPerPixel,
    view.top - (y - view.frame.top) * view.metresPerPixel,
    out,
  );
}
