/** Reads the coordinates of one granule and sums up where it has observations. */
import type { SyncSource } from "../../catalog/access/source.ts";
import { TrackSummarizer, type TrackSummary } from "../../catalog/footprint.ts";
import type { Pipeline } from "../config/pipeline.ts";
import { readGranule } from "../read/granule.ts";
import { openHdf5 } from "../read/open.ts";

/** What a scan reads: a config's groups and coordinates, and nothing else of the granule. */
export type ScanRequest = Pick<Pipeline["dataSource"], "groups" | "latitude" | "longitude">;

export interface GranuleScan {
  summary: TrackSummary;
  groups: { present: string[]; empty: string[]; missing: string[] };
  rows: number;
}

/** Scans an open source and closes it. Throws a granule error that names the file. */
export async function scanGranule(
  source: SyncSource,
  request: ScanRequest,
  cellOrder: number,
): Promise<GranuleScan> {
  try {
    const file = await openHdf5(source);
    try {
      const summarizer = new TrackSummarizer(cellOrder);
      const groups = readGranule(file, { ...request, columns: [], filters: [] });
      let step = groups.next();
      for (; !step.done; step = groups.next()) {
        const { longitude, latitude } = step.value;
        summarizer.add({ longitude, latitude });
      }
      const { present, empty, missing, rows } = step.value;
      return { summary: summarizer.finish(), groups: { present, empty, missing }, rows };
    } finally {
      file.close();
    }
  } finally {
    source.close();
  }
}
