/** How the commands open the catalogs that they are told. */
import type { CatalogFilesOptions } from "../../catalog/file/catalog_files.ts";
import type { CliContext } from "../io/context.ts";

/** What reads a catalog that lies elsewhere: it ends with the command, and its troubles are told. */
export function catalogAccess({ signal, log }: CliContext): CatalogFilesOptions {
  return { signal, warn: (message) => log.warn(message) };
}
