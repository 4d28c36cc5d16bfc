/**
 * A download into an object store: by ranges from the provider, in parts to the store, the checksum on the way.
 * The object appears when all of it came and fits its checksum; a download that is cut short begins again, for
 * parts that no upload completes are deleted.
 */
import crypto from "node:crypto";
import type { Download } from "../../core/access/download.ts";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import type { SourceOpener } from "../../core/access/open.ts";
import type { Source } from "../../core/access/source.ts";
import { GranaryError } from "../../core/errors.ts";
import { type Checksum, parseChecksum } from "../../core/files/verify.ts";

const CHUNK_BYTES = 8 * 1024 * 1024;
/** With several files at once, so that memory stays small. */
const PARTS_AT_ONCE = 1;

interface Stored {
  /** Bytes that came over the network; 0 where the object was there. */
  bytes: number;
}

/** Puts a file at `key` unless an object of its size is there. Throws granule, credential and io errors. */
export async function downloadToObject(
  wanted: Omit<Download, "file">,
  target: ObjectTarget,
  key: string,
  opener: SourceOpener,
  signal: AbortSignal,
): Promise<Stored> {
  const source = await opened(wanted, opener);
  try {
    const there = (await target.sizes(key)).get(key);
    if (there === source.sizeBytes) return { bytes: 0 };
    const chunks = checkedChunks(source, wanted.location.url, parseChecksum(wanted.checksum), signal);
    await target.putChunks(key, source.sizeBytes, chunks, { replace: true, partsAtOnce: PARTS_AT_ONCE });
    return { bytes: source.sizeBytes };
  } finally {
    await source.close();
  }
}

async function opened({ location }: Omit<Download, "file">, opener: SourceOpener): Promise<Source> {
  try {
    return await opener.open(location);
  } catch (error) {
    if (!(error instanceof GranaryError) || error.details.kind !== "range") throw error;
    throw new GranaryError(
      "granule",
      `${
        location.url.replace(/[?#].*$/s, "")
      }: the server gives no ranges, and without them nothing goes to an ` +
        "object store (download to a folder)",
      { cause: error },
    );
  }
}

/** The file in chunks, the next one asked for meanwhile. Throws after the last one where the checksum differs. */
async function* checkedChunks(
  source: Source,
  name: string,
  checksum: Checksum | undefined,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const hash = checksum === undefined ? undefined : crypto.createHash(checksum.algorithm);
  const ask = (at: number) => {
    if (at >= source.sizeBytes) return undefined;
    const chunk = source.read(at, Math.min(CHUNK_BYTES, source.sizeBytes - at), signal);
    // A failure is met when its turn comes; until then it is not unheard.
    chunk.catch(() => undefined);
    return chunk;
  };
  for (let at = 0, coming = ask(0); coming !== undefined;) {
    const chunk = await coming;
    at += chunk.length;
    coming = ask(at);
    hash?.update(chunk);
    yield chunk;
  }
  const found = hash?.digest("hex");
  if (checksum === undefined || found === checksum.hex) return;
  throw new GranaryError(
    "granule",
    `${name.replace(/[?#].*$/s, "")}: the ${checksum.algorithm} of what came is ${found}, the catalog says ` +
      `${checksum.hex}; nothing was stored`,
    { details: { found, wanted: checksum.hex } },
  );
}
