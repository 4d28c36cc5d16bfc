/**
 * The runtime's own server, where it has one for requests of the web's kind: a request takes it a quarter of the
 * processor time that node:http and an adapter to such requests take, 0.2 ms in place of 0.8.
 */
import { lookup } from "node:dns/promises";
import http from "node:http";
import {
  addressError,
  type HttpListener,
  KEEP_ALIVE_MS,
  type ListenSettings,
  MOST_HEADER_BYTES,
  urlOf,
} from "./listen.ts";

/** The call of the runtime that is used, as it documents it. */
export type ServeCall = (options: {
  hostname: string;
  port: number;
  /** Seconds without a byte after which a connection is closed. */
  idleTimeout: number;
  fetch: (request: Request) => Response | Promise<Response>;
}) => RuntimeServer;

interface RuntimeServer {
  readonly port: number;
  /** Requests whose answers have not been sent to their end. */
  readonly pendingRequests: number;
  /** Takes no new connection; ends when what came is answered, or cuts all. */
  stop(cut?: boolean): Promise<void>;
}

/** What the runtime's server tells beside a request. */
export interface RuntimeConnection {
  /** Requests of all connections whose answers have not been sent to their end, this one among them. */
  unanswered(): number;
}

/**
 * Answers a request; never rejects. In `env` is what node:http knows of its connection, or a
 * {@linkcode RuntimeConnection}, as the one or the other is the server.
 */
export type FetchAnswer = (request: Request, env?: object) => Response | Promise<Response>;

/** Undefined where the runtime has none. */
export function runtimeServer(): ServeCall | undefined {
  return (globalThis as { Bun?: { serve?: ServeCall } }).Bun?.serve;
}

/**
 * Starts to listen. Throws an input error for an address that cannot be had. Headers that have not come within a dozen
 * seconds are the runtime's to refuse, bodies those who read them; connections are as many as the system gives files.
 */
export async function listenByRuntime(
  serve: ServeCall,
  answer: FetchAnswer,
  settings: ListenSettings,
): Promise<HttpListener> {
  const { host } = settings;
  (http as { maxHeaderSize: number }).maxHeaderSize = MOST_HEADER_BYTES;
  let server: RuntimeServer;
  try {
    // Of names without an address the runtime says that they are in use.
    await lookup(host);
    const connection: RuntimeConnection = { unanswered: () => server.pendingRequests };
    server = serve({
      hostname: host,
      port: settings.port,
      idleTimeout: KEEP_ALIVE_MS / 1000,
      // What Host and target don't make an address of is no request.
      fetch: (request) =>
        URL.canParse(request.url) ? answer(request, connection) : new Response(null, { status: 400 }),
    });
  } catch (error) {
    throw addressError(error as Error, settings);
  }
  return {
    url: urlOf(host, server.port),
    port: server.port,
    async close(graceMs) {
      const answered = server.stop();
      let cut: ReturnType<typeof setTimeout> | undefined;
      if (graceMs !== undefined) cut = setTimeout(() => void server.stop(true), graceMs);
      await answered;
      clearTimeout(cut);
    },
  };
}
