/** Keys of tasks: hashes of everything that their results depend on, and of nothing else. */
import { createHash } from "node:crypto";

/** JSON with the keys of every object in order, so that equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) {
    return hasObjects(value) ? `[${value.map(canonicalJson).join(",")}]` : JSON.stringify(value);
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, v]) => v !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonicalJson(v)}`).join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}

/** Without objects nothing is to be put in order, and the engine writes long lists many times as fast as we do. */
function hasObjects(list: readonly unknown[]): boolean {
  return list.some((item) =>
    Array.isArray(item) ? hasObjects(item) : typeof item === "object" && item !== null
  );
}

/** The first 32 hex digits of the SHA-256 of a value's canonical JSON. */
export function keyOf(value: unknown): string {
  return keyOfText(canonicalJson(value));
}

/** The same of a text that is canonical JSON. */
export function keyOfText(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/** Keys of lists that begin alike, from the canonical JSON of each further member, as text or bytes. */
export type Keys = (...members: (string | Uint8Array)[]) => string;

/** Keys of lists that begin alike: for the JSON of values, `keyOf([base, ...values])`. The base is read once. */
export function keysUnder(base: unknown): Keys {
  const begun = createHash("sha256").update(`[${canonicalJson(base)}`);
  return (...members) => {
    const hash = begun.copy();
    let text = "";
    for (const member of members) {
      if (typeof member === "string") text += `,${member}`;
      else {
        hash.update(`${text},`).update(member);
        text = "";
      }
    }
    return hash.update(`${text}]`).digest("hex").slice(0, 32);
  };
}
