/** stdout: data for the user's next program, and nothing else. */
import tty from "node:tty";
import type { Output } from "./context.ts";
import { writeToDescriptor } from "./descriptor.ts";
import { toJson } from "./json.ts";
import { formatTable } from "./table.ts";

const STDOUT = 1;

/** An output over a descriptor. Throws BrokenPipe when its reader has gone. */
export function createOutput(fd: number = STDOUT): Output {
  const encoder = new TextEncoder();
  const write = (data: string | Uint8Array) =>
    writeToDescriptor(fd, typeof data === "string" ? encoder.encode(data) : data);
  return {
    isTerminal: tty.isatty(fd),
    write,
    json: (value) => write(toJson(value) + "\n"),
    table: (columns, rows) => write(formatTable(columns, rows)),
  };
}
