/** JSON that tells when it was damaged: its first key is a CRC-32 of the rest. */
import { crc32 } from "node:zlib";

const HEAD = /^\{"crc32":"([0-9a-f]{8})",/;
const HEAD_BYTES = `{"crc32":"00000000",`.length;

/** Bytes of a chunk, about. */
const CHUNK_BYTES = 1024 * 1024;

/** The bytes of an object's JSON text, with its checksum. The text is that of an object with a key at least. */
export function encodeCheckedJson(text: string): Uint8Array {
  const rest = text.slice(1);
  return new TextEncoder().encode(`{"crc32":"${hex(crc32(rest))}",${rest}`);
}

/** The same bytes of a text that comes in parts, in chunks. */
export function encodeCheckedParts(parts: Iterable<string>): Uint8Array[] {
  const encoder = new TextEncoder();
  const chunks: Uint8Array[] = [];
  let sum = 0, text = "", isFirst = true;
  const encode = () => {
    const chunk = encoder.encode(isFirst ? text.slice(1) : text);
    sum = crc32(chunk, sum);
    chunks.push(chunk);
    text = "";
    isFirst = false;
  };
  for (const part of parts) {
    text += part;
    if (text.length >= CHUNK_BYTES) encode();
  }
  encode();
  return [encoder.encode(`{"crc32":"${hex(sum)}",`), ...chunks];
}

/** The object. Throws a SyntaxError that says what is wrong. */
export function decodeCheckedJson(bytes: Uint8Array): unknown {
  const sum = HEAD.exec(new TextDecoder("latin1").decode(bytes.subarray(0, HEAD_BYTES)))?.[1];
  if (sum === undefined) throw new SyntaxError("its checksum is missing");
  const rest = bytes.subarray(HEAD_BYTES);
  if (hex(crc32(rest)) !== sum) throw new SyntaxError("it fails its checksum");
  return JSON.parse(`{${new TextDecoder("utf-8", { ignoreBOM: true }).decode(rest)}`);
}

function hex(sum: number): string {
  return sum.toString(16).padStart(8, "0");
}
