/** Granule rows of local files: what a scan finds in each, its name and its checksum make the row. */
import { GranaryError, type SerializedError, serializeError } from "../../../core/errors.ts";
import { checksumFile, type ChecksumKind } from "../../../core/files/checksum_file.ts";
import type { GranuleScan } from "./scan_granule.ts";
import type { GranuleRow } from "../../granule.ts";
import type { LocalFile } from "./local_files.ts";
import { granuleFromName } from "../../../products/file_names.ts";
import { collectionName } from "../../../products/collection_names.ts";

interface LocalOptions {
  /** Reads the coordinates and facts of one file. */
  scan(file: string, signal?: AbortSignal): Promise<GranuleScan>;
  /** Used for files that do not say it and whose names have no known form. */
  collection?: string | undefined;
  provider?: string | undefined;
  checksum: ChecksumKind;
  /** Files in work at once. */
  concurrency: number;
  signal?: AbortSignal | undefined;
  /** Hears of every file that failed; without it the first failure ends the walk. */
  onFailure?: ((file: string, error: SerializedError) => void) | undefined;
  onDone?: ((files: number) => void) | undefined;
}

/** The provider of granules that lie on a disk, unless stated. */
const LOCAL_PROVIDER = "local";

/** The collection of granules of which neither file nor name nor user says it. */
const UNKNOWN_COLLECTION = "unknown";

/** Rows of `files` in their order, several in work at once. */
export async function* localRows(
  files: readonly LocalFile[],
  options: LocalOptions,
): AsyncGenerator<GranuleRow> {
  const pending: Promise<GranuleRow | SerializedError>[] = [];
  let next = 0;
  let done = 0;
  const start = () => {
    const file = files[next++];
    const row = localRow(file, options).catch((error) => failure(error, options.signal));
    // A bug may reject before its turn to be awaited; it is thrown then, not reported as unhandled now.
    row.catch(() => {});
    pending.push(row);
  };
  try {
    while (next < files.length && pending.length < Math.max(1, options.concurrency)) start();
    while (pending.length > 0) {
      const file = files[done];
      const result = await pending.shift()!;
      options.signal?.throwIfAborted();
      if (next < files.length) start();
      done += 1;
      options.onDone?.(done);
      if (!("tag" in result)) {
        yield result;
        continue;
      }
      if (options.onFailure === undefined) throw new GranaryError("granule", result.message);
      options.onFailure(file.base + file.path, result);
    }
  } finally {
    await Promise.allSettled(pending);
  }
}

/** A file's own fault as data; a bug or an interruption is thrown on. */
function failure(error: unknown, signal: AbortSignal | undefined): SerializedError {
  signal?.throwIfAborted();
  if (!(error instanceof GranaryError) || (error.tag !== "granule" && error.tag !== "io")) {
    const code = (error as { code?: unknown }).code;
    if (typeof code !== "string") throw error;
  }
  return serializeError(error);
}

async function localRow(file: LocalFile, options: LocalOptions): Promise<GranuleRow> {
  const full = file.base + file.path;
  const [scan, checksum] = await Promise.all([
    options.scan(full, options.signal),
    checksumFile(full, options.checksum, options.signal),
  ]);
  const id = file.path.slice(file.path.lastIndexOf("/") + 1);
  const named = granuleFromName(id);
  const start = scan.facts.start ?? named.start;
  return {
    id,
    collection: collectionName(
      scan.facts.collection ?? named.collection ?? options.collection ?? UNKNOWN_COLLECTION,
    ),
    provider: options.provider ?? LOCAL_PROVIDER,
    concept_id: null,
    revision: null,
    start_datetime: start,
    end_datetime: scan.facts.end ?? (scan.facts.start === null ? named.end : null) ?? start,
    datetime: null,
    geometry: scan.summary.geometry,
    bbox: scan.summary.bbox,
    cell_order: scan.summary.cellOrder,
    cells: scan.summary.cells,
    s3_base: null,
    https_base: null,
    local_base: file.base,
    path: file.path,
    s3_credentials: null,
    s3_region: null,
    s3_endpoint: null,
    s3_access: null,
    size_bytes: file.sizeBytes,
    checksum,
    assets: [],
    properties: {
      groups: scan.groups.present,
      empty: scan.groups.empty,
      observations: scan.summary.positions,
    },
  };
}
