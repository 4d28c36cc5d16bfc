/** JSON that tells when it was damaged: its first key is a CRC-32 of the rest. */
import { crc32 } from "node:zlib";

const HEAD = /^\{"crc32":"([0-9a-f]{8})",/;

/** The bytes of an object's JSON text, with its checksum. The text is that of an object with a key at least. */
export function encodeCheckedJson(text: string): Uint8Array {
  const rest = text.slice(1);
  return new TextEncoder().encode(`{"crc32":"${sumOf(rest)}",${rest}`);
}

/** The object. Throws a SyntaxError that says what is wrong. */
export function decodeCheckedJson(bytes: Uint8Array): unknown {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const sum = HEAD.exec(text)?.[1];
  if (sum === undefined) throw new SyntaxError("its checksum is missing");
  const rest = text.slice(`{"crc32":"${sum}",`.length);
  if (sumOf(rest) !== sum) throw new SyntaxError("it fails its checksum");
  return JSON.parse(`{${rest}`);
}

function sumOf(text: string): string {
  return crc32(text).toString(16).padStart(8, "0");
}
