/** Coordinate reference systems by their codes. */
import { Buffer } from "node:buffer";
import { brotliDecompressSync } from "node:zlib";
import { inputError } from "../../errors.ts";
import type { Crs } from "../grid.ts";
import { CODE_TABLE } from "./code_table.ts";
import { COMMON_CODES } from "./common_codes.ts";

interface Row {
  readonly name: string;
  readonly gridFileDropped: boolean;
  readonly definition: string;
}

let text: string | undefined;

/** Rows that were asked for; a request may name any code. */
const kept = new Map<string, Row | null>();
const KEPT_ROWS = 64;

/** The row of a code, null for an unknown one. */
function rowOf(code: string): Row | null {
  const known = kept.get(code);
  if (known !== undefined) return known;
  const row = findRow(code);
  if (kept.size >= KEPT_ROWS) kept.clear();
  kept.set(code, row);
  return row;
}

/** Most processes ask for one code or two, and those for common ones: these are found without the whole table. */
function findRow(code: string): Row | null {
  const row = rowIn(COMMON_CODES, code);
  if (row !== null) return row;
  text ??= `\n${brotliDecompressSync(Buffer.from(CODE_TABLE, "base64")).toString("latin1")}\n`;
  return rowIn(text, code);
}

/** Rows are lines between line ends, the bytes of UTF-8 as letters. */
function rowIn(text: string, code: string): Row | null {
  const start = text.indexOf(`\n${code}\t`);
  if (start < 0) return null;
  const line = text.slice(start + 1, text.indexOf("\n", start + 1));
  const [, name, dropped, definition] = Buffer.from(line, "latin1").toString("utf8").split("\t");
  return { name, gridFileDropped: dropped === "g", definition };
}

/** `epsg:32615`, `EPSG::32615` of an OGC name, OGC's own CRS84, and a bare number, in the table's spelling. */
function tableCode(code: string): string {
  const text = code.trim().toUpperCase();
  if (/^\d+$/.test(text)) return `EPSG:${text}`;
  const uri = /^(?:URN:OGC:DEF:CRS:|HTTPS?:\/\/WWW\.OPENGIS\.NET\/DEF\/CRS\/)(\w+)[:/][\w.]*[:/](\w+)$/.exec(
    text,
  );
  const [, authority, number] = uri ?? /^(\w+)::?(\w+)$/.exec(text) ?? ["", "", ""];
  if (authority === "OGC" && number === "CRS84") return "EPSG:4326";
  return `${authority}:${number.replace(/^0+(?=\d)/, "")}`;
}

/**
 * The coordinate reference system of a code, null for an unknown one. x is the easting or the longitude and
 * y the northing or the latitude, whatever the authority says of the order of axes, as rasters have it.
 * @param code `EPSG:32615`, `ESRI:102001`, `OGC:CRS84`, the same as URN or URI, or a number of EPSG's
 */
export function findCrs(code: string): Crs | null {
  const key = tableCode(code);
  const row = rowOf(key);
  if (row === null) return null;
  return {
    code: key,
    proj4: `${row.definition} +no_defs`,
    geographic: row.definition.startsWith("+proj=longlat"),
    name: row.name,
    wkt: null,
  };
}

/** The same, where there must be one. Throws an input error that names an unknown code. */
export function crsOfCode(code: string): Crs {
  const crs = findCrs(code);
  if (crs === null && /[[{]|\+proj=/.test(code)) {
    const [, named] = /["[](?:EPSG)"?,\s*"?(\d+)"?\]\s*\]\s*$/.exec(code) ?? [];
    throw inputError(
      `${code.slice(0, 60)}${code.length > 60 ? "…" : ""}: is a definition; a code is wanted here` +
        (named === undefined
          ? " (name the reference system by one, such as EPSG:4326 or ESRI:102001)"
          : ` (say EPSG:${named}, with which it ends)`),
    );
  }
  if (crs === null) {
    throw inputError(
      `${code}: no coordinate reference system is known by this code (wanted one that maps longitude and ` +
        `latitude to a plane, such as EPSG:4326, EPSG:32615 or ESRI:102001)`,
      { code },
    );
  }
  return crs;
}

/** What is lost in a code's definition here, for people; null where nothing is. */
export function crsNote(crs: Crs): string | null {
  if (crs.code === null || rowOf(crs.code)?.gridFileDropped !== true) return null;
  return `${crs.code} (${crs.name}) is defined by a file of datum shifts, which is left out: ` +
    `places may be off by up to 200 m`;
}
