/** Points a catalog's rows at a local mirror, whose files lie as provider/collection/path. */
import fs from "node:fs";
import path from "node:path";
import { inputError } from "../../core/errors.ts";
import { localPath } from "../../core/files/address.ts";
import { withFileLock } from "../../core/files/file_lock.ts";
import type { GranuleRow } from "../granule.ts";
import { assetLocation } from "../locations.ts";
import { type CatalogOptions, openCatalog } from "../file/open_catalog.ts";
import { leaveOutOthers } from "../file/other_columns.ts";
import { writeCatalog, type WriteResult } from "../write/write.ts";

interface RebaseOptions extends CatalogOptions {
  /** The folder of the mirror. */
  mirror: string;
  /** Leave rows alone whose files are not in the mirror. */
  existingOnly?: boolean | undefined;
  /** A catalog whose rows stay in the output, unless the input has them as new or newer. */
  onto?: string | undefined;
  signal?: AbortSignal | undefined;
}

interface RebaseResult extends WriteResult {
  /** Rows that now point at the mirror. */
  rebased: number;
  /** Rows whose files are in the mirror. */
  there: number;
  /** Rows whose names would lead out of the mirror; they are left as they were. */
  unsafe: number;
}

/** Writes `input` to `output` (which may be the same file) with `local_base` in the mirror. */
export async function rebaseCatalog(
  input: string,
  output: string,
  options: RebaseOptions,
): Promise<RebaseResult> {
  const root = mirrorFolder(options.mirror);
  const inPlace = [input, options.onto].some((file) =>
    file !== undefined && path.resolve(file) === path.resolve(output)
  );
  const rebase = () => rebaseFile(input, output, root, options);
  return inPlace ? await withFileLock(output, rebase, { signal: options.signal }) : await rebase();
}

/** The absolute path of a mirror. Throws an input error where there is no folder: nothing would lie in it. */
function mirrorFolder(named: string): string {
  const root = path.resolve(localPath(named));
  if (fs.statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw inputError(
      `${named}: no such folder (wanted a mirror, where files lie as provider/collection/path)`,
    );
  }
  return root;
}

async function rebaseFile(
  input: string,
  output: string,
  root: string,
  options: RebaseOptions,
): Promise<RebaseResult> {
  const catalog = await openCatalog(input, options);
  const former = options.onto === undefined ? undefined : await openCatalog(options.onto, options);
  const counts = { rebased: 0, there: 0, unsafe: 0 };
  try {
    for (const { name, types } of former === undefined ? [catalog] : [catalog, former]) {
      leaveOutOthers(name, types.keys(), output, options.warn);
    }
    const result = await writeCatalog(output, bothRows(), {
      ...options,
      cellOrder: catalog.metadata.cell_order,
      queries: [...former?.metadata.queries ?? [], ...catalog.metadata.queries],
    });
    return { ...result, ...counts };
  } finally {
    former?.close();
    catalog.close();
  }

  async function* bothRows(): AsyncGenerator<GranuleRow> {
    if (former !== undefined) { for await (const { rows } of former.rows()) yield* rows; }
    yield* rebasedRows();
  }

  async function* rebasedRows(): AsyncGenerator<GranuleRow> {
    for await (const chunk of catalog.rows()) {
      for (const row of chunk.rows) {
        const base = mirrorBase(root, row);
        const there = base !== undefined && liesIn(base, row);
        if (there) counts.there += 1;
        if (base === undefined) counts.unsafe += 1;
        else if (!options.existingOnly || there) {
          counts.rebased += 1;
          yield onMirror(row, base);
          continue;
        }
        yield row;
      }
    }
  }
}

/** Local hrefs of assets give way to the mirror's base. */
function onMirror(row: GranuleRow, base: string): GranuleRow {
  const assets = row.assets.map((asset) => ({
    ...asset,
    local_href: asset.path === null ? asset.local_href : null,
  }));
  return { ...row, local_base: base, assets };
}

/**
 * The base of a row in a mirror, `<root>/<provider>/<collection>/`; undefined where a name would lead
 * out of it.
 */
export function mirrorBase(root: string, row: GranuleRow): string | undefined {
  const paths = row.assets.length === 0 ? [row.path] : row.assets.map((asset) => asset.path ?? "");
  const sound = isFolderName(row.provider) && isFolderName(row.collection) && paths.every(staysInside);
  return sound ? `${root.endsWith("/") ? root : `${root}/`}${row.provider}/${row.collection}/` : undefined;
}

function isFolderName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/\\\0]/.test(name);
}

function staysInside(relative: string): boolean {
  return !relative.startsWith("/") && !/[\\\0]/.test(relative) && !relative.split("/").includes("..");
}

function liesIn(base: string, row: GranuleRow): boolean {
  const moved = onMirror(row, base);
  const files = row.assets.length === 0
    ? [base + row.path]
    : moved.assets.map((asset) => assetLocation(moved, asset, "local") ?? "");
  return files.every((file) => fs.existsSync(file));
}
