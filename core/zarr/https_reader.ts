/**
 * The objects of a store behind HTTPS. A web server has no listing, so what exists is found by asking: an
 * object that answers 404 is none.
 */
import type { SourceOpener } from "../access/open.ts";
import { safeName } from "../access/redact.ts";
import { request } from "../access/transport.ts";
import { GranaryError, inputError } from "../errors.ts";
import type { ByteWindow, StoreReader } from "./reader.ts";

/** A whole object larger than this is none that a store's reader asks for. */
const MOST_OBJECT_BYTES = 512 * 1024 * 1024;

/** The reader of the store at `address`; a query of the address, such as a signature, goes with every key. */
export function httpsReader(address: string, opener: SourceOpener): StoreReader {
  if (!URL.canParse(address)) throw inputError(`${safeName(address)}: not a URL`);
  const base = new URL(address);
  base.pathname = base.pathname.replace(/\/+$/, "");
  const name = safeName(base.href);
  const unlisted = (): never => {
    throw inputError(
      `${name}: a web server does not list a store's objects (wanted a store with consolidated metadata,` +
        " a folder, or s3://bucket/prefix)",
    );
  };
  const ask = async (key: string, range: string | null, most: number): Promise<Uint8Array | undefined> => {
    const url = new URL(base.href);
    url.pathname += `/${key.split("/").map(encodeURIComponent).join("/")}`;
    const transport = await opener.transport({ kind: "https", url: url.href });
    return await request(
      opener.client,
      transport,
      opener.retry,
      `${name}/${key}`,
      {
        headers: range === null ? {} : { range },
        maxBytes: (head) => head.status === 206 ? most : MOST_OBJECT_BYTES,
        signal: opener.signal,
      },
      (reply) => {
        if (reply.status === 404) return undefined;
        if (range === null || reply.status === 206) return reply.body;
        return partOf(reply.body, range);
      },
      { also: [404] },
    );
  };
  return {
    name,
    unlisted: true,
    get: (key) => ask(key, null, MOST_OBJECT_BYTES),
    getRange: async (key, window) => {
      const length = "suffixLength" in window ? window.suffixLength : window.length;
      const bytes = await ask(key, rangeOf(window), length);
      if (bytes === undefined || bytes.length === length) return bytes;
      throw new GranaryError(
        "io",
        `${name}/${key}: ${bytes.length} bytes came where ${length} were asked for` +
          " (the object is shorter than its index says, or the server cuts answers)",
      );
    },
    list: () => Promise.resolve().then(unlisted),
    sizes: () => Promise.resolve().then(unlisted),
    close: () => Promise.resolve(),
  };
}

function rangeOf(window: ByteWindow): string {
  return "suffixLength" in window
    ? `bytes=-${window.suffixLength}`
    : `bytes=${window.offset}-${window.offset + window.length - 1}`;
}

/** The range of an object that a server sent whole. */
function partOf(body: Uint8Array, range: string): Uint8Array {
  const [, from, to] = /^bytes=(\d*)-(\d+)$/.exec(range)!;
  return from === "" ? body.subarray(-Number(to)) : body.subarray(Number(from), Number(to) + 1);
}
