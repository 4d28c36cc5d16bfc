/** Coordinate reference systems by their codes. */
import { Buffer } from "node:buffer";
import { brotliDecompressSync } from "node:zlib";
import { inputError } from "../../errors.ts";
import type { Crs } from "../grid.ts";
import { CODE_TABLE } from "./code_table.ts";

interface Row {
  readonly name: string;
  readonly gridFileDropped: boolean;
  readonly definition: string;
}

let table: Map<string, Row> | undefined;

function rows(): Map<string, Row> {
  if (table === undefined) {
    table = new Map();
    const text = brotliDecompressSync(Buffer.from(CODE_TABLE, "base64")).toString("utf8");
    for (const line of text.split("\n")) {
      const [code, name, dropped, definition] = line.split("\t");
      table.set(code, { name, gridFileDropped: dropped === "g", definition });
    }
  }
  return table;
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
  const row = rows().get(key);
  if (row === undefined) return null;
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
  if (crs.code === null || rows().get(crs.code)?.gridFileDropped !== true) return null;
  return `${crs.code} (${crs.name}) is defined by a file of datum shifts, which is left out: ` +
    `places may be off by up to 200 m`;
}
