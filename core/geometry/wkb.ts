/**
 * Well-known binary (OGC 06-103r4, section 8): little-endian when written, either order when read;
 * Z, M and EWKB's flags are read, and the further ordinates are dropped.
 */
import { inputError } from "../errors.ts";
import type { Geometry, Position } from "./geometry.ts";

const WKB_TYPES = {
  Point: 1,
  LineString: 2,
  Polygon: 3,
  MultiPoint: 4,
  MultiLineString: 5,
  MultiPolygon: 6,
  GeometryCollection: 7,
} as const;

type TypeName = keyof typeof WKB_TYPES;

const TYPE_NAMES = Object.fromEntries(
  Object.entries(WKB_TYPES).map(([name, code]) => [code, name]),
) as Readonly<Record<number, TypeName>>;

/** Collections may nest this deep; deeper ones are taken for hostile. */
const MAX_DEPTH = 8;

/** A geometry as little-endian WKB. */
export function encodeWkb(geometry: Geometry): Uint8Array {
  const bytes = new Uint8Array(encodedLength(geometry));
  const view = new DataView(bytes.buffer);
  write(view, 0, geometry);
  return bytes;
}

function encodedLength(geometry: Geometry): number {
  switch (geometry.type) {
    case "Point":
      return 21;
    case "LineString":
      return 9 + 16 * geometry.coordinates.length;
    case "Polygon":
      return 9 + sum(geometry.coordinates, (ring) => 4 + 16 * ring.length);
    case "GeometryCollection":
      return 9 + sum(geometry.geometries, encodedLength);
    default:
      return 9 + sum(multiParts(geometry), encodedLength);
  }
}

function multiParts(geometry: Extract<Geometry, { type: `Multi${string}` }>): Geometry[] {
  const type = geometry.type.slice(5) as "Point" | "LineString" | "Polygon";
  return (geometry.coordinates as unknown[]).map((coordinates) => ({ type, coordinates }) as Geometry);
}

function sum<T>(items: readonly T[], size: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += size(item);
  return total;
}

function write(view: DataView, at: number, geometry: Geometry): number {
  view.setUint8(at, 1);
  view.setUint32(at + 1, WKB_TYPES[geometry.type], true);
  at += 5;
  switch (geometry.type) {
    case "Point":
      return writePosition(view, at, geometry.coordinates);
    case "LineString":
      return writePositions(view, at, geometry.coordinates);
    case "Polygon":
      view.setUint32(at, geometry.coordinates.length, true);
      at += 4;
      for (const ring of geometry.coordinates) at = writePositions(view, at, ring);
      return at;
    default: {
      const parts = geometry.type === "GeometryCollection" ? geometry.geometries : multiParts(geometry);
      view.setUint32(at, parts.length, true);
      at += 4;
      for (const part of parts) at = write(view, at, part);
      return at;
    }
  }
}

function writePositions(view: DataView, at: number, positions: readonly Position[]): number {
  view.setUint32(at, positions.length, true);
  at += 4;
  for (const position of positions) at = writePosition(view, at, position);
  return at;
}

function writePosition(view: DataView, at: number, position: Position): number {
  // One place has one form: negative zero, which JSON does not know, is zero.
  view.setFloat64(at, (position[0] ?? NaN) + 0, true);
  view.setFloat64(at + 8, (position[1] ?? NaN) + 0, true);
  return at + 16;
}

/** The geometry of WKB bytes. Throws an input error when they are not one whole geometry. */
export function decodeWkb(bytes: Uint8Array): Geometry {
  const reader = new Reader(bytes);
  const geometry = reader.geometry(0);
  if (reader.at !== bytes.length) {
    throw inputError(`WKB: ${bytes.length - reader.at} bytes are left after the geometry`);
  }
  return geometry;
}

/** The type's name as GeoParquet lists it (`Polygon`, `Point Z`, …), from the header alone. */
export function wkbTypeName(bytes: Uint8Array): string {
  const reader = new Reader(bytes);
  const { name, dimensions } = reader.header();
  return dimensions.includes("z") ? `${name} Z` : name;
}

class Reader {
  at = 0;
  readonly #view: DataView;
  #little = true;
  #stride = 16;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  header(): { name: TypeName; dimensions: string } {
    this.#need(5);
    const order = this.#view.getUint8(this.at);
    if (order > 1) throw inputError(`WKB: byte order ${order} (wanted 0 or 1)`);
    this.#little = order === 1;
    const code = this.#view.getUint32(this.at + 1, this.#little);
    this.at += 5;
    const extra = Math.floor((code & 0x0fffffff) / 1000);
    const name = TYPE_NAMES[(code & 0x0fffffff) % 1000];
    if (name === undefined || extra > 3) throw inputError(`WKB: geometry type ${code} is not known`);
    const z = (code & 0x80000000) !== 0 || extra === 1 || extra === 3;
    const m = (code & 0x40000000) !== 0 || extra === 2 || extra === 3;
    if ((code & 0x20000000) !== 0) {
      this.#need(4);
      this.at += 4;
    }
    this.#stride = 16 + (z ? 8 : 0) + (m ? 8 : 0);
    return { name, dimensions: (z ? "z" : "") + (m ? "m" : "") };
  }

  geometry(depth: number): Geometry {
    if (depth > MAX_DEPTH) throw inputError(`WKB: collections nest deeper than ${MAX_DEPTH}`);
    const { name: type } = this.header();
    switch (type) {
      case "Point":
        return { type, coordinates: this.#position() };
      case "LineString":
        return { type, coordinates: this.#positions() };
      case "Polygon": {
        const count = this.#count(4);
        return { type, coordinates: Array.from({ length: count }, () => this.#positions()) };
      }
      default: {
        const count = this.#count(9);
        const parts = Array.from({ length: count }, () => this.geometry(depth + 1));
        if (type === "GeometryCollection") return { type, geometries: parts };
        const single = type.slice(5);
        const other = parts.find((part) => part.type !== single);
        if (other !== undefined) throw inputError(`WKB: a ${type} holds a ${other.type}`);
        return {
          type,
          coordinates: parts.map((part) => (part as { coordinates: unknown }).coordinates),
        } as Geometry;
      }
    }
  }

  #positions(): Position[] {
    const count = this.#count(this.#stride);
    return Array.from({ length: count }, () => this.#position());
  }

  #position(): Position {
    this.#need(this.#stride);
    const position = [
      this.#view.getFloat64(this.at, this.#little),
      this.#view.getFloat64(this.at + 8, this.#little),
    ];
    this.at += this.#stride;
    return position;
  }

  /** A count of items of at least `size` bytes each, checked against what is left. */
  #count(size: number): number {
    this.#need(4);
    const count = this.#view.getUint32(this.at, this.#little);
    this.at += 4;
    this.#need(count * size);
    return count;
  }

  #need(length: number): void {
    if (this.at + length > this.#view.byteLength) {
      throw inputError(
        `WKB: ends after ${this.#view.byteLength} bytes (wanted at least ${this.at + length})`,
      );
    }
  }
}
