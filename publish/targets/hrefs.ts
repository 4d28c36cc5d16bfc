/** How files below a dataset's output are named to readers elsewhere. */
import path from "node:path";
import { pathToFileURL } from "node:url";
import { encodeKey } from "../../core/access/s3_address.ts";
import { isObjectAddress } from "../../core/files/address.ts";

/** An href that needs no base: others' addresses stay as they are. */
const ABSOLUTE = /^[a-z][a-z0-9+.-]*:/i;

/** Whether an href needs no base. */
export function isAbsoluteHref(href: string): boolean {
  return ABSOLUTE.test(href);
}

/**
 * Hrefs of keys below `output` for readers elsewhere: below `href` where readers have an address of their
 * own, else the output's s3:// address, or file:// of a folder.
 */
export function absoluteHref(output: string, href: string | null): (key: string) => string {
  return (key) => {
    if (ABSOLUTE.test(key)) return key;
    if (href !== null) return `${href.replace(/\/+$/, "")}/${encodeKey(key)}`;
    if (isObjectAddress(output)) return `${output.replace(/\/+$/, "")}/${key}`;
    return pathToFileURL(path.resolve(output, key)).href;
  };
}

/** Hrefs of keys below the output, from a document that lies `depth` folders below it. */
export function relativeHref(depth: number): (key: string) => string {
  const up = depth === 0 ? "./" : "../".repeat(depth);
  return (key) => ABSOLUTE.test(key) ? key : up + encodeKey(key);
}

/** An id as the name of a file: what a path would read otherwise is written as `=` and its code. */
export function fileNameOf(id: string): string {
  return id.replace(
    /^\.|[^\w.\-+@,~() ]/gu,
    (sign) =>
      [...new TextEncoder().encode(sign)].map((byte) =>
        `=${byte.toString(16).toUpperCase().padStart(2, "0")}`
      )
        .join(""),
  );
}
