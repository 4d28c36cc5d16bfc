/**
 * Downloads what a selection needs into a mirror on disk (provider/collection/path) and points the catalog
 * at it.
 */
import fs from "node:fs";
import path from "node:path";
import { GranaryError, inputError } from "../../core/errors.ts";
import { type Download, download, downloadMemory } from "../../core/access/download.ts";
import { safeName } from "../../core/access/redact.ts";
import { chooseAsset } from "../asset_choice.ts";
import { locate } from "../driver.ts";
import type { DriverChoice } from "../driver_choice.ts";
import { FILES_AT_ONCE, mapBounded } from "../../core/concurrency.ts";
import type { SourceOpener } from "../../core/access/open.ts";
import type { Area } from "../../core/geometry/area.ts";
import type { GranuleAsset, GranuleRow } from "../granule.ts";
import { openCatalog } from "../file/open_catalog.ts";
import { requireNoOthers } from "../file/other_columns.ts";
import { mirrorBase, rebaseCatalog } from "./rebase.ts";
import { filterNotes } from "../query/filter_notes.ts";
import { filteredRows, type GranuleFilter } from "../query/filter.ts";
import { decodeWkb } from "../../core/geometry/wkb.ts";

export interface FetchOptions extends GranuleFilter {
  /** The mirror's folder. */
  to: string;
  /** The catalog to write; the mirror's `catalog.parquet` without it. */
  output?: string | undefined;
  opener: SourceOpener;
  drivers: DriverChoice;
  areas?: readonly Area[] | undefined;
  /** Key or glob of the file to fetch of granules that have several; all of them without it. */
  asset?: string | null | undefined;
  filesAtOnce?: number | undefined;
  verify?: boolean | undefined;
  signal?: AbortSignal | undefined;
  /** What the filter leaves out without anybody having asked for it. */
  onNote?: ((note: string) => void) | undefined;
  onPlan?: ((files: number, bytes: number | null) => void) | undefined;
  onProgress?: ((done: number, bytes: number) => void) | undefined;
}

export interface FetchReport {
  granules: number;
  files: number;
  fetched: number;
  /** Files that were there and whole. */
  there: number;
  /** Files whose checksum was compared and right. */
  verified: number;
  bytes: number;
  failures: { collection: string; id: string; file: string; message: string }[];
  /** The catalog whose rows point at the mirror. */
  catalog: string;
}

interface Wanted extends Download {
  row: Pick<GranuleRow, "collection" | "id">;
}

/** Chunks of all files under way: 64 MiB. */
const CHUNKS_AT_ONCE = 8;

/**
 * Fetches the files of the granules that the filter lets through. Files that fail are reported and do not
 * stop the others; refused credentials and a disk that cannot be written to do.
 */
export async function fetchGranules(catalogFile: string, options: FetchOptions): Promise<FetchReport> {
  const { opener, signal } = options;
  const { wanted, granules, failures } = await plan(catalogFile, options);
  if (wanted.length === 0 && failures.length > 0) {
    throw inputError(
      `${
        safeName(catalogFile)
      }: none of ${granules} granules has an address to fetch from; nothing was written` +
        ` (${failures[0]!.message})`,
    );
  }
  const sizes = wanted.map(({ sizeBytes }) => sizeBytes);
  options.onPlan?.(
    wanted.length,
    sizes.includes(null) ? null : sizes.reduce<number>((sum, size) => sum + size!, 0),
  );
  const report: FetchReport = {
    granules,
    files: wanted.length,
    fetched: 0,
    there: 0,
    verified: 0,
    bytes: 0,
    failures,
    catalog: options.output ?? path.join(options.to, "catalog.parquet"),
  };
  // One that is no catalog, or that would lose columns, is refused before anything is fetched.
  if (fs.existsSync(report.catalog)) {
    const former = await openCatalog(report.catalog);
    former.close();
    requireNoOthers(report.catalog, former.types.keys());
  }
  let done = 0;
  let bytes = 0;
  const memory = downloadMemory(CHUNKS_AT_ONCE);
  const stop = new AbortController();
  const stopped = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  await mapBounded(wanted, options.filesAtOnce ?? FILES_AT_ONCE, async (one) => {
    try {
      const result = await download(one, opener, {
        signal: stopped,
        verify: options.verify,
        memory,
        onBytes: (more) => options.onProgress?.(done, bytes += more),
      });
      report[result.state] += 1;
      report.bytes += result.bytes;
      if (result.verified) report.verified += 1;
    } catch (error) {
      if (!isOnesOwn(error)) {
        stop.abort(error);
        throw error;
      }
      report.failures.push({ ...one.row, file: one.file, message: error.message });
    }
    options.onProgress?.(++done, bytes);
  });
  fs.mkdirSync(options.to, { recursive: true });
  // The mirror's catalog keeps what earlier fetches of other catalogs have put there.
  const onto = fs.existsSync(report.catalog) ? report.catalog : undefined;
  await rebaseCatalog(catalogFile, report.catalog, {
    mirror: options.to,
    existingOnly: true,
    onto,
    signal,
    opener,
  });
  return report;
}

/** Whether a failure is that of one file, and the next may fare better. */
function isOnesOwn(error: unknown): error is GranaryError {
  if (!(error instanceof GranaryError)) return false;
  return error.tag === "granule" || (error.tag === "io" && error.details.file === undefined);
}

interface FetchPlan {
  wanted: Wanted[];
  granules: number;
  /** Granules that have no address for the drivers. */
  failures: FetchReport["failures"];
}

async function plan(catalogFile: string, options: FetchOptions): Promise<FetchPlan> {
  const catalog = await openCatalog(catalogFile, { opener: options.opener, signal: options.signal });
  const wanted = new Map<string, Wanted>();
  const failures: FetchReport["failures"] = [];
  let granules = 0;
  try {
    for (const note of await filterNotes(catalog, options)) options.onNote?.(note);
    const chunks = filteredRows(catalog, options);
    let localRegion: string | undefined;
    let asked = false;
    for await (const { rows } of chunks) {
      for (const row of rows) {
        if (options.areas !== undefined && !options.areas.every((area) => touches(row, area))) continue;
        granules += 1;
        if (!asked && row.s3_base !== null) {
          asked = true;
          localRegion = await options.opener.aws.region();
        }
        try {
          for (const one of filesOf(row, options, localRegion)) wanted.set(one.file, one);
        } catch (error) {
          if (!isOnesOwn(error)) throw error;
          failures.push({ collection: row.collection, id: row.id, file: row.path, message: error.message });
        }
      }
    }
  } finally {
    catalog.close();
  }
  return { wanted: [...wanted.values()], granules, failures };
}

function filesOf(row: GranuleRow, options: FetchOptions, localRegion: string | undefined): Wanted[] {
  const base = mirrorBase(path.resolve(options.to), row);
  if (base === undefined) {
    throw new GranaryError(
      "input",
      `${row.collection} ${row.id}: its names would lead out of ${options.to}; the catalog is damaged or not to be trusted`,
    );
  }
  const assets: (GranuleAsset | null)[] = options.asset != null
    ? [chooseAsset(row, options.asset)]
    : row.assets.length > 0
    ? row.assets
    : [null];
  // What is fetched comes from elsewhere: a file that the catalog has on this machine is no source.
  const remote = { ...row, local_base: null };
  return assets.map((asset) => {
    const inner = asset === null ? row.path : asset.path;
    if (inner === null) {
      throw new GranaryError(
        "input",
        `${row.collection} ${row.id}: its file "${
          asset!.key
        }" has no path and so no place in a mirror; name another by --asset`,
      );
    }
    return {
      row: { collection: row.collection, id: row.id },
      location: locate(remote, options.drivers, {
        localRegion,
        warn: options.opener.warn,
        asset: asset === null ? null : { ...asset, local_href: null },
      }),
      file: path.join(base, inner),
      sizeBytes: asset === null ? row.size_bytes : asset.size_bytes,
      checksum: asset === null ? row.checksum : asset.checksum,
    };
  });
}

function touches(row: GranuleRow, area: Area): boolean {
  return row.geometry !== null && area.meets(decodeWkb(row.geometry));
}
