/** Granules of files on a disk as rows for a catalog: which config reads them, their scan on workers. */
import os from "node:os";
import { GranaryError, inputError } from "../../core/errors.ts";
import { formatCount } from "../../core/units.ts";
import { globMatches } from "../../core/glob.ts";
import { type ChecksumKind, DEFAULT_CHECKSUM } from "../../core/files/checksum_file.ts";
import type { GranuleRow } from "../../catalog/granule.ts";
import { localRows } from "../../catalog/discover/files/local.ts";
import { findLocalFiles, type LocalFile } from "../../catalog/discover/files/local_files.ts";
import { granuleFromName } from "../../products/file_names.ts";
import { type CatalogQuery, DEFAULT_CELL_ORDER } from "../../catalog/schema.ts";
import { loadConfig } from "../config/load.ts";
import type { Pipeline } from "../pipeline.ts";
import { PRESET_NAMES } from "../../products/presets/index.ts";
import { teeRowIndex } from "../../catalog/row_index/tee.ts";
import { startLocalScanner } from "./local_scan.ts";

export interface LocalGranulesOptions {
  /** A preset, a YAML file or a pipeline; by default the preset that fits the files' names. */
  config?: string | Pipeline | undefined;
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
  onWarning?: ((message: string) => void) | undefined;
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
 * an input error when a path does not exist, or when no config is named and no single preset fits.
 */
export function localGranules(paths: readonly string[], options: LocalGranulesOptions = {}): LocalGranules {
  if (paths.length === 0) throw inputError("no paths were named (wanted granule files or folders of them)");
  const files = findLocalFiles(paths);
  const pipeline = pipelineFor(files, options.config, options.onWarning ?? (() => {}));
  const cellOrder = options.cellOrder ?? DEFAULT_CELL_ORDER;
  const workers = Math.min(options.workers ?? os.availableParallelism(), files.length);
  // Cells of the config's own order: later runs then need no coordinates at all.
  const indexOrder = options.rowIndex === undefined
    ? null
    : options.rowIndex.order ?? pipeline.output.childOrder;
  const scanner = startLocalScanner(pipeline, workers, indexOrder);
  const failures: LocalGranules["failures"] = [];
  const withoutPositions: string[] = [];
  const found = localRows(files, {
    scan: scanner.scan,
    cellOrder,
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
    (row) => scanner.takeRuns(`${row.local_base}${row.path}`),
    rowIndex.file,
    { order: indexOrder! },
  );
  return {
    rows: teed?.rows ?? noted(),
    failures,
    query: () => localQuery(paths, pipeline.name, failures.length),
    notes: () => withoutPositions.length === 0 ? [] : [positionsNote(withoutPositions, pipeline)],
    close: async () => {
      await teed?.index;
      await scanner.close();
    },
  };
}

function noneReadable(failures: LocalGranules["failures"]): GranaryError {
  return new GranaryError(
    "granule",
    `no granule could be read (${formatCount(failures.length)} failed); no catalog was written`,
    { details: { failures: failures.slice(0, FAILURES_IN_ERROR) } },
  );
}

function positionsNote(ids: readonly string[], pipeline: Pipeline): string {
  const more = ids.length > NAMED_IN_NOTES ? ` and ${ids.length - NAMED_IN_NOTES} more` : "";
  return `${
    ids.slice(0, NAMED_IN_NOTES).join(", ")
  }${more}: no positions at ${pipeline.dataSource.latitude}` +
    ` and ${pipeline.dataSource.longitude} (is ${pipeline.name} the config for these files?)`;
}

function localQuery(paths: readonly string[], config: string, failed: number): CatalogQuery {
  const granules: Record<string, number> = failed === 0 ? {} : { "could not be read": failed };
  return {
    source: "local",
    parameters: { paths, config },
    set_aside: { granules, links: {}, notes: {} },
  };
}

/** The config named, or the preset whose collections fit every file's name. */
function pipelineFor(
  files: readonly LocalFile[],
  config: string | Pipeline | undefined,
  warn: (message: string) => void,
): Pipeline {
  if (typeof config === "object") return config;
  if (config !== undefined) {
    const { pipeline, warnings } = loadConfig(config);
    warnings.forEach(warn);
    return pipeline;
  }
  const collections = new Set(files.map((file) => granuleFromName(file.path).collection));
  const fitting = PRESET_NAMES.map((name) => loadConfig(name).pipeline).filter((pipeline) =>
    [...collections].every((collection) =>
      collection !== null && pipeline.dataSource.collections.some((glob) => globMatches(glob, collection))
    )
  );
  if (fitting.length === 1) return fitting[0];
  const found = [...collections].map((collection) => collection ?? "unknown").sort().join(", ");
  throw inputError(
    `the files are of ${found}, which no single preset fits (${PRESET_NAMES.join(", ")});` +
      " name a config with -c",
  );
}
