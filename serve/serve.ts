/** The server on a socket, until it is stopped. */
import { listenFetch } from "../core/http/listen_fetch.ts";
import { openServer, type ServerOptions } from "./server.ts";

export interface ServeOptions extends ServerOptions {
  host: string;
  port: number;
  onListening: (url: string) => void;
}

/** Requests that came before the stop have so long to be answered. */
const GRACE_MS = 8_000;
/** A request that has not come whole by then is refused. */
const SLOWEST_REQUEST_MS = 30_000;
/** Where node:http listens; the runtime's own server takes as many as the system gives files. */
const MOST_CONNECTIONS = 10_000;

/** Serves until the signal aborts; then answers what came, and ends. */
export async function serve(options: ServeOptions): Promise<void> {
  const { signal } = options;
  const server = await openServer(options);
  try {
    const listener = await listenFetch(server.fetch, {
      host: options.host,
      port: options.port,
      requestTimeoutMs: SLOWEST_REQUEST_MS,
      mostConnections: MOST_CONNECTIONS,
    });
    options.onListening(listener.url);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await listener.close(GRACE_MS);
  } finally {
    await server.close(signal.reason);
  }
}
