/** From a source's draft of a granule to what the ledger is offered: filtered, with the files to fetch. */
import { locationBy } from "../../catalog/granule_address.ts";
import type { GranuleAsset, GranuleRow } from "../../catalog/granule.ts";
import type { SourceLocation } from "../../core/access/location.ts";
import { type Draft, finishRow, type Footprinter } from "../../catalog/discover/draft/draft.ts";
import { Tally } from "../../catalog/discover/draft/tally.ts";
import type { Offer, TaskOffer } from "../ledger/register.ts";
import type { RowTest } from "./row_test.ts";
import { encodeRow } from "./row_json.ts";

export interface OfferMaker {
  footprinter: Footprinter;
  test: RowTest;
  /** Assets that go on the download queue, by key; none when nothing is downloaded. */
  download: (row: GranuleRow) => readonly TaskOffer[];
}

/** When a source changed a granule; `revised` where it orders its words by another time than its windows. */
interface OfferTimes {
  changed: number;
  revised?: number;
}

export function makeOffer(draft: Draft, sourceId: string, times: OfferTimes, maker: OfferMaker): Offer {
  const tally = new Tally();
  const row = finishRow(draft, maker.footprinter, tally);
  return row === null
    ? unreadableOffer(sourceId, times, tally.lines(["granule"]).join("; "))
    : offerOf(row, sourceId, times, maker);
}

/** The offer of a row whose footprint is known. */
export function offerOf(row: GranuleRow, sourceId: string, times: OfferTimes, maker: OfferMaker): Offer {
  const leftOut = maker.test(row);
  return {
    sourceId,
    collection: row.collection,
    id: row.id,
    changed: times.changed,
    revised: times.revised ?? times.changed,
    startMs: row.start_datetime ?? row.datetime ?? row.end_datetime,
    leftOut,
    row: encodeRow(row),
    tasks: leftOut === null ? maker.download(row) : [],
  };
}

/** A granule that gives no row: it is known, so that counts agree, and left out with the reason. */
export function unreadableOffer(sourceId: string, times: OfferTimes, reason: string): Offer {
  return {
    sourceId,
    collection: "",
    id: sourceId,
    changed: times.changed,
    revised: times.revised ?? times.changed,
    startMs: null,
    leftOut: reason,
    row: "{}",
    tasks: [],
  };
}

/** What a downloader needs of one file. */
export interface DownloadWork {
  /** A string is a URL. */
  url: string | SourceLocation;
  /** Below the folder that downloads go to. */
  path: string;
  sizeBytes: number | null;
  checksum: string | null;
}

/** One task for each file of a granule, in a mirror's layout: provider/collection/path. */
export function fileTasks(row: GranuleRow): TaskOffer[] {
  const files: (GranuleAsset | null)[] = row.assets.length === 0 ? [null] : [...row.assets];
  return files.flatMap((asset): TaskOffer[] => {
    const location = locationBy(row, "https", asset) ?? locationBy(row, "s3", asset);
    const inner = asset === null ? row.path : asset.path ?? lastSegment(location?.url);
    if (location === undefined || inner === null) return [];
    const checksum = asset === null ? row.checksum : asset.checksum;
    const work: DownloadWork = {
      url: location.kind === "https" ? location.url : location,
      path: [row.provider, row.collection, inner].join("/"),
      sizeBytes: asset === null ? row.size_bytes : asset.size_bytes,
      checksum,
    };
    return [{ asset: asset?.key ?? "data", version: versionOf(row, checksum), work: JSON.stringify(work) }];
  });
}

function lastSegment(url: string | undefined): string | null {
  return url === undefined ? null : new URL(url).pathname.split("/").at(-1) || null;
}

/** What tells a file from an earlier one of its name. */
function versionOf(row: GranuleRow, checksum: string | null): string {
  return checksum ?? String(row.properties.updated ?? row.properties.last_modified ?? row.revision ?? "1");
}

/** The products of the Copernicus Data Space: one file each, a folder comes zipped. */
export function productTasks(row: GranuleRow): TaskOffer[] {
  return row.assets.flatMap((asset): TaskOffer[] => {
    if (asset.https_href === null) return [];
    const zipped = asset.media_type === "application/zip" && !row.id.endsWith(".zip");
    const work: DownloadWork = {
      url: asset.https_href,
      path: [row.provider, row.collection, zipped ? `${row.id}.zip` : row.id].join("/"),
      sizeBytes: asset.size_bytes,
      checksum: asset.checksum,
    };
    return [{ asset: asset.key, version: versionOf(row, asset.checksum), work: JSON.stringify(work) }];
  });
}
