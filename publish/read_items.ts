/** Items out of files: one item, an item collection, or a line an item. */
import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { pathToFileURL } from "node:url";
import { inputError, systemCode } from "../core/errors.ts";
import { checkStac } from "../core/stac/check.ts";
import type { StacItem } from "../core/stac/values.ts";

/** No item, and no line of items, is longer. */
const MOST_LINE_BYTES = 64 * 1024 * 1024;
/** A document that is read whole. */
const MOST_DOCUMENT_BYTES = 512 * 1024 * 1024;

const ABSOLUTE = /^[a-z][a-z0-9+.-]*:/i;

/**
 * The items of `file` (`-` is stdin), checked; relative hrefs are made absolute by the file's folder. Throws
 * an input error that names the file, the item and its fault.
 */
export async function* readItems(file: string): AsyncGenerator<StacItem> {
  if (file === "-" || /\.(ndjson|jsonl|geojsonl)$/i.test(file)) yield* readLines(file);
  else for (const value of readDocument(file)) yield soundItem(value, file);
}

function readDocument(file: string): unknown[] {
  let text: string;
  try {
    if (fs.statSync(file).size > MOST_DOCUMENT_BYTES) {
      throw inputError(`${file}: longer than ${MOST_DOCUMENT_BYTES} bytes (give a line an item, as .ndjson)`);
    }
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    throw readError(file, error);
  }
  const value = parse(text, file) as { type?: unknown; features?: unknown };
  return value?.type === "FeatureCollection" && Array.isArray(value.features) ? value.features : [value];
}

async function* readLines(file: string): AsyncGenerator<StacItem> {
  const input = fs.createReadStream(
    file === "-" ? "" : file,
    file === "-" ? { fd: 0, autoClose: false } : {},
  );
  // A stream that cannot be opened fails while its lines are waited for.
  const failed = new Promise<never>((_, reject) =>
    input.once("error", (error) => reject(readError(file, error)))
  );
  failed.catch(() => {});
  const lines = readline.createInterface({ input, crlfDelay: Infinity })[Symbol.asyncIterator]();
  let number = 0;
  for (;;) {
    const { value: line, done } = await Promise.race([lines.next(), failed]);
    if (done) return;
    number += 1;
    if (line.length > MOST_LINE_BYTES) throw inputError(`${file}:${number}: longer than any item is`);
    if (line.trim() !== "") yield soundItem(parse(line, `${file}:${number}`), `${file}:${number}`, file);
  }
}

function soundItem(value: unknown, place: string, file = place): StacItem {
  const { kind, faults } = checkStac(value);
  if (kind !== "item" || faults.length > 0) {
    const id = (value as { id?: unknown } | null)?.id;
    const fault = kind === "item" ? `${faults[0].path}: ${faults[0].problem}` : `is no item but ${kind}`;
    throw inputError(`${place}: ${typeof id === "string" ? `item "${id}": ` : ""}${fault}`);
  }
  const item = value as StacItem;
  return {
    ...item,
    assets: Object.fromEntries(
      Object.entries(item.assets).map((
        [key, asset],
      ) => [key, { ...asset, href: absolute(asset.href, file) }]),
    ),
  };
}

function absolute(href: string, file: string): string {
  if (ABSOLUTE.test(href)) return href;
  if (file === "-") {
    throw inputError(`stdin: the href "${href}" has no base (wanted absolute hrefs)`);
  }
  try {
    return pathToFileURL(path.resolve(path.dirname(file), decodeURIComponent(href))).href;
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    throw inputError(`${file}: the href "${href}" is wrongly escaped`);
  }
}

function parse(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw inputError(`${place}: is not JSON: ${(error as Error).message}`);
  }
}

function readError(file: string, error: unknown): unknown {
  const code = systemCode(error);
  if (code === undefined) return error;
  return inputError(`${file}: cannot be read (${code === "ENOENT" ? "there is no such file" : code})`);
}
