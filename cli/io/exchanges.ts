/** `--verbose`: a line on stderr for every request to a server. */
import diagnostics from "node:diagnostics_channel";
import { type ExchangeNote, EXCHANGES } from "../../core/access/http.ts";
import type { Log } from "./context.ts";

export function showExchanges(log: Log): void {
  diagnostics.subscribe(EXCHANGES, (note) => log.info(exchangeLine(note as ExchangeNote)));
}

/** `GET https://host/file bytes=0-99: 206 in 31 ms` */
function exchangeLine({ method, asked, range, status, milliseconds }: ExchangeNote): string {
  const part = range === undefined ? "" : ` ${range}`;
  return `${method} ${asked}${part}: ${status} in ${Math.round(milliseconds)} ms`;
}
