/** A server that answers requests of the web's own kind: by the runtime's server where it has one, else by node:http. */
import { type HttpListener, listenHttp, type ListenSettings } from "./listen.ts";
import { type FetchAnswer, listenByRuntime, runtimeServer } from "./runtime_server.ts";

/** Starts to listen. Throws an input error for an address that cannot be had. */
export async function listenFetch(answer: FetchAnswer, settings: ListenSettings): Promise<HttpListener> {
  const serve = runtimeServer();
  if (serve !== undefined) return await listenByRuntime(serve, answer, settings);
  const { getRequestListener } = await import("@hono/node-server");
  return await listenHttp(getRequestListener(answer, { overrideGlobalObjects: false }), settings);
}
