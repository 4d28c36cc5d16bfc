/** Granules of files on a disk as rows for a catalog, scanned on worker threads. */
import os from "node:os";
import { GranaryError, inputError } from "../../../core/errors.ts";
import { formatCount } from "../../../core/units.ts";
import { type ChecksumKind, DEFAULT_CHECKSUM } from "../../../core/files/checksum_file.ts";
import type { GranuleRow } from "../../granule.ts";
import type { GroupRuns } from "../../../core/observations/row_runs.ts";
import { localRows } from "./local.ts";
import { scanGrids } from "./scan_grids.ts";
import type { ScanRequest } from "./scan_granule.ts";
import { startScanner } from "./scanner.ts";
import { findLocalFiles, type LocalFile } from "./local_files.ts";
import { granuleFromName } from "../../../products/file_names.ts";
import { type CatalogQuery, DEFAULT_CELL_ORDER } from "../../schema.ts";
import { teeRowIndex } from "../../row_index/tee.ts";

/** Where observations lie in granules of a kind. */
export interface GranuleLayout extends ScanRequest {
  /** For messages and the catalog's metadata. */
  name: string;
  /** The order of a row index, where nobody asks for another: the cells of later runs. */
  indexOrder: number;
}

/** Instead of a layout: files of grids, whose places are their footprints. */
export const GRIDS = "grids";

export interface LocalGranulesOptions {
  /** Where observations lie in the files, or what chooses it by the collections that their names say. */
  layout: GranuleLayout | ((collections: readonly (string | null)[]) => GranuleLayout) | typeof GRIDS;
  /** Order of the footprints' cells. */
  cellOrder?: number | undefined;
  /** The collection of files that do not say it. */
  collection?: string | undefined;
  provider?: string | undefined;
  /** Of whole files; default {@linkcode DEFAULT_CHECKSUM}. */
  checksum?: ChecksumKind | undefined;
  /** Worker threads; default the cores of this process. */
  workers?: number | undefined;
  /** Writes a row index on the way: its file and the order of its cells. */
  rowIndex?: { file: string; order?: number | undefined } | undefined;
  signal?: AbortSignal | undefined;
  /** Called after each file. */
  onDone?: ((files: number, total: number) => void) | undefined;
}

/** What was found, read while `rows` is iterated. */
export interface LocalGranules {
  rows: AsyncGenerator<GranuleRow>;
  /** Files that could not be read, and why. */
  failures: { granule: string; reason: string }[];
  /** What the catalog's metadata keeps; to be called after the last row. */
  query(): CatalogQuery;
  /** Lines for people; to be called after the last row. */
  notes(): string[];
  /** Ends the workers and the row index. */
  close(): Promise<void>;
}

/** Failures that an error carries; the others are counted. */
const FAILURES_IN_ERROR = 20;

/** Granules without a position that are named in a note; the others are counted. */
const NAMED_IN_NOTES = 5;

/**
 * Finds granule files in files and folders and reads each one's coordinates. A file that cannot be read
 * is among the failures, and the others go on; when none could be read, the rows end in an error. Throws
 * an input error when a path does not exist.
 */
export function localGranules(paths: readonly string[], options: LocalGranulesOptions): LocalGranules {
  if (paths.length === 0) throw inputError("no paths were named (wanted granule files or folders of them)");
  if (options.layout === GRIDS) return gridGranules(paths, options);
  const files = findLocalFiles(paths);
  const layout = typeof options.layout === "object" ? options.layout : options.layout(collectionsOf(files));
  const cellOrder = options.cellOrder ?? DEFAULT_CELL_ORDER;
  const workers = Math.min(options.workers ?? os.availableParallelism(), files.length);
  // Cells of the config's own order: later runs then need no coordinates at all.
  const indexOrder = options.rowIndex === undefined ? null : options.rowIndex.order ?? layout.indexOrder;
  const { groups, latitude, longitude, coordinateLink } = layout;
  const request = {
    groups,
    latitude,
    longitude,
    ...coordinateLink === undefined ? {} : { coordinateLink },
  };
  const scanner = startScanner(workers);
  /** Runs of scanned files that wait for the row index. */
  const runsOf = new Map<string, GroupRuns[]>();
  const failures: LocalGranules["failures"] = [];
  const withoutPositions: string[] = [];
  const found = localRows(files, {
    scan: async (file, signal) => {
      const scan = await scanner.run({ file, request, cellOrder, indexOrder }, signal);
      if (indexOrder !== null) runsOf.set(file, scan.runs);
      return scan;
    },
    collection: options.collection,
    provider: options.provider,
    checksum: options.checksum ?? DEFAULT_CHECKSUM,
    concurrency: workers + 1,
    signal: options.signal,
    onFailure: (file, error) => failures.push({ granule: file, reason: error.message }),
    onDone: (done) => options.onDone?.(done, files.length),
  });
  async function* noted(): AsyncGenerator<GranuleRow> {
    let rows = 0;
    for await (const row of found) {
      if (row.cells.length === 0) withoutPositions.push(row.id);
      rows += 1;
      yield row;
    }
    // A catalog of nothing would look like a success to the next program, and replace one that is sound.
    if (rows === 0 && failures.length > 0) throw noneReadable(failures);
  }
  const { rowIndex } = options;
  const teed = rowIndex === undefined ? undefined : teeRowIndex(
    noted(),
    (row) => {
      const file = `${row.local_base}${row.path}`;
      const runs = runsOf.get(file) ?? [];
      runsOf.delete(file);
      return runs;
    },
    rowIndex.file,
    { order: indexOrder! },
  );
  return {
    rows: teed?.rows ?? noted(),
    failures,
    query: () => localQuery(paths, layout.name, failures.length),
    notes: () => withoutPositions.length === 0 ? [] : [positionsNote(withoutPositions, layout)],
    close: async () => {
      await teed?.index;
      await scanner.close();
    },
  };
}

/** Files of grids, on this thread: a header is read of each. */
function gridGranules(paths: readonly string[], options: LocalGranulesOptions): LocalGranules {
  if (options.rowIndex !== undefined) throw inputError("grids have no rows: a row index is of observations");
  const files = findLocalFiles(paths, { grids: true });
  const cellOrder = options.cellOrder ?? DEFAULT_CELL_ORDER;
  const failures: LocalGranules["failures"] = [];
  const found = localRows(files, {
    scan: (file, signal) => scanGrids(file, cellOrder, signal),
    collection: options.collection,
    provider: options.provider,
    checksum: options.checksum ?? DEFAULT_CHECKSUM,
    concurrency: GRID_FILES_AT_ONCE,
    signal: options.signal,
    onFailure: (file, error) => failures.push({ granule: file, reason: error.message }),
    onDone: (done) => options.onDone?.(done, files.length),
  });
  async function* counted(): AsyncGenerator<GranuleRow> {
    let rows = 0;
    for await (const row of found) {
      rows += 1;
      yield row;
    }
    if (rows === 0 && failures.length > 0) throw noneReadable(failures);
  }
  return {
    rows: counted(),
    failures,
    query: () => localQuery(paths, GRIDS, failures.length),
    notes: () => [],
    close: () => Promise.resolve(),
  };
}

const GRID_FILES_AT_ONCE = 4;

function noneReadable(failures: LocalGranules["failures"]): GranaryError {
  return new GranaryError(
    "granule",
    `no granule could be read (${formatCount(failures.length)} failed); no catalog was written`,
    { details: { failures: failures.slice(0, FAILURES_IN_ERROR) } },
  );
}

function positionsNote(ids: readonly string[], layout: GranuleLayout): string {
  const more = ids.length > NAMED_IN_NOTES ? ` and ${ids.length - NAMED_IN_NOTES} more` : "";
  return `${ids.slice(0, NAMED_IN_NOTES).join(", ")}${more}: no positions at ${layout.latitude}` +
    ` and ${layout.longitude} (is ${layout.name} the config for these files?)`;
}

function localQuery(paths: readonly string[], config: string, failed: number): CatalogQuery {
  const granules: Record<string, number> = failed === 0 ? {} : { "could not be read": failed };
  return {
    source: "local",
    parameters: { paths, config },
    set_aside: { granules, links: {}, notes: {} },
  };
}

function collectionsOf(files: readonly LocalFile[]): (string | null)[] {
  return [...new Set(files.map((file) => granuleFromName(file.path).collection))];
}
