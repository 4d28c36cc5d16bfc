/** How the body of an answer is read: chunk by chunk, or at once where that is over soon. */
import { release } from "../release.ts";
import type { SourceCounters } from "./source.ts";

/** Trouble while the body was handed on (a full disk, say) is not the network's. */
export class SinkError extends Error {}

interface Body {
  body: Uint8Array;
  /** More bytes came than were allowed. */
  overlong: boolean;
  /** How many came, and were kept or handed on. */
  bytes: number;
}

interface BodyOptions {
  /** Takes the body chunk by chunk in place of keeping it. */
  sink?: ((chunk: Uint8Array) => void | Promise<void>) | undefined;
  /** Memory for the body, used where it is large enough. */
  into?: Uint8Array | undefined;
  /** Bytes that are read at most. */
  limit: number;
  counters: SourceCounters | undefined;
  /** Whether so many bytes are expected within the time that a body may stand still. */
  isSoon: (bytes: number) => boolean;
  /** Called before each chunk is waited for. */
  alive: () => void;
}

/** Reads a body to its end or to its limit. */
export async function readBody(response: Response, options: BodyOptions): Promise<Body> {
  if (response.body === null) return { body: new Uint8Array(0), overlong: false, bytes: 0 };
  const stated = statedLength(response.headers);
  if (stated !== undefined && stated <= options.limit && options.isSoon(stated)) {
    if (options.sink === undefined && options.into === undefined) return await atOnce(response, options);
  }
  return await byChunks(response.body, stated, options);
}

/** The length of the body as it will come; undefined where the headers do not tell it. */
function statedLength(headers: Headers): number | undefined {
  const encoded = headers.get("content-encoding") ?? "identity";
  if (encoded !== "identity" || headers.has("transfer-encoding")) return undefined;
  const stated = Number(headers.get("content-length") ?? NaN);
  return Number.isSafeInteger(stated) ? stated : undefined;
}

/** A third of the processor time of reading by chunks; how it goes on is not seen. */
async function atOnce(response: Response, { counters, alive }: BodyOptions): Promise<Body> {
  alive();
  const body = new Uint8Array(await response.arrayBuffer());
  if (counters !== undefined) counters.bytes += body.length;
  return { body, overlong: false, bytes: body.length };
}

async function byChunks(
  stream: ReadableStream<Uint8Array>,
  stated: number | undefined,
  { sink, into, limit, counters, alive }: BodyOptions,
): Promise<Body> {
  const expected = Math.min(limit, stated ?? 65536);
  let body = into !== undefined && into.length >= expected
    ? into
    : new Uint8Array(sink === undefined ? expected : 0);
  let length = 0;
  let overlong = false;
  const reader = stream.getReader();
  try {
    for (;;) {
      alive();
      const { done, value } = await reader.read();
      if (done) break;
      if (counters !== undefined) counters.bytes += value.length;
      const take = Math.min(value.length, limit - length);
      overlong = take < value.length;
      if (sink !== undefined) {
        try {
          await sink(value.subarray(0, take));
        } catch (error) {
          throw new SinkError("sink", { cause: error });
        }
      } else {
        if (length + take > body.length) {
          const larger = new Uint8Array(Math.min(limit, Math.max(body.length * 2, length + take)));
          larger.set(body.subarray(0, length));
          body = larger;
        }
        body.set(value.subarray(0, take), length);
        release([value]);
      }
      length += take;
      if (overlong) break;
    }
  } finally {
    // A body that is not read to its end would keep its connection. One that broke rejects here again
    // with what read() threw.
    await reader.cancel().catch(() => undefined);
  }
  return { body: body.subarray(0, sink === undefined ? length : 0), overlong, bytes: length };
}

/** How fast bodies came from each host. */
export class BodySpeeds {
  /** Bytes a second, by host. */
  readonly #speeds = new Map<string, number>();

  /** `bytes` of a body came in `milliseconds`; a short one tells little. */
  came(host: string, bytes: number, milliseconds: number): void {
    if (bytes < TELLING_BYTES) return;
    const speed = bytes / Math.max(milliseconds, 1) * 1000;
    this.#speeds.set(host, ((this.#speeds.get(host) ?? speed) + speed) / 2);
  }

  /** A body stood still: nothing is known any more. */
  stood(host: string): void {
    this.#speeds.delete(host);
  }

  /** Whether `bytes` from a host come within `milliseconds` though it should become several times slower. */
  isSoon(host: string, bytes: number, milliseconds: number): boolean {
    const speed = this.#speeds.get(host);
    return speed !== undefined && bytes / speed * 1000 * SLOWER <= milliseconds;
  }
}

const TELLING_BYTES = 64 * 1024;
const SLOWER = 8;
