/** A secret from the user: a line of stdin, or typed at a prompt that shows nothing. Never an argument. */
import fs from "node:fs";
import process from "node:process";
import { joinChunks } from "../../core/bytes.ts";
import { GranaryError, inputError, systemCode } from "../../core/errors.ts";

const LONGEST_BYTES = 64 * 1024;

/** Reads a secret; `prompt` is shown on a terminal. */
export async function readSecret(prompt: string, signal: AbortSignal): Promise<string> {
  return process.stdin.isTTY ? await typed(prompt, signal) : piped();
}

function piped(): string {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    const chunk = new Uint8Array(4096);
    let count: number;
    try {
      count = fs.readSync(0, chunk);
    } catch (error) {
      if (systemCode(error) === "EOF") break;
      if (systemCode(error) !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      continue;
    }
    if (count === 0) break;
    total += count;
    if (total > LONGEST_BYTES) throw inputError(`stdin: more than ${LONGEST_BYTES} bytes (wanted a token)`);
    chunks.push(chunk.subarray(0, count));
  }
  return new TextDecoder().decode(joinChunks(chunks, total)).trim();
}

function typed(prompt: string, signal: AbortSignal): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(prompt);
  stdin.setRawMode(true);
  stdin.resume();
  return new Promise<string>((resolve, reject) => {
    let text = "";
    const end = (finish: () => void) => {
      stdin.off("data", onData);
      signal.removeEventListener("abort", onAbort);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write("\n");
      finish();
    };
    const interrupted = () => new GranaryError("interrupted", "interrupted");
    const onAbort = () => end(() => reject(interrupted()));
    const onData = (data: Uint8Array) => {
      for (const char of new TextDecoder().decode(data)) {
        if (char === "\r" || char === "\n" || char === "\x04") return end(() => resolve(text.trim()));
        if (char === "\x03") return end(() => reject(interrupted()));
        if (char === "\x7f" || char === "\b") text = text.slice(0, -1);
        else if (text.length < LONGEST_BYTES) text += char;
      }
    };
    stdin.on("data", onData);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
