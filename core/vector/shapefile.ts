/**
 * Shapefiles (ESRI, "Shapefile Technical Description", 1998): geometries of `.shp`, with Z and M dropped, and the
 * attributes of the `.dbf` beside it.
 */
import { inputError } from "../errors.ts";
import { inRing, signedArea } from "../geometry/antimeridian.ts";
import type { Geometry, Position, Ring } from "../geometry/geometry.ts";
import type { StoredFeature } from "./feature.ts";

export const SHAPEFILE_CODE = 9994;
const HEADER_BYTES = 100;
const RECORD_HEADER_BYTES = 8;

/** Of types, without the 10 for Z and the 20 for M. */
const POINT = 1, POLYLINE = 3, POLYGON = 5, MULTIPOINT = 8;

/** A record's geometry; null for one without. */
type Shape = Geometry | null;

/** The features of a `.shp`, each with its row of the `.dbf`, where there is one. */
export function readShapefile(
  shp: Uint8Array,
  dbf: { bytes: Uint8Array; encoding: string } | null,
  name: string,
): StoredFeature[] {
  const shapes = readShapes(shp, name);
  const rows = dbf === null ? null : readDbf(dbf.bytes, dbf.encoding, name);
  if (rows !== null && rows.length !== shapes.length) {
    throw inputError(`${name}: ${shapes.length} shapes and ${rows.length} rows in the .dbf beside it`);
  }
  return shapes.flatMap((geometry, i) => {
    const properties = rows === null ? {} : rows[i];
    return geometry === null || properties === null ? [] : [{ geometry, properties }];
  });
}

function readShapes(bytes: Uint8Array, name: string): Shape[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_BYTES || view.getInt32(0) !== SHAPEFILE_CODE) {
    throw inputError(`${name}: is no shapefile`);
  }
  const stated = 2 * view.getInt32(24);
  if (stated > bytes.length) {
    throw inputError(`${name}: ends after ${bytes.length} bytes (it says that it has ${stated})`);
  }
  const shapes: Shape[] = [];
  let at = HEADER_BYTES;
  while (at + RECORD_HEADER_BYTES <= stated) {
    const length = 2 * view.getInt32(at + 4);
    const start = at + RECORD_HEADER_BYTES;
    if (length < 4 || start + length > bytes.length) {
      throw inputError(`${name}: record ${shapes.length + 1} does not end in the file`);
    }
    const record = new DataView(bytes.buffer, bytes.byteOffset + start, length);
    shapes.push(readShape(record, `${name}: record ${shapes.length + 1}`));
    at = start + length;
  }
  return shapes;
}

function readShape(record: DataView, name: string): Shape {
  const type = record.getInt32(0, true);
  const need = (bytes: number): void => {
    if (bytes > record.byteLength) throw inputError(`${name}: is cut short`);
  };
  const position = (at: number): Position => [record.getFloat64(at, true), record.getFloat64(at + 8, true)];
  switch (type % 10 === 1 && type !== 31 ? POINT : type % 10) {
    case 0:
      return null;
    case POINT:
      need(20);
      return { type: "Point", coordinates: position(4) };
    case MULTIPOINT: {
      need(40);
      const count = record.getInt32(36, true);
      need(count < 0 ? Infinity : 40 + 16 * count);
      return {
        type: "MultiPoint",
        coordinates: Array.from({ length: count }, (_, i) => position(40 + 16 * i)),
      };
    }
    case POLYLINE:
    case POLYGON: {
      need(44);
      const parts = record.getInt32(36, true), points = record.getInt32(40, true);
      const first = 44 + 4 * parts;
      need(parts < 0 || points < 0 ? Infinity : first + 16 * points);
      const lines = Array.from({ length: parts }, (_, part): Ring => {
        const from = record.getInt32(44 + 4 * part, true);
        const end = part + 1 < parts ? record.getInt32(48 + 4 * part, true) : points;
        if (from < 0 || end < from || end > points) throw inputError(`${name}: its parts are out of order`);
        return Array.from({ length: end - from }, (_, i) => position(first + 16 * (from + i)));
      });
      return type % 10 === POLYLINE
        ? { type: "MultiLineString", coordinates: lines }
        : { type: "MultiPolygon", coordinates: polygonsOf(lines) };
    }
    default:
      throw inputError(`${name}: shapes of type ${type} are not read (wanted points, lines or polygons)`);
  }
}

/**
 * Rings to polygons: outer ones run clockwise, holes the other way, each in the smallest outer ring that holds it. A
 * hole in none is an outer ring that was written the wrong way.
 */
function polygonsOf(rings: readonly Ring[]): Ring[][] {
  const whole = rings.filter((ring) => ring.length >= 4);
  const outers = whole.filter((ring) => signedArea(ring) <= 0)
    .map((ring) => ({ area: Math.abs(signedArea(ring)), rings: [ring] }));
  outers.sort((a, b) => a.area - b.area);
  for (const hole of whole.filter((ring) => signedArea(ring) > 0)) {
    const area = signedArea(hole);
    const home = outers.find((one) => one.area >= area && hole.some((point) => inRing(point, one.rings[0])));
    if (home === undefined) outers.push({ area, rings: [hole] });
    else home.rings.push(hole);
  }
  return outers.map((one) => one.rings);
}

/** Rows of a dBASE table; null for one that is marked as deleted. */
function readDbf(bytes: Uint8Array, encoding: string, name: string): (Record<string, unknown> | null)[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const broken = () => inputError(`${name}: the .dbf beside it is cut short`);
  if (bytes.length < 32) throw broken();
  const rows = view.getUint32(4, true),
    headerBytes = view.getUint16(8, true),
    rowBytes = view.getUint16(10, true);
  if (rowBytes === 0 || headerBytes + rows * rowBytes > bytes.length) throw broken();
  const text = new TextDecoder(encoding);
  const fields: { name: string; type: string; from: number; length: number }[] = [];
  let from = 1;
  for (let at = 32; at + 32 <= headerBytes && bytes[at] !== 0x0d; at += 32) {
    const label = text.decode(bytes.subarray(at, at + 11)).replace(/\0.*$/s, "");
    fields.push({ name: label, type: String.fromCharCode(bytes[at + 11]), from, length: bytes[at + 16] });
    from += bytes[at + 16];
  }
  if (from > rowBytes) throw inputError(`${name}: the fields of the .dbf beside it are longer than its rows`);
  return Array.from({ length: rows }, (_, row) => {
    const start = headerBytes + row * rowBytes;
    if (bytes[start] === 0x2a) return null;
    return Object.fromEntries(fields.map((field) => {
      const at = start + field.from;
      return [field.name, fieldValue(text.decode(bytes.subarray(at, at + field.length)), field.type)];
    }));
  });
}

function fieldValue(stored: string, type: string): unknown {
  const value = stored.replaceAll("\0", "").trim();
  if (type === "L") return /^[TtYy]$/.test(value) ? true : /^[FfNn]$/.test(value) ? false : null;
  if (type !== "N" && type !== "F") return value;
  return value === "" || !Number.isFinite(Number(value)) ? null : Number(value);
}
