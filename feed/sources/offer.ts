/** From a source's draft of a granule to what the ledger is offered: filtered, with the files to fetch. */
import type { GranuleRow } from "../../catalog/granule.ts";
import { type Draft, finishRow, type Footprinter } from "../../catalog/discover/draft/draft.ts";
import type { Offer, TaskOffer } from "../ledger/register.ts";
import type { RowTest } from "./row_test.ts";
import { encodeRow } from "./row_json.ts";

export interface OfferMaker {
  footprinter: Footprinter;
  test: RowTest;
  /** Assets that go on the download queue, by key; none when nothing is downloaded. */
  download: (row: GranuleRow) => readonly TaskOffer[];
}

export function makeOffer(draft: Draft, sourceId: string, changed: number, maker: OfferMaker): Offer {
  const row = finishRow(draft, maker.footprinter);
  const leftOut = maker.test(row);
  return {
    sourceId,
    collection: row.collection,
    id: row.id,
    changed,
    startMs: row.start_datetime ?? row.datetime ?? row.end_datetime,
    leftOut,
    row: encodeRow(row),
    tasks: leftOut === null ? maker.download(row) : [],
  };
}

/** A granule that gives no row: it is known, so that counts agree, and left out with the reason. */
export function unreadableOffer(sourceId: string, changed: number, reason: string): Offer {
  return {
    sourceId,
    collection: "",
    id: sourceId,
    changed,
    startMs: null,
    leftOut: reason,
    row: "{}",
    tasks: [],
  };
}

/** What a downloader needs of one file. */
export interface DownloadWork {
  url: string;
  /** Below the folder that downloads go to. */
  path: string;
  sizeBytes: number | null;
  checksum: string | null;
}

/** One task for each asset that has an https link. */
export function assetTasks(row: GranuleRow): TaskOffer[] {
  return row.assets.flatMap((asset): TaskOffer[] => {
    if (asset.https_href === null) return [];
    const zipped = asset.media_type === "application/zip" && !row.id.endsWith(".zip");
    const work: DownloadWork = {
      url: asset.https_href,
      path: [row.provider, row.collection, zipped ? `${row.id}.zip` : row.id].join("/"),
      sizeBytes: asset.size_bytes,
      checksum: asset.checksum,
    };
    const version = asset.checksum ?? String(row.properties.updated ?? row.revision ?? "1");
    return [{ asset: asset.key, version, work: JSON.stringify(work) }];
  });
}
