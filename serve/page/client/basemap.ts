/// <reference lib="dom" />
/** Land and the graticule beneath and above what is drawn, in any view. */
import type OpenLayers from "ol/dist/ol.js";
import { address } from "./server.ts";
import type { MapView } from "./views.ts";

declare const ol: typeof OpenLayers;

type Ring = number[][];
/** The outer ring of a piece of land, then those of its lakes. */
type Polygon = Ring[];
type Layer = OpenLayers.layer.Vector;

let polygons: Promise<Polygon[]> | undefined;

export interface Basemap {
  readonly under: Layer;
  readonly over: Layer;
  /** Takes the colours of the page's theme again. */
  restyle(): void;
}

export async function makeBasemap(view: MapView): Promise<Basemap> {
  polygons ??= loadLand();
  const shown = (await polygons).flatMap((polygon) => polygonsIn(view, polygon));
  const land = shown.map((rings) => new ol.Feature(new ol.geom.Polygon(rings)));
  const coast = shown.flat().map((ring) => new ol.Feature(new ol.geom.LineString(ring)));
  const lines = graticule(view).map((line) => new ol.Feature(new ol.geom.LineString(line)));
  for (const line of lines) line.set("graticule", true);
  const wrapX = view.projection.canWrapX();
  const under = new ol.layer.Vector({
    source: new ol.source.Vector({ features: land, wrapX }),
    zIndex: 0,
  });
  const over = new ol.layer.Vector({
    source: new ol.source.Vector({ features: [...lines, ...coast], wrapX }),
    zIndex: 2,
  });
  const restyle = () => {
    under.setStyle(new ol.style.Style({ fill: new ol.style.Fill({ color: colour("--land") }) }));
    const thin = new ol.style.Style({
      stroke: new ol.style.Stroke({ color: colour("--graticule"), width: 1 }),
    });
    const shore = new ol.style.Style({
      stroke: new ol.style.Stroke({ color: colour("--coast"), width: 1 }),
    });
    over.setStyle((feature) => feature.get("graticule") === true ? thin : shore);
  };
  restyle();
  return { under, over, restyle };
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** All land, in longitudes and latitudes. */
async function loadLand(): Promise<Polygon[]> {
  const answer = await fetch(address("map/land.json"));
  const features = new ol.format.TopoJSON({ layers: ["land"] }).readFeatures(await answer.json());
  return features.flatMap((feature) => {
    const geometry = feature.getGeometry();
    if (geometry instanceof ol.geom.MultiPolygon) return geometry.getCoordinates();
    return geometry instanceof ol.geom.Polygon ? [geometry.getCoordinates()] : [];
  });
}

/**
 * A polygon in the view's plane. The rings of the source run across the antimeridian, and one of them round the
 * south pole: on a cylinder they are unrolled, closed below the pole, and drawn on both sides.
 */
function polygonsIn(view: MapView, polygon: Polygon): Polygon[] {
  const toPlane = (one: Ring) => one.map((place) => ol.proj.transform(place, "EPSG:4326", view.projection));
  if (view.pole !== null) {
    const side = view.pole === "north" ? 1 : -1;
    return polygon[0].every(([, latitude]) => side * latitude < 0)
      ? []
      : [polygon.map((ring) => toPlane(ring.filter(([, latitude]) => side * latitude > -85)))];
  }
  const unrolled = polygon.map(unroll);
  const all = unrolled[0].map(([x]) => x);
  const [west, east] = [Math.min(...all), Math.max(...all)];
  return [-360, 0, 360].filter((turn) => west + turn < 180 && east + turn > -180)
    .map((turn) => unrolled.map((ring) => plane(view, ring.map(([x, y]) => [x + turn, y]))));
}

function unroll(ring: Ring): Ring {
  const unrolled: Ring = [];
  let longitude = ring[0][0];
  for (const [next, latitude] of ring) {
    longitude += wrapped(next - longitude);
    unrolled.push([longitude, latitude]);
  }
  if (Math.abs(longitude - unrolled[0][0]) > 180) unrolled.push([longitude, -90], [unrolled[0][0], -90]);
  return unrolled;
}

/** Longitudes beyond the antimeridian lie beyond the plane's edge too. */
function plane(view: MapView, ring: Ring): Ring {
  const [left, , right] = view.extent;
  return ring.map(([x, y]) => {
    const turn = Math.floor((x + 180) / 360);
    const place = ol.proj.transform(
      [x - 360 * turn, Math.max(-89.9, Math.min(89.9, y))],
      "EPSG:4326",
      view.projection,
    );
    return [place[0] + turn * (right - left), place[1]];
  });
}

function wrapped(degrees: number): number {
  return degrees - 360 * Math.round(degrees / 360);
}

/** Meridians and parallels as lines in the view's plane. */
function graticule(view: MapView): Ring[] {
  const lines: Ring[] = [];
  const [south, north] = view.pole === "north" ? [30, 90] : view.pole === "south" ? [-90, -30] : [-85, 85];
  const toPlane = (place: number[]) => ol.proj.transform(place, "EPSG:4326", view.projection);
  const range = (from: number, to: number, step: number) =>
    Array.from({ length: Math.floor((to - from) / step + 1e-9) + 1 }, (_, i) => from + i * step);
  for (const longitude of range(-180, 150, 30)) {
    const whole = longitude % 90 === 0;
    const [low, high] = view.pole === null || whole
      ? [south, north]
      : view.pole === "north"
      ? [south, 80]
      : [-80, north];
    lines.push(range(low, high, 1).map((latitude) => toPlane([longitude, latitude])));
  }
  const step = view.pole === null ? 30 : 10;
  for (const latitude of range(Math.ceil(south / step) * step, north, step)) {
    if (Math.abs(latitude) === 90) continue;
    const ring = range(-180, 180, 2).map((longitude) =>
      toPlane([view.pole === null ? Math.min(179.999999, longitude) : longitude, latitude])
    );
    lines.push(ring);
  }
  return lines;
}
