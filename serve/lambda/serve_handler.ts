/** A server as a Lambda function: each invocation is one request, what was opened stays for the next. */
import { openServer, type Server, type ServerOptions } from "../server.ts";
import type { ServedByFunction } from "./served.ts";
import { lambdaAnswer } from "./http_answer.ts";
import { readHttpEvent } from "./http_event.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Of the function's memory, what decoded blocks may take. */
const BLOCK_SHARE = 0.25;
/** Time before the deadline at which a request is given up, so that it can be answered. */
const TELLING_MS = 500;
/** An environment serves one request at a time. */
const AT_ONCE = 1;

export class ServeHandler {
  readonly #options: ServerOptions;
  #server: Promise<Server> | undefined;

  constructor(served: ServedByFunction, warn: (message: string) => void, env: Environment) {
    const megabytes = Number(env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE);
    this.#options = {
      catalogs: served.catalogs,
      stores: served.stores,
      cmrUrl: served.cmrUrl ?? undefined,
      allowOrigin: "*",
      baseUrl: null,
      limits: { atOnce: AT_ONCE },
      ...megabytes > 0 ? { memoryBytes: Math.floor(megabytes * 1024 * 1024 * BLOCK_SHARE) } : {},
      signal: new AbortController().signal,
      log: { info: warn, warn },
    };
  }

  async handle(event: Uint8Array, deadlineMs: number): Promise<string> {
    const ended = new AbortController();
    const { request, kind, basePath } = readHttpEvent(event, ended.signal);
    const timer = setTimeout(
      () => ended.abort(new Error("the function's time is over")),
      Math.max(0, deadlineMs - Date.now() - TELLING_MS),
    );
    try {
      this.#server ??= openServer(this.#options);
      const server = await this.#server.catch((error) => {
        this.#server = undefined; // what could not be opened may be there for the next
        throw error;
      });
      return JSON.stringify(await lambdaAnswer(await server.fetch(request, { basePath }), kind));
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    await (await this.#server?.catch(() => undefined))?.close();
  }
}
