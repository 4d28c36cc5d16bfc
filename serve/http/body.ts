/** A request's body, bounded. */
import { joinChunks } from "../../core/bytes.ts";
import { Problem } from "./problem.ts";

/** A body that has not come whole by then is refused. */
const SLOWEST_BODY_MS = 30_000;

/**
 * Reads all of a body as JSON. Throws a 413 for one that is too long, a 408 for one that takes longer than `slowestMs`,
 * a 422 for one that is no JSON.
 */
export async function readJson(
  request: Request,
  mostBytes: number,
  signal: AbortSignal,
  slowestMs = SLOWEST_BODY_MS,
): Promise<unknown> {
  const text = new TextDecoder().decode(await readBytes(request, mostBytes, signal, slowestMs));
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem(422, [{
      type: "json_invalid",
      loc: ["body", 0],
      msg: "JSON decode error",
      input: {},
      ctx: { error: text === "" ? "the body is empty" : "the body is no JSON" },
    }]);
  }
}

async function readBytes(
  request: Request,
  most: number,
  signal: AbortSignal,
  slowestMs: number,
): Promise<Uint8Array> {
  const tooLong = () => new Problem(413, `the body is longer than ${most} bytes`, { connection: "close" });
  if (Number(request.headers.get("content-length") ?? 0) > most) throw tooLong();
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = request.body?.getReader();
  if (reader === undefined) return new Uint8Array(0);
  const stop = () => void reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener("abort", stop, { once: true });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    stop();
  }, slowestMs);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (isLate) {
        throw new Problem(408, `the body has not come whole within ${slowestMs / 1000} s`, {
          connection: "close",
        });
      }
      if (done) break;
      length += value.length;
      if (length > most) {
        stop();
        throw tooLong();
      }
      chunks.push(value);
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
  return joinChunks(chunks, length);
}
