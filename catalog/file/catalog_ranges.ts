/** The files that a catalog is asked questions of; of one that lies elsewhere only what is asked for comes here. */
import { placeFor, READS_ANYWHERE } from "../../core/files/address.ts";
import { type CatalogFiles, catalogFiles, type CatalogFilesOptions, openerOf } from "./catalog_files.ts";
import { isRemoteFile } from "./remote_catalogs.ts";
import { RemoteFile } from "./remote_file.ts";

/**
 * The files of a catalog for questions, which need some columns only: a file of `s3:` or `https:` is not copied, unless
 * by a `remote` that keeps copies, and what is asked of it comes by `filled`.
 */
export async function catalogRanges(
  named: string,
  options: CatalogFilesOptions = {},
): Promise<CatalogFiles & { filled?: RemoteFile }> {
  if (named !== "-" && options.remote === undefined) {
    const place = placeFor(named, READS_ANYWHERE);
    if (isRemoteFile(place)) {
      const filled = await RemoteFile.open(await openerOf(options).open(place), options.scratch);
      return { name: filled.name, files: [filled.file], hidden: null, filled, clean: () => filled.close() };
    }
  }
  return await catalogFiles(named, options);
}
