/** Reads the coordinates of one granule and sums up where it has observations. */
import type { SyncSource } from "../../../core/access/source.ts";
import { TrackSummarizer, type TrackSummary } from "../../footprint/footprint.ts";
import { assignNested } from "../../../core/cells/assign.ts";
import { encodeRuns, type GroupRuns } from "../../../core/observations/row_runs.ts";
import type { ReadRequest } from "../../../core/observations/contract.ts";
import { readGranule } from "../../../core/observations/granule.ts";
import { release } from "../../../core/release.ts";
import { openHdf5 } from "../../../core/observations/open_granule_file.ts";
import { type GranuleFacts, granuleFacts } from "../../../products/granule_facts.ts";

/** What a scan reads: a config's groups and coordinates, and nothing else of the granule. */
export interface ScanRequest {
  /** Names or globs of top-level groups. */
  groups: readonly string[];
  /** Paths of datasets, which may hold `{group}`. */
  latitude: string;
  longitude: string;
  coordinateLink?: ReadRequest["coordinateLink"];
}

export interface ScanTask extends ScanOptions {
  file: string;
}

interface ScanOptions {
  request: ScanRequest;
  /** The order of the footprint's cells. */
  cellOrder: number;
  /** The order of a row index's cells; null for none. */
  indexOrder: number | null;
}

export interface GranuleScan {
  summary: TrackSummary;
  groups: { present: string[]; empty: string[]; missing: string[] };
  rows: number;
  /** Product and times, as far as the file says them. */
  facts: GranuleFacts;
  /** Runs of every group, when an index is made. */
  runs: GroupRuns[];
}

/** Scans an open source and closes it. Throws a granule error that names the file. */
export async function scanGranule(
  source: SyncSource,
  { request, cellOrder, indexOrder }: ScanOptions,
): Promise<GranuleScan> {
  try {
    const coordinates = { ...request, columns: [], filters: [] };
    const file = await openHdf5(source, { request: coordinates });
    try {
      const runs: GroupRuns[] = [];
      const summarizer = new TrackSummarizer(cellOrder);
      const groups = readGranule(file, coordinates);
      let step = groups.next();
      for (; !step.done; step = groups.next()) {
        const { longitude, latitude } = step.value;
        summarizer.add({ longitude, latitude });
        if (indexOrder !== null) {
          const cells = new Float64Array(longitude.length);
          assignNested(longitude, latitude, indexOrder, "authalic", cells);
          runs.push(encodeRuns(step.value.group, cells));
          release([cells]);
        }
        release([longitude, latitude]);
      }
      const { present, empty, missing, rows } = step.value;
      return {
        summary: summarizer.finish(),
        groups: { present, empty, missing },
        rows,
        runs,
        facts: granuleFacts(file),
      };
    } finally {
      file.close();
    }
  } finally {
    source.close();
  }
}
