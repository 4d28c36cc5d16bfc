/** Catalogs that lie elsewhere: copied to scratch whole, and again when they change. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { SourceOpener } from "../../core/access/open.ts";
import { inputError } from "../../core/errors.ts";

/** Bytes of one read of a copy. */
const CHUNK_BYTES = 8 * 1024 * 1024;

interface CatalogCopy {
  file: string;
  /** Changes whenever the catalog does. */
  signature: string;
}

export function isRemoteCatalog(place: string): boolean {
  return /^(s3|https?):\/\//i.test(place);
}

export class RemoteCatalogs {
  #folder: string | undefined;
  #copies = 0;

  constructor(readonly opener: Pick<SourceOpener, "open">) {}

  /** What of a catalog changes when it is replaced. */
  async signature(place: string): Promise<string> {
    const source = await this.opener.open(place);
    try {
      return signatureOf(source);
    } finally {
      await source.close();
    }
  }

  /** Copies a catalog to scratch. The copy is its caller's to remove. */
  async copy(place: string): Promise<CatalogCopy> {
    if (!place.endsWith(".parquet")) {
      throw inputError(
        `--catalog ${place}: wanted a catalog's file (.parquet); folders are read from disks only`,
      );
    }
    this.#folder ??= fs.mkdtempSync(path.join(os.tmpdir(), "granary-catalogs-"));
    const file = path.join(this.#folder, `${++this.#copies}.parquet`);
    const source = await this.opener.open(place);
    try {
      const out = fs.openSync(file, "wx");
      try {
        for (let at = 0; at < source.sizeBytes; at += CHUNK_BYTES) {
          fs.writeSync(out, await source.read(at, Math.min(CHUNK_BYTES, source.sizeBytes - at)));
        }
      } finally {
        fs.closeSync(out);
      }
      return { file, signature: signatureOf(source) };
    } catch (error) {
      fs.rmSync(file, { force: true });
      throw error;
    } finally {
      await source.close();
    }
  }

  close(): void {
    if (this.#folder !== undefined) fs.rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }
}

function signatureOf(
  { versionTag, sizeBytes }: { versionTag?: string | undefined; sizeBytes: number },
): string {
  return `${versionTag ?? ""} ${sizeBytes}`;
}
