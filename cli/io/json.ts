/** JSON that keeps every digit: 64-bit ids as decimal strings, bytes as hex, times in ISO 8601. */

/** One JSON text without a final newline. `indent` 0 gives one line. */
export function toJson(value: unknown, indent = 2): string {
  return JSON.stringify(value, plain, indent) ?? "null";
}

function plain(this: unknown, key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return toHex(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Array.from(value as unknown as ArrayLike<number | bigint>);
  }
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  // A Buffer has become {type, data} by the time that it gets here.
  const held = (this as Record<string, unknown>)?.[key];
  return held instanceof Uint8Array ? toHex(held) : value;
}

export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}
