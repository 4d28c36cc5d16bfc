/** Items of a granule's files: one a time step, an asset a variable. */
import type { CogSummary } from "../../core/geotiff/write/cog.ts";
import { compactTimes } from "../../core/geotiff/write/outputs.ts";
import { type ItemTime, type RasterAsset, type RasterBand, rasterItem } from "../../core/stac/raster_item.ts";
import type { StacItem, StacLink } from "../../core/stac/values.ts";
import { VERSION } from "../../core/version.ts";
import { safeName } from "../../core/access/redact.ts";
import type { GranuleRow } from "../../catalog/granule.ts";
import type { Dataset } from "../dataset.ts";
import { itemStem } from "./names.ts";
import { footprintAround, resolutionMetres } from "./place.ts";

/** What an item says of a file, whether it was made or copied. */
export type FileSummary =
  & Pick<
    CogSummary,
    "key" | "sizeBytes" | "sha256" | "width" | "height" | "affine" | "crs" | "dtype" | "nodata"
  >
  & { readonly bands: readonly RasterBand[] };

/** A file that was put, and the variable that it holds. */
export interface MadeFile {
  readonly variable: string;
  readonly summary: FileSummary;
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
  const timeText = compactTimes(
    files.flatMap(({ isStep, time }) => isStep && "instant" in time ? time.instant : []),
  );
  for (const file of files) {
    const id = file.isStep && "instant" in file.time
      ? `${itemStem(row.id)}_${timeText(file.time.instant)}`
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
      footprint: footprintAround(group.map(({ summary }) => summary)),
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
      resolutionMetres: resolutionMetres(summary),
    },
  };
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
