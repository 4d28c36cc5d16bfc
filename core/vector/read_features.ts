/**
 * Features of a file in any of the field's formats, told apart by what is in it: GeoJSON, WKT, GeoParquet, GeoPackage
 * and shapefile. Positions come out as longitudes and latitudes on WGS 84.
 */
import fs from "node:fs";
import path from "node:path";
import { GranaryError, inputError, systemCode } from "../errors.ts";
import { keepStandardInput } from "../files/standard_input.ts";
import { geoJsonFeatures, parseJson } from "../geometry/geojson.ts";
import { positions } from "../geometry/geometry.ts";
import { asObject } from "../json_value.ts";
import { crsNote, crsOfCode, findCrs } from "../raster/crs/codes.ts";
import { transformer } from "../raster/crs/transform.ts";
import { crsOfWkt } from "../raster/crs/wkt.ts";
import type { Crs } from "../raster/grid.ts";
import { type Feature, propertyOf, type StoredFeature } from "./feature.ts";
import { readGeoPackage } from "./geopackage.ts";
import { readGeoParquet } from "./geoparquet.ts";
import { placedGeometry } from "./placed_geometry.ts";
import { readShapefile, SHAPEFILE_CODE } from "./shapefile.ts";
import { looksLikeWkt, parseWktGeometries } from "./wkt_geometry.ts";

/** Larger files are refused. */
const MAX_FILE_BYTES = 200_000_000;

/** Edges that are straight in a file's own system are followed to this: about a metre. */
const TOLERANCE_DEGREES = 1e-5;

const WANTED = "wanted GeoJSON, WKT, GeoParquet, a GeoPackage or a shapefile";

/**
 * The features of `place`: a file, `-` for standard input, or `FILE.gpkg:TABLE`. `note` hears what was assumed. Throws an
 * input error for what is none of the formats, is damaged, or is in a system that is not read.
 */
export async function readFeatures(
  place: string,
  note: (message: string) => void = () => {},
): Promise<Feature[]> {
  if (place === "-") {
    const kept = keepStandardInput(undefined);
    try {
      return await readNamed(kept.file, "stdin", undefined, note);
    } finally {
      kept.clean();
    }
  }
  const table = fs.existsSync(place) ? null : /^(.+):([^:/\\]+)$/.exec(place);
  const file = table?.[1] ?? place;
  return await readNamed(file, file, table?.[2], note);
}

async function readNamed(
  file: string,
  name: string,
  table: string | undefined,
  note: (message: string) => void,
): Promise<Feature[]> {
  const head = readHead(file, name);
  const starts = (text: string) => new TextDecoder("latin1").decode(head).startsWith(text);
  if (starts("SQLite format 3\0")) {
    const { features, crs } = await readGeoPackage(file, table);
    return placeAll(features, crs, name, note);
  }
  if (table !== undefined) {
    throw inputError(`${name}: only GeoPackages have tables ("${table}" was asked for)`);
  }
  if (starts("PAR1")) return await readGeoParquet(file, TOLERANCE_DEGREES, note);
  if (starts("PK\x03\x04")) throw inputError(`${name}: is a zip archive (unpack it first; ${WANTED})`);
  const bytes = fs.readFileSync(file);
  if (bytes.length >= 4 && bytes.readInt32BE(0) === SHAPEFILE_CODE) {
    return readShapefileAt(file, name, bytes, note);
  }
  const text = new TextDecoder().decode(bytes);
  if (/^\s*[{[]/.test(text)) return readGeoJson(text, name, note);
  if (looksLikeWkt(text)) {
    const { geometries, code } = parseWktGeometries(text, name);
    const features = geometries.map((geometry): StoredFeature => ({ geometry, properties: {} }));
    return placeAll(features, code === null ? null : crsOfCode(code), name, note);
  }
  throw inputError(`${name}: is no file of areas that is read (${WANTED})`);
}

function readHead(file: string, name: string): Uint8Array {
  try {
    const { size } = fs.statSync(file);
    if (size > MAX_FILE_BYTES) {
      throw inputError(`${name}: ${size} bytes is too large for a polygon (at most ${MAX_FILE_BYTES})`);
    }
    const handle = fs.openSync(file, "r");
    try {
      const head = new Uint8Array(16);
      return head.subarray(0, fs.readSync(handle, head));
    } finally {
      fs.closeSync(handle);
    }
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw inputError(`${name}: cannot read (${code}); ${WANTED}`, { file, code });
  }
}

/** RFC 7946, and the `crs` that came before it. */
function readGeoJson(text: string, name: string, note: (message: string) => void): Feature[] {
  const value = parseJson(text, name);
  const stated = asObject(asObject(asObject(value)?.crs)?.properties)?.name;
  const crs = typeof stated === "string" ? crsOfCode(stated) : null;
  const other = crs !== null && crs.proj4 !== globe().proj4;
  return placeAll(geoJsonFeatures(value, name, { anyNumbers: other }), crs, name, note);
}

function readShapefileAt(
  file: string,
  name: string,
  shp: Uint8Array,
  note: (message: string) => void,
): Feature[] {
  const beside = (ending: string): Uint8Array | null => {
    const stem = file.replace(/\.shp$/i, "");
    const found = [ending, ending.toUpperCase()].map((one) => `${stem}.${one}`).find((one) =>
      fs.existsSync(one)
    );
    return found === undefined || found === file ? null : fs.readFileSync(found);
  };
  const prj = beside("prj");
  if (prj === null) {
    throw inputError(
      `${name}: no .prj beside it says its reference system (write one, or transform it to GeoJSON)`,
    );
  }
  const dbf = beside("dbf");
  const page = beside("cpg");
  const features = readShapefile(
    shp,
    dbf === null
      ? null
      : { bytes: dbf, encoding: encodingOf(page === null ? "" : new TextDecoder().decode(page)) },
    name,
  );
  return placeAll(features, crsOf(new TextDecoder().decode(prj), path.basename(name)), name, note);
}

/** The name of an encoding that a `.cpg` states; that of Western Europe where it states none that is known. */
function encodingOf(stated: string): string {
  const text = stated.trim();
  const label = /^\d{4}$/.test(text) ? `windows-${text}` : text === "65001" ? "utf-8" : text;
  try {
    return new TextDecoder(label === "" ? "windows-1252" : label).encoding;
  } catch {
    return "windows-1252";
  }
}

function crsOf(text: string, name: string): Crs {
  try {
    return findCrs(text) ?? crsOfWkt(text);
  } catch (error) {
    if (!(error instanceof GranaryError)) throw error;
    throw inputError(`${name}: its reference system is not read: ${error.message}`);
  }
}

function globe(): Crs {
  return crsOfCode("OGC:CRS84");
}

function placeAll(
  stored: readonly StoredFeature[],
  crs: Crs | null,
  name: string,
  note: (message: string) => void,
): Feature[] {
  const shift = crs === null ? null : crsNote(crs);
  if (shift !== null) note(`${name}: ${shift}`);
  const transform = crs === null || crs.proj4 === globe().proj4 ? null : transformer(crs, globe());
  return stored.map(({ geometry, properties }, i) => {
    const placed = transform === null ? geometry : placedGeometry(geometry, transform, TOLERANCE_DEGREES);
    if (placed === null) throw inputError(`${name}: feature ${i + 1} has a place that is not on the globe`);
    for (const [longitude, latitude] of positions(placed)) {
      if (!(Math.abs(longitude) <= 360 && Math.abs(latitude) <= 90) && !Number.isNaN(longitude + latitude)) {
        throw inputError(
          `${name}: feature ${
            i + 1
          }: position [${longitude}, ${latitude}] is not [longitude, latitude] in degrees`,
        );
      }
    }
    const own = Object.entries(properties).map(([key, value]) => [key, propertyOf(value)]);
    return { geometry: placed, properties: Object.fromEntries(own) };
  });
}
