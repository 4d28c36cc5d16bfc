/** Standard input as a file, for readers that seek. */
import fs from "node:fs";
import path from "node:path";
import { inputError, systemCode } from "../errors.ts";
import { makeScratchFolder } from "./leftovers.ts";

/** More than this is no catalog. */
const MAX_STDIN_BYTES = 64_000_000_000;

export interface KeptInput {
  readonly file: string;
  /** Takes the file away. */
  clean(): void;
}

/** Copies standard input into a file of its own, in a new folder below `scratch`. */
export function keepStandardInput(scratch: string | undefined): KeptInput {
  const folder = makeScratchFolder("stdin", scratch);
  const clean = () => fs.rmSync(folder, { recursive: true, force: true });
  try {
    const file = path.join(folder, "stdin");
    copyStdin(file);
    return { file, clean };
  } catch (error) {
    clean();
    throw error;
  }
}

function copyStdin(file: string): void {
  const fd = fs.openSync(file, "wx", 0o600);
  try {
    const buffer = new Uint8Array(1 << 20);
    for (let total = 0;;) {
      const count = readStdin(buffer);
      if (count === 0) return;
      total += count;
      if (total > MAX_STDIN_BYTES) throw inputError(`stdin: more than ${MAX_STDIN_BYTES} bytes`);
      for (let at = 0; at < count;) at += fs.writeSync(fd, buffer, at, count - at);
    }
  } finally {
    fs.closeSync(fd);
  }
}

/** Reads from stdin; a pipe that is empty for now (EAGAIN) is asked again. */
function readStdin(buffer: Uint8Array): number {
  for (;;) {
    try {
      return fs.readSync(0, buffer, 0, buffer.length, null);
    } catch (error) {
      const code = systemCode(error);
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
