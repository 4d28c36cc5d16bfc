/** A small HTTP server: where it listens, how long it waits for slow senders, and how it ends. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { inputError, systemCode } from "../errors.ts";

export interface ListenSettings {
  host: string;
  /** 0 takes any free one. */
  port: number;
  /** A request that has not come whole by then is refused. */
  requestTimeoutMs: number;
  /** Connections at once; more are closed as they come. */
  mostConnections?: number;
}

export interface HttpListener {
  /** `http://host:port`, without a slash at its end. */
  readonly url: string;
  readonly port: number;
  /** Takes no new connection, lets requests that came be answered, and ends; after `graceMs` all are cut. */
  close(graceMs?: number): Promise<void>;
}

/** A kept connection is closed when nothing came for so long. */
export const KEEP_ALIVE_MS = 65_000;
/** Headers of a request, all together. */
export const MOST_HEADER_BYTES = 32 * 1024;

/** Starts to listen. Throws an input error for an address that cannot be had. */
export async function listenHttp(
  answer: http.RequestListener,
  settings: ListenSettings,
): Promise<HttpListener> {
  const server = http.createServer({ maxHeaderSize: MOST_HEADER_BYTES }, answer);
  server.requestTimeout = settings.requestTimeoutMs;
  server.headersTimeout = settings.requestTimeoutMs;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  if (settings.mostConnections !== undefined) server.maxConnections = settings.mostConnections;
  const { host } = settings;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(addressError(error, settings)));
    server.listen(settings.port, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: urlOf(host, port),
    port,
    close(graceMs) {
      return new Promise<void>((resolve) => {
        const cut = graceMs === undefined
          ? undefined
          : setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
        server.closeIdleConnections();
      });
    },
  };
}

/** The address of a listener, without a slash at its end. */
export function urlOf(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Why there is no listening at an address, as an input error where the user can do something about it. */
export function addressError(error: Error, { host, port }: ListenSettings): Error {
  const code = systemCode(error);
  const why = code === "EADDRINUSE"
    ? "another program listens there (choose another port)"
    : code === "EACCES"
    ? "this user may not listen there (ports below 1024 are the system's)"
    : code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN"
    ? "this machine has no such address"
    : undefined;
  return why === undefined ? error : inputError(`${host}:${port}: ${why}`);
}
