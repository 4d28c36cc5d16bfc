/** The files that a catalog is asked questions of; of one that lies elsewhere only what is asked for comes here. */
import { safeName } from "../../core/access/redact.ts";
import { placeFor, READS_ANYWHERE } from "../../core/files/address.ts";
import { type CatalogFiles, catalogFiles, type CatalogFilesOptions, openerOf } from "./catalog_files.ts";
import { isRemoteCatalog, RemoteCatalogs } from "./remote_catalogs.ts";
import type { RemoteFile } from "./remote_file.ts";

/**
 * The files of a catalog for questions, which need some columns only: what lies elsewhere is not copied, unless by a
 * `remote` that keeps copies, and what is asked of large files comes by `filled`.
 */
export async function catalogRanges(
  named: string,
  options: CatalogFilesOptions = {},
): Promise<CatalogFiles & { filled?: readonly RemoteFile[] }> {
  if (named !== "-" && options.remote === undefined) {
    const place = placeFor(named, READS_ANYWHERE);
    if (isRemoteCatalog(place)) {
      const remote = new RemoteCatalogs(openerOf(options), options.scratch);
      try {
        const { clean, ...opened } = await remote.open(place);
        return { name: safeName(named), ...opened, clean: () => (clean(), remote.close()) };
      } catch (error) {
        remote.close();
        throw error;
      }
    }
  }
  return await catalogFiles(named, options);
}
