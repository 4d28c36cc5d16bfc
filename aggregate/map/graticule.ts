/** Meridians and parallels of a view, and their labels along the frame. */
import type { Rectangle } from "../../core/draw/canvas.ts";
import { wrapLongitude } from "../../core/draw/projection.ts";
import { degreeStep, degreesText } from "../../core/draw/ticks.ts";
import { fromPixels, toPixels, type View } from "./view.ts";

export interface GraticuleLabel {
  text: string;
  x: number;
  y: number;
  /** The side of the frame that it stands outside of; `inside` is on the map. */
  side: "left" | "right" | "top" | "bottom" | "inside";
}

interface Graticule {
  /** x1, y1, x2, y2 in pixels. */
  segments: number[];
  labels: GraticuleLabel[];
}

/** Lines along the wider and the narrower way of the map, at most. */
const MOST_LINES = 7;

const LINE_POINTS = 160;

type Axis = "longitude" | "latitude";

interface Crossing extends GraticuleLabel {
  axis: Axis;
}

export function makeGraticule(view: View): Graticule {
  const bounds = viewBounds(view);
  const latitude = degreeStep(bounds.north - bounds.south, MOST_LINES);
  const longitude = bounds.pole
    ? { step: 30, decimals: 0 }
    : degreeStep(bounds.east - bounds.west, MOST_LINES);
  const segments: number[] = [];
  const crossings: Crossing[] = [];
  const centre = view.projection.centralLongitude;
  const trace = (axis: Axis, text: string, place: (t: number) => [number, number]) =>
    traceLine(view, axis, text, place, segments, crossings);

  const pad = (bounds.east - bounds.west) * 0.02;
  const from = bounds.pole ? -180 : Math.max(-180, bounds.west - pad);
  const to = bounds.pole ? 180 : Math.min(180, bounds.east + pad);
  for (const value of multiples(centre + from, centre + to, longitude.step)) {
    if (bounds.pole && value === centre + 180) continue;
    const poleward = bounds.pole && Math.abs(value % 90) > 1e-9 ? latitude.step : 0;
    const south = Math.max(-90, bounds.south - 1) + (bounds.pole === "south" ? poleward : 0);
    const north = Math.min(90, bounds.north + 1) - (bounds.pole === "north" ? poleward : 0);
    // A meridian at the very edge of a map of the world stays there, rather than on its other edge.
    const drawn = centre + Math.min(179.9999, Math.max(-179.9999, value - centre));
    trace("longitude", degreesText(wrapLongitude(value), "longitude", longitude.decimals), (t) => [
      drawn,
      south + (north - south) * t,
    ]);
  }
  for (const value of multiples(bounds.south, bounds.north, latitude.step)) {
    if (Math.abs(value) > 89.999) continue;
    trace("latitude", degreesText(value, "latitude", latitude.decimals), (t) => [
      centre + Math.min(179.9999, Math.max(-179.9999, from + (to - from) * t)),
      value,
    ]);
  }
  const labels = bounds.pole
    ? [...crossings.filter((one) => one.axis === "longitude"), ...insideLabels(view, bounds, latitude)]
    : [
      ...onSides(crossings, "longitude", ["bottom", "top"]),
      ...onSides(crossings, "latitude", ["left", "right"]),
    ];
  return { segments, labels };
}

/** The first of the sides where at least two lines come out. */
function onSides(crossings: Crossing[], axis: Axis, sides: GraticuleLabel["side"][]): Crossing[] {
  for (const side of sides) {
    const found = crossings.filter((one) => one.axis === axis && one.side === side);
    if (found.length >= 2) return found;
  }
  return crossings.filter((one) => one.axis === axis && sides.includes(one.side));
}

/** Parallels round a pole may never reach the frame: they are named on the map, between two meridians. */
function insideLabels(
  view: View,
  bounds: Bounds,
  { step, decimals }: { step: number; decimals: number },
): GraticuleLabel[] {
  const labels: GraticuleLabel[] = [];
  const point = new Float64Array(2);
  for (const value of multiples(bounds.south, bounds.north, step)) {
    if (Math.abs(value) > 89.999) continue;
    view.projection.forward(view.projection.centralLongitude + 45, value, point);
    toPixels(view, point);
    const [x, y] = point;
    const { left, right, top, bottom } = view.frame;
    if (x < left + 30 || x > right - 30 || y < top + 16 || y > bottom - 16) continue;
    labels.push({ text: degreesText(value, "latitude", decimals), x, y, side: "inside" });
  }
  return labels;
}

function multiples(low: number, high: number, step: number): number[] {
  const found: number[] = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n++) found.push(n * step);
  return found;
}

interface Bounds {
  /** Degrees from the central longitude. */
  west: number;
  east: number;
  south: number;
  north: number;
  pole: "north" | "south" | null;
}

function viewBounds(view: View): Bounds {
  const { frame, projection } = view;
  const bounds: Bounds = { west: 180, east: -180, south: 90, north: -90, pole: null };
  const place = new Float64Array(2);
  const steps = 40;
  for (let i = 0; i <= steps; i++) {
    for (let j = 0; j <= steps; j++) {
      const x = frame.left + ((frame.right - frame.left) * i) / steps;
      const y = frame.top + ((frame.bottom - frame.top) * j) / steps;
      if (!fromPixels(view, x, y, place)) continue;
      // The outermost points of a whole world would wrap to the other side.
      const offset = projection.name === "equirectangular"
        ? Math.abs(wrapLongitude(place[0] - projection.centralLongitude)) * Math.sign(i - steps / 2)
        : wrapLongitude(place[0] - projection.centralLongitude);
      bounds.west = Math.min(bounds.west, offset);
      bounds.east = Math.max(bounds.east, offset);
      bounds.south = Math.min(bounds.south, place[1]);
      bounds.north = Math.max(bounds.north, place[1]);
    }
  }
  if (projection.name === "equirectangular") return bounds;
  const side = projection.name === "polar-north" ? 1 : -1;
  projection.forward(0, 90 * side, place);
  toPixels(view, place);
  if (place[0] > frame.left && place[0] < frame.right && place[1] > frame.top && place[1] < frame.bottom) {
    bounds.pole = side === 1 ? "north" : "south";
    if (side === 1) bounds.north = 90;
    else bounds.south = -90;
  }
  return bounds;
}

function traceLine(
  view: View,
  axis: Axis,
  text: string,
  place: (t: number) => [number, number],
  segments: number[],
  crossings: Crossing[],
): void {
  const point = new Float64Array(2);
  let x1 = NaN, y1 = NaN;
  for (let i = 0; i <= LINE_POINTS; i++) {
    const [longitude, latitude] = place(i / LINE_POINTS);
    view.projection.forward(longitude, latitude, point);
    toPixels(view, point);
    const [x2, y2] = point;
    if (i === 0 || i === LINE_POINTS) {
      // The lines of a whole world end on its frame without crossing it.
      const side = sideNear(x2, y2, view.frame);
      if (side !== null) crossings.push({ axis, text, x: x2, y: y2, side });
    }
    if (i > 0) {
      const clipped = clipToFrame(x1, y1, x2, y2, view.frame);
      if (clipped !== null) {
        segments.push(...clipped.segment);
        const [ax, ay, bx, by] = clipped.segment;
        if (clipped.entered !== null) crossings.push({ axis, text, x: ax, y: ay, side: clipped.entered });
        if (clipped.left !== null) crossings.push({ axis, text, x: bx, y: by, side: clipped.left });
      }
    }
    x1 = x2;
    y1 = y2;
  }
}

type Side = "left" | "right" | "top" | "bottom";

/** The side of the frame that a point stands on, to a pixel. */
function sideNear(x: number, y: number, { left, right, top, bottom }: Rectangle): Side | null {
  const between = (value: number, low: number, high: number) => value >= low - 1 && value <= high + 1;
  if (!between(x, left, right) || !between(y, top, bottom)) return null;
  if (Math.abs(x - left) <= 1) return "left";
  if (Math.abs(x - right) <= 1) return "right";
  if (Math.abs(y - top) <= 1) return "top";
  return Math.abs(y - bottom) <= 1 ? "bottom" : null;
}

/** The part of a segment inside the frame and the sides it came in and went out by (Liang and Barsky 1984). */
function clipToFrame(x1: number, y1: number, x2: number, y2: number, frame: Rectangle) {
  const dx = x2 - x1, dy = y2 - y1;
  let t0 = 0, t1 = 1;
  let entered: Side | null = null, left: Side | null = null;
  const tests: [number, number, Side][] = [
    [-dx, x1 - frame.left, "left"],
    [dx, frame.right - x1, "right"],
    [-dy, y1 - frame.top, "top"],
    [dy, frame.bottom - y1, "bottom"],
  ];
  for (const [p, q, side] of tests) {
    if (p === 0) {
      if (q < 0) return null;
      continue;
    }
    const t = q / p;
    if (p < 0) {
      if (t > t1) return null;
      if (t > t0) {
        t0 = t;
        entered = side;
      }
    } else {
      if (t < t0) return null;
      if (t < t1) {
        t1 = t;
        left = side;
      }
    }
  }
  return { segment: [x1 + t0 * dx, y1 + t0 * dy, x1 + t1 * dx, y1 + t1 * dy], entered, left };
}
