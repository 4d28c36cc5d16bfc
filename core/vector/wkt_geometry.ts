/**
 * Well-known text (OGC 06-103r4, section 7), one geometry after the other, and `SRID=3031;` before them as PostGIS
 * writes it. Z and M are read and dropped.
 */
import { inputError } from "../errors.ts";
import type { Geometry, Position } from "../geometry/geometry.ts";

/** Collections may nest this deep. */
const MAX_DEPTH = 8;

const TYPES: Readonly<Record<string, Geometry["type"]>> = {
  POINT: "Point",
  LINESTRING: "LineString",
  POLYGON: "Polygon",
  MULTIPOINT: "MultiPoint",
  MULTILINESTRING: "MultiLineString",
  MULTIPOLYGON: "MultiPolygon",
  GEOMETRYCOLLECTION: "GeometryCollection",
};

/** Lists of positions inside each other. */
const DEPTHS: Readonly<Record<string, number>> = {
  LineString: 1,
  Polygon: 2,
  MultiLineString: 2,
  MultiPolygon: 3,
};

const TOKEN = /\s*(?:([A-Za-z]+)|([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|([(),;=]))/y;

const BETWEEN = /[\s;]*/y;

/** Whether a text begins as WKT does. */
export function looksLikeWkt(text: string): boolean {
  const [word] = /^\s*[A-Za-z]+/.exec(text) ?? [""];
  return word.trim().toUpperCase() === "SRID" || TYPES[word.trim().toUpperCase()] !== undefined;
}

/** The geometries of a text, and the code that it states (`EPSG:3031`); null where it states none. */
export function parseWktGeometries(
  text: string,
  name: string,
): { geometries: Geometry[]; code: string | null } {
  const reader = new WktReader(text, name);
  const geometries: Geometry[] = [];
  let code: string | null = null;
  while (!reader.atEnd()) {
    const srid = reader.srid();
    if (srid !== null) {
      if (code !== null && code !== srid) {
        throw inputError(`${name}: states ${code} and ${srid} (wanted one reference system in a file)`);
      }
      code = srid;
    }
    geometries.push(reader.geometry(0));
  }
  return { geometries, code };
}

class WktReader {
  #at = 0;

  constructor(readonly text: string, readonly name: string) {}

  /** Passes over what lies between geometries. */
  atEnd(): boolean {
    BETWEEN.lastIndex = this.#at;
    this.#at += BETWEEN.exec(this.text)![0].length;
    return this.#at >= this.text.length;
  }

  srid(): string | null {
    if (this.#peek().toUpperCase() !== "SRID") return null;
    this.#next();
    this.#expect("=");
    const code = this.#next();
    if (!/^\d+$/.test(code)) this.#fail(`SRID "${code}" is no code`);
    this.#expect(";");
    return `EPSG:${code}`;
  }

  geometry(depth: number): Geometry {
    if (depth > MAX_DEPTH) this.#fail(`collections nest deeper than ${MAX_DEPTH}`);
    const word = this.#next().toUpperCase();
    // POLYGONZ and POLYGON Z are the same.
    const type = TYPES[word] ?? TYPES[word.replace(/(ZM|Z|M)$/, "")];
    if (type === undefined) {
      this.#fail(`"${word.slice(0, 40)}" is no geometry (wanted POLYGON, MULTIPOLYGON, …)`);
    }
    if (/^(Z|M|ZM)$/i.test(this.#peek())) this.#next();
    if (/^EMPTY$/i.test(this.#peek())) {
      this.#next();
      return type === "GeometryCollection"
        ? { type, geometries: [] }
        : { type, coordinates: type === "Point" ? [NaN, NaN] : [] } as Geometry;
    }
    if (type === "GeometryCollection") {
      return { type, geometries: this.#list(() => this.geometry(depth + 1)) };
    }
    if (type === "Point") {
      this.#expect("(");
      const coordinates = this.#position();
      this.#expect(")");
      return { type, coordinates };
    }
    if (type === "MultiPoint") return { type, coordinates: this.#list(() => this.#pointOfMany()) };
    return { type, coordinates: this.#lists(DEPTHS[type]) } as Geometry;
  }

  /** `(1 2)` or `1 2`: both are written. */
  #pointOfMany(): Position {
    if (this.#peek() !== "(") return this.#position();
    this.#next();
    const position = this.#position();
    this.#expect(")");
    return position;
  }

  #lists(depth: number): unknown[] {
    if (depth > 1 && /^EMPTY$/i.test(this.#peek())) {
      this.#next();
      return [];
    }
    return this.#list(() => depth === 1 ? this.#position() : this.#lists(depth - 1));
  }

  #list<T>(item: () => T): T[] {
    this.#expect("(");
    const items = [item()];
    while (this.#peek() === ",") {
      this.#next();
      items.push(item());
    }
    this.#expect(")");
    return items;
  }

  #position(): Position {
    const numbers: number[] = [];
    while (numbers.length < 4 && /^[-+.\d]/.test(this.#peek())) numbers.push(Number(this.#next()));
    if (numbers.length < 2) this.#fail("wanted two numbers, x and y");
    return [numbers[0], numbers[1]];
  }

  #token(): { text: string; end: number } {
    TOKEN.lastIndex = this.#at;
    const found = TOKEN.exec(this.text);
    if (found === null) return { text: this.text.slice(this.#at).trim().slice(0, 20), end: this.text.length };
    return { text: found[1] ?? found[2] ?? found[3], end: TOKEN.lastIndex };
  }

  #peek(): string {
    return this.#token().text;
  }

  #next(): string {
    const { text, end } = this.#token();
    if (text === "") this.#fail("the text ends in the middle of a geometry");
    this.#at = end;
    return text;
  }

  #expect(wanted: string): void {
    const found = this.#next();
    if (found !== wanted) this.#fail(`wanted "${wanted}", found "${found}"`);
  }

  #fail(problem: string): never {
    throw inputError(`${this.name}: WKT, character ${this.#at + 1}: ${problem}`);
  }
}
