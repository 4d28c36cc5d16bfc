/** The files of this machine that a catalog is read from, whatever it was named by. */
import path from "node:path";
import { SourceOpener } from "../../core/access/open.ts";
import { safeName } from "../../core/access/redact.ts";
import { placeFor, READS_ANYWHERE } from "../../core/files/address.ts";
import { keepStandardInput } from "../../core/files/standard_input.ts";
import { type HiddenNames, newestManifest, stateFiles } from "./live_manifest.ts";
import { isRemoteCatalog, RemoteCatalogs } from "./remote_catalogs.ts";

export interface CatalogFilesOptions {
  /** Where copies of stdin and of what lies elsewhere are put. */
  scratch?: string | undefined;
  /** What catalogs of `s3:` and `https:` are read by; it keeps parts from one reading to the next. */
  remote?: RemoteCatalogs | undefined;
  /** What they are read by where there is no `remote`; by default, one that is made for it. */
  opener?: SourceOpener | undefined;
  signal?: AbortSignal | undefined;
  /** Hears of what went on otherwise than hoped and did not stop anything. */
  warn?: ((message: string) => void) | undefined;
}

export interface CatalogFiles {
  /** For messages. */
  readonly name: string;
  readonly files: readonly string[];
  /** What does not count in them. */
  readonly hidden: HiddenNames | null;
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
    return { name: "stdin", files: [file], hidden: null, clean };
  }
  const place = placeFor(named, READS_ANYWHERE);
  if (isRemoteCatalog(place)) {
    const remote = options.remote ?? new RemoteCatalogs(openerOf(options), options.scratch);
    const own = options.remote === undefined ? remote : undefined;
    try {
      const { files, hidden, clean } = await remote.copy(place);
      return { name: safeName(named), files, hidden, clean: () => own === undefined ? clean() : own.close() };
    } catch (error) {
      own?.close();
      throw error;
    }
  }
  const manifest = newestManifest(place);
  if (manifest === null) return { name: named, files: [place], hidden: null, clean: () => {} };
  const { files, hidden } = stateFiles(named, manifest);
  return { name: named, files: files.map((file) => path.join(place, file)), hidden, clean: () => {} };
}

/** What opens places that lie elsewhere. */
export function openerOf({ opener, signal, warn }: CatalogFilesOptions): SourceOpener {
  return opener ?? new SourceOpener({ signal, ...(warn === undefined ? {} : { warn }) });
}
