/// <reference lib="dom" />
/** Views of the Earth: a tile matrix set with its projection. */
import type OpenLayers from "ol/dist/ol.js";
import type Proj4 from "proj4";
import { getJson } from "./server.ts";

declare const ol: typeof OpenLayers;
declare const proj4: typeof Proj4;

interface ViewAnswer {
  id: string;
  title: string;
  code: string;
  proj4: string | null;
  extent: [number, number, number, number];
  origin: [number, number];
  first: number;
  matrices: { cellSize: number; tileWidth: number; matrixWidth: number; matrixHeight: number }[];
}

export interface MapView {
  readonly id: string;
  readonly code: string;
  readonly pole: "north" | "south" | null;
  readonly projection: OpenLayers.proj.Projection;
  readonly extent: [number, number, number, number];
  readonly grid: OpenLayers.tilegrid.TileGrid;
  /** The set's number of the grid's zoom 0. */
  readonly first: number;
}

export const OFFERED = [
  { value: "WebMercatorQuad", label: "Mercator" },
  { value: "GIBSArctic3413", label: "Arctic" },
  { value: "GIBSAntarctic3031", label: "Antarctic" },
] as const;

const known = new Map<string, Promise<MapView>>();

export function viewOf(id: string): Promise<MapView> {
  let view = known.get(id);
  if (view === undefined) {
    view = load(id);
    view.catch(() => known.delete(id));
    known.set(id, view);
  }
  return view;
}

async function load(id: string): Promise<MapView> {
  const answer = await getJson<ViewAnswer>(`map/views/${encodeURIComponent(id)}`);
  if (answer === null) throw new Error(`the server tells nothing of ${id}`);
  const { code, proj4: definition, extent, origin, first, matrices } = answer;
  if (ol.proj.get(code) === null && definition !== null) {
    proj4.defs(code, definition);
    ol.proj.proj4.register(proj4);
  }
  const projection = ol.proj.get(code);
  if (projection === null) throw new Error(`the projection ${code} is unknown here`);
  projection.setExtent(extent);
  const latitude = /\+lat_0=(-?90)(?:\.0*)?(?:\s|$)/.exec(definition ?? "")?.[1];
  return {
    id,
    code,
    pole: latitude === undefined ? null : latitude === "90" ? "north" : "south",
    projection,
    extent,
    grid: new ol.tilegrid.TileGrid({
      extent,
      origin,
      resolutions: matrices.map(({ cellSize }) => cellSize),
      tileSizes: matrices.map(({ tileWidth }) => tileWidth),
      sizes: matrices.map(({ matrixWidth, matrixHeight }) => [matrixWidth, matrixHeight]),
    }),
    first,
  };
}

/** The box of longitudes and latitudes in a view's plane; the view's own extent where it has no place there. */
export function planeBox(view: MapView, [west, south, east, north]: readonly number[]): number[] {
  const [least, most] = view.pole === "north" ? [40, 90] : view.pole === "south" ? [-90, -40] : [-85, 85];
  const [low, high] = [Math.max(south, least), Math.min(north, most)];
  if (!(low < high)) return view.extent;
  const box = ol.extent.createEmpty();
  for (let i = 0; i <= 32; i++) {
    for (let j = 0; j <= 8; j++) {
      const place = [west + (east - west) * i / 32, low + (high - low) * j / 8];
      ol.extent.extendCoordinate(box, ol.proj.transform(place, "EPSG:4326", view.projection));
    }
  }
  const inside = ol.extent.getIntersection(box, view.extent);
  return ol.extent.isEmpty(inside) ? view.extent : inside;
}

/** Where a map looks: longitude and latitude of its middle, and its zoom. */
interface Look {
  readonly center: readonly [number, number] | null;
  readonly zoom: number | null;
}

export function lookOf(map: OpenLayers.Map, { projection }: MapView): Look {
  const middle = map.getView().getCenter();
  const [x, latitude] = middle === undefined ? [] : ol.proj.transform(middle, projection, "EPSG:4326");
  const there = x !== undefined && Number.isFinite(x) && Number.isFinite(latitude);
  return {
    center: there ? [x - 360 * Math.floor((x + 180) / 360), latitude] : null,
    zoom: map.getView().getZoom() ?? null,
  };
}

export function lookAt(map: OpenLayers.Map, { projection }: MapView, { center, zoom }: Look): void {
  if (center === null) return;
  map.getView().setCenter(ol.proj.transform([...center], "EPSG:4326", projection));
  if (zoom !== null) map.getView().setZoom(zoom);
}
