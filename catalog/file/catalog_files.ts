/** The files of this machine that a catalog is read from, whatever it was named by. */
import path from "node:path";
import { SourceOpener } from "../../core/access/open.ts";
import { placeFor, READS_ANYWHERE } from "../../core/files/address.ts";
import { keepStandardInput } from "../../core/files/standard_input.ts";
import { manifestFiles, newestManifest } from "./live_manifest.ts";
import { isRemoteCatalog, RemoteCatalogs } from "./remote_catalogs.ts";

export interface CatalogFilesOptions {
  /** Where copies of stdin and of what lies elsewhere are put. */
  scratch?: string | undefined;
  /** What catalogs of `s3:` and `https:` are read by; it keeps parts from one reading to the next. */
  remote?: RemoteCatalogs | undefined;
}

export interface CatalogFiles {
  /** For messages. */
  readonly name: string;
  readonly files: readonly string[];
  /** Takes copies away. */
  clean(): void;
}

/**
 * A file is itself, `-` a copy of stdin, the folder of a live catalog the parts of its newest state; of `s3:` and
 * `https:` copies are made.
 */
export async function catalogFiles(named: string, options: CatalogFilesOptions = {}): Promise<CatalogFiles> {
  if (named === "-") {
    const { file, clean } = keepStandardInput(options.scratch);
    return { name: "stdin", files: [file], clean };
  }
  const place = placeFor(named, READS_ANYWHERE);
  if (isRemoteCatalog(place)) {
    const remote = options.remote ?? new RemoteCatalogs(new SourceOpener(), options.scratch);
    const own = options.remote === undefined ? remote : undefined;
    try {
      const { files, clean } = await remote.copy(place);
      return { name: named, files, clean: () => own === undefined ? clean() : own.close() };
    } catch (error) {
      own?.close();
      throw error;
    }
  }
  const manifest = newestManifest(place);
  const files = manifest === null
    ? [place]
    : manifestFiles(named, manifest).map((file) => path.join(place, file));
  return { name: named, files, clean: () => {} };
}
