/** Items of a granule's files: one a time step, an asset a variable. */
import type { CogSummary } from "../../core/geotiff/write/cog.ts";
import { crsOfCode } from "../../core/raster/crs/codes.ts";
import { transformer } from "../../core/raster/crs/transform.ts";
import type { Affine, Crs } from "../../core/raster/grid.ts";
import { boxAround, type Footprint, gridFootprint } from "../../core/stac/footprint.ts";
import { type ItemTime, type RasterAsset, rasterItem } from "../../core/stac/raster_item.ts";
import type { StacItem, StacLink } from "../../core/stac/values.ts";
import { VERSION } from "../../core/version.ts";
import { safeName } from "../../core/access/redact.ts";
import type { GranuleRow } from "../../catalog/granule.ts";
import type { Dataset } from "../dataset.ts";
import { compactTime, itemStem } from "./names.ts";

/** A file that was put, and the variable that it holds. */
export interface MadeFile {
  readonly variable: string;
  readonly summary: CogSummary;
  readonly time: ItemTime;
  /** Whether the time is one of several steps of the granule. */
  readonly isStep: boolean;
}

export function itemsOf(
  dataset: Dataset,
  row: GranuleRow,
  files: readonly MadeFile[],
  times: { readonly created: string; readonly updated: string },
): StacItem[] {
  const groups = new Map<string, MadeFile[]>();
  for (const file of files) {
    const id = file.isStep && "instant" in file.time
      ? `${itemStem(row.id)}_${compactTime(file.time.instant)}`
      : itemStem(row.id);
    const group = groups.get(id) ?? [];
    groups.set(id, group);
    group.push(file);
  }
  return [...groups].map(([id, group]) =>
    rasterItem({
      id,
      collection: dataset.name,
      time: spanOf(group),
      footprint: footprintOf(group),
      assets: group.map(assetOf),
      created: Date.parse(times.created),
      updated: Date.parse(times.updated),
      software: { granary: VERSION },
      lineage: lineageOf(row),
      links: linksOf(row),
      properties: dataset.collection.itemProperties,
    })
  );
}

function assetOf({ variable, summary }: MadeFile): RasterAsset {
  return {
    key: variable,
    href: summary.key,
    title: summary.bands[0].description,
    roles: ["data"],
    sizeBytes: summary.sizeBytes,
    sha256: summary.sha256,
    raster: {
      width: summary.width,
      height: summary.height,
      affine: summary.affine,
      crs: summary.crs,
      dtype: summary.dtype,
      nodata: summary.nodata,
      bands: summary.bands,
      resolutionMetres: resolutionOf(summary.affine, summary.crs),
    },
  };
}

function resolutionOf(affine: Affine, crs: Crs): number | null {
  if (crs.geographic || !/\+units=m\b/.test(crs.proj4)) return null;
  return Math.hypot(affine[0], affine[3]);
}

/** Around all grids; those that lie alike are carried to the globe once. */
function footprintOf(files: readonly MadeFile[]): Footprint {
  const known = new Map<string, Footprint>();
  for (const { summary } of files) {
    const { width, height, affine, crs } = summary;
    const key = JSON.stringify([width, height, affine, crs.code, crs.proj4]);
    if (known.has(key)) continue;
    const { forwardAll } = transformer(crs, crsOfCode("EPSG:4326"));
    known.set(
      key,
      gridFootprint({ width, height, affine, geographic: crs.geographic, toLonLat: forwardAll }),
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

function spanOf(files: readonly MadeFile[]): ItemTime {
  const starts = files.map(({ time }) => "instant" in time ? time.instant : time.start);
  const ends = files.map(({ time }) => "instant" in time ? time.instant : time.end);
  const [start, end] = [Math.min(...starts), Math.max(...ends)];
  return end > start ? { start, end } : { instant: start };
}

/** What the files were made from: the granule, by its own name and revision. */
function lineageOf({ collection, id, revision }: GranuleRow): string {
  return `from ${collection} ${id}${revision === null ? "" : `, revision ${revision}`}`;
}

/** Where the source is read, without what is secret; a place of one machine is no link for others. */
function linksOf(row: GranuleRow): StacLink[] {
  const remote = row.https_base ?? row.s3_base;
  return [
    { rel: "collection", href: "collection.json", type: "application/json" },
    ...remote === null ? [] : [{ rel: "derived_from", href: safeName(remote + row.path) }],
  ];
}
