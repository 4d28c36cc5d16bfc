/**
 * What a place that a user named may be: the one owner of which schemes are understood where. A place of a
 * scheme that its use does not take is refused by that, and is never looked for as a file, or made as a
 * folder, of that name.
 */
import fs from "node:fs";
import { fileURLToPath } from "node:url";
import { inputError } from "../errors.ts";

/** What stands before the colon of a URL; a single letter is a drive. */
const SCHEME = /^([a-z][a-z0-9+.-]+):/i;

/** The kinds of places that a use may take. */
type PlaceScheme = "file" | "https" | ObjectScheme;

/** Services of objects, which everything treats alike. */
type ObjectScheme = "s3" | "gs" | "az";
const OBJECTS: readonly ObjectScheme[] = ["s3", "gs", "az"];

/** What a use of a place takes, and whether it reads there or writes. */
export interface PlaceUse {
  readonly schemes: readonly PlaceScheme[];
  readonly writes?: boolean;
}

export const READS_FILES: PlaceUse = { schemes: ["file"] };
export const READS_WEB: PlaceUse = { schemes: ["file", "https"] };
export const READS_STORES: PlaceUse = { schemes: ["file", ...OBJECTS] };
export const READS_ANYWHERE: PlaceUse = { schemes: ["file", "https", ...OBJECTS] };
export const WRITES_FILES: PlaceUse = { schemes: ["file"], writes: true };
export const WRITES_STORES: PlaceUse = { schemes: ["file", ...OBJECTS], writes: true };
export const WRITES_ANYWHERE: PlaceUse = { schemes: ["file", "https", ...OBJECTS], writes: true };
export const ASKS_SERVERS: PlaceUse = { schemes: ["https"] };

/** How each is named. */
const WORDS: Readonly<Record<PlaceScheme, string>> = {
  file: "a path or file:///path",
  s3: "s3://bucket/name",
  gs: "gs://bucket/name",
  az: "az://container/name",
  https: "https://…",
};

/**
 * The place as granary goes on with it: a path, for a file: URL too, or an address of a scheme that the use
 * takes. `-`, which is standard input or output, stays. Throws an input error that names what was wanted.
 */
export function placeFor(named: string, { schemes, writes = false }: PlaceUse): string {
  const scheme = SCHEME.exec(named)?.[1].toLowerCase();
  if (scheme === undefined) {
    if (schemes.includes("file") || named === "-") return named;
    throw inputError(`${named}: is no address (wanted ${wanted(schemes)})`);
  }
  if (scheme === "file" && schemes.includes("file")) return pathOfFileUrl(named);
  const isWhole = named.startsWith("//", scheme.length + 1);
  const known = scheme === "http" ? "https" : scheme;
  if (isWhole && known !== "file" && schemes.includes(known as PlaceScheme)) {
    return isObjectAddress(named) ? `${scheme}${named.slice(scheme.length)}` : named;
  }
  // A name may hold a colon.
  if (!isWhole && !writes && schemes.includes("file") && fs.existsSync(named)) return named;
  const shown = withoutSecrets(named);
  const local = writes && schemes.includes("file") ? `; ./${shown} is a local name` : "";
  throw inputError(
    `${shown}: granary does not ${writes ? "write to" : "read"} ${scheme}: here` +
      ` (wanted ${wanted(schemes)}${local})`,
  );
}

/** Whether an address is of a service of objects: S3, Google Cloud Storage or Azure Blob Storage. */
export function isObjectAddress(address: string): boolean {
  return /^(s3|gs|az):\/\//i.test(address);
}

function wanted(schemes: readonly PlaceScheme[]): string {
  const words = schemes.map((scheme) => WORDS[scheme]);
  return words.length === 1 ? words[0] : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

/** Queries hold signatures, user parts hold passwords. */
function withoutSecrets(named: string): string {
  return named.replace(/[?#].*$/s, "").replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, "$1");
}

/** The path that a plain path or a file: URL names. Throws an input error for a URL of another machine. */
export function localPath(named: string): string {
  return /^file:/i.test(named) ? pathOfFileUrl(named) : named;
}

function pathOfFileUrl(address: string): string {
  // The URL standard would read file:a/b as /a/b.
  if (!/^file:\//i.test(address)) {
    throw inputError(`${address}: does not say which file (wanted file:///path, from the root)`);
  }
  try {
    return fileURLToPath(address);
  } catch (error) {
    throw inputError(
      `${address}: is no file of this machine: ${(error as Error).message} (wanted file:///path)`,
    );
  }
}

/** The path of a file or folder that is read; see {@linkcode placeFor}. */
export function inputPath(named: string): string {
  return placeFor(named, READS_FILES);
}

/** The path or s3:// address of a place that is written; see {@linkcode placeFor}. */
export function outputAddress(named: string): string {
  return placeFor(named, WRITES_STORES);
}
