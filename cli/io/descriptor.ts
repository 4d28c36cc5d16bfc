/**
 * Writing to stdout and stderr so that every byte arrives. The runtime's own streams buffer, and a
 * process that exits after writing to them loses what a slow reader has not taken yet; so each write is
 * made to the descriptor and repeated until the system has all of it.
 */
import fs from "node:fs";
import { systemCode } from "../../core/errors.ts";

/** The reader of a pipe went away. Not a failure: the program ends quietly. */
export class BrokenPipe extends Error {
  constructor() {
    super("the reader of the output has gone away");
    this.name = "BrokenPipe";
  }
}

const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 50;

/** Writes all of `bytes`; waits while a non-blocking pipe is full. @throws BrokenPipe */
export function writeToDescriptor(fd: number, bytes: Uint8Array): void {
  let offset = 0;
  let wait = FIRST_WAIT_MS;
  while (offset < bytes.length) {
    try {
      offset += fs.writeSync(fd, bytes, offset, bytes.length - offset);
      wait = FIRST_WAIT_MS;
    } catch (error) {
      const code = systemCode(error);
      if (code === "EPIPE") throw new BrokenPipe();
      if (code === "EINTR") continue;
      if (code !== "EAGAIN") throw error;
      sleep(wait);
      wait = Math.min(2 * wait, LONGEST_WAIT_MS);
    }
  }
}

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
