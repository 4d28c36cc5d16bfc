/**
 * A small catalog of this machine, its rows at hand: for questions that need no SQL, because DuckDB's start takes
 * longer than they do. What is anything out of the ordinary is left to DuckDB, which reads it or says why not.
 */
import { GranaryError } from "../../core/errors.ts";
import { type Column as Decoded, NotPlainError, valuesOf } from "../../core/tables/parquet_columns.ts";
import { isNotPlain, type PlainKind, PlainParquet } from "../../core/tables/plain_parquet.ts";
import type { GranuleAsset, GranuleRow } from "../granule.ts";
import { ASSET_FIELDS, BBOX_FIELDS, type Column, COLUMNS } from "../schema.ts";
import { checkFooter } from "./parquet_footer.ts";
import { mayBePlain } from "./small_catalog.ts";

/** Names that DuckDB gives to numbers of its own. */
const NUMBERS_OF_DUCKDB = ["file_row_number", "file_index"];

type Values<T> = readonly (T | null)[];

/** The columns of rows, in the order of the file, as far as something is asked of them. */
interface Rows {
  id: readonly string[];
  collection: readonly string[];
  provider: readonly string[];
  /** Microseconds since 1970. */
  start_datetime: Values<bigint>;
  end_datetime: Values<bigint>;
  datetime: Values<bigint>;
  cell_order: readonly number[];
  cells: readonly BigUint64Array[];
}

export class PlainCatalog {
  constructor(
    readonly name: string,
    readonly columns: Rows,
    readonly valueOf: ReadonlyMap<string, (row: number) => unknown>,
  ) {}

  /** As of any catalog; nothing of it is open. */
  close(): void {}

  get size(): number {
    return this.columns.id.length;
  }

  /** A row; its geometry is null and its cells are none. */
  granule(row: number): GranuleRow {
    const values = COLUMNS.map(({ name }) => [name, this.valueOf.get(name)!(row)]);
    return Object.fromEntries(values) as unknown as GranuleRow;
  }
}

/** Reads a catalog; undefined for one that DuckDB has to open. */
export function readPlainCatalog(name: string): PlainCatalog | undefined {
  if (!mayBePlain(name)) return undefined;
  try {
    const file = PlainParquet.open(name);
    try {
      return plainCatalog(name, file);
    } finally {
      file.close();
    }
  } catch (error) {
    // Whatever is wrong with it, DuckDB meets it as well, and says so.
    if (isNotPlain(error) || error instanceof GranaryError) return undefined;
    throw error;
  }
}

function plainCatalog(name: string, file: PlainParquet): PlainCatalog {
  checkColumns(file);
  const tops = new Set(COLUMNS.map((column) => column.name));
  checkFooter(name, new Map(file.keys), tops);
  const groups = [...file.groups.keys()];
  const read = <T extends number | bigint | string>(path: string, kind: PlainKind, nesting = "o") =>
    groups.flatMap((group) => valuesOf<T>(file.read(group, path, kind, nesting), nesting.length));
  const columns: Record<string, unknown> = {};
  const valueOf = new Map<string, (row: number) => unknown>();
  for (const { name, type, nullable } of COLUMNS) {
    switch (type) {
      case "wkb":
        valueOf.set(name, () => null);
        break;
      case "cells":
        columns[name] = groups.flatMap((group) =>
          cellLists(file.read(group, ...leavesOf({ name, type })[0]), file.groups[group].rows)
        );
        valueOf.set(name, () => new BigUint64Array(0));
        break;
      case "bbox":
        valueOf.set(
          name,
          boxes(BBOX_FIELDS.map((field) => read<number>(`${name}.${field}`, "double", "oo"))),
        );
        break;
      case "assets": {
        const lists = groups.flatMap((group) =>
          assetLists(
            leavesOf({ name, type }).map((leaf) => file.read(group, ...leaf)),
            file.groups[group].rows,
          )
        );
        valueOf.set(name, (row) => lists[row]);
        break;
      }
      default: {
        const values = read<number | bigint | string>(...leavesOf({ name, type })[0]);
        if (!nullable && values.includes(null)) throw new NotPlainError(`column ${name} has gaps`);
        if (values.some((value) => readsOtherwise(type, value))) {
          throw new NotPlainError(`column ${name} has a value that its type has not`);
        }
        columns[name] = values;
        valueOf.set(name, (row) => plainValue(type, values[row]));
      }
    }
  }
  return new PlainCatalog(name, columns as unknown as Rows, valueOf);
}

type Leaf = readonly [path: string, kind: PlainKind, nesting: string];

/** The columns of a file that a column of the contract is. */
function leavesOf({ name, type }: Pick<Column, "name" | "type">): readonly Leaf[] {
  switch (type) {
    case "bbox":
      return BBOX_FIELDS.map((field) => [`${name}.${field}`, "double", "oo"]);
    case "cells":
      return [[`${name}.list.element`, "uint64", "lro"]];
    case "assets":
      return ASSET_FIELDS.map((field) => [
        `${name}.list.element.${field.name}`,
        field.type === "string" ? "text" : "int64",
        "lroo",
      ]);
    case "wkb":
      return [[name, "bytes", "o"]];
    case "string":
    case "json":
      return [[name, "text", "o"]];
    default:
      return [[name, type, "o"]];
  }
}

/** Throws where a file has not the contract's columns as granary writes them, and others that are simple. */
function checkColumns({ columns }: PlainParquet): void {
  const wanted = COLUMNS.flatMap(leavesOf);
  const expected = new Map(wanted.map(([path, kind, nesting]) => [path, `${kind} ${nesting}`]));
  const taken = new Set([...COLUMNS.map(({ name }) => name), ...NUMBERS_OF_DUCKDB]);
  const own: string[] = [];
  for (const [path, { kind, nesting }] of columns) {
    if (expected.get(path) === `${kind} ${nesting}`) own.push(path);
    else if (nesting !== "o" || taken.has(path.split(".")[0].toLowerCase())) {
      throw new NotPlainError(`column ${path} is not as granary writes it`);
    }
  }
  // Fields of a struct have an order.
  if (own.join("\n") !== wanted.map(([path]) => path).join("\n")) {
    throw new NotPlainError("columns are missing, or in another order");
  }
}

function plainValue(type: string, value: number | bigint | string | null): unknown {
  if (type === "json") return JSON.parse(value as string ?? "{}");
  if (value === null) return null;
  if (type === "timestamp") return Number(value) / 1000;
  return typeof value === "bigint" ? Number(value) : value;
}

/** Of DuckDB's infinite times, to which no microseconds belong. */
const ENDLESS = [2n ** 63n - 1n, 1n - 2n ** 63n];

/** Whether DuckDB reads a value as another one: a time without end, a number that a byte does not hold. */
function readsOtherwise(type: string, value: number | bigint | string | null): boolean {
  if (type === "timestamp") return ENDLESS.includes(value as bigint);
  return type === "uint8" && ((value as number) < 0 || (value as number) > 255);
}

function boxes([xmin, ymin, xmax, ymax]: Values<number>[]): (row: number) => GranuleRow["bbox"] {
  return (row) => {
    const box = { xmin: xmin[row], ymin: ymin[row], xmax: xmax[row], ymax: ymax[row] };
    return Object.values(box).includes(null) ? null : box as GranuleRow["bbox"];
  };
}

/** Levels of lists: 0 no list, 1 an empty one, 2 an element that is missing, then those of what is in it. */
const EMPTY = 1, ELEMENT = 3;

/** The entries of the lists of `count` rows, [from, to). */
function entriesOf({ definition, repetition }: Decoded, count: number): [from: number, to: number][] {
  const rows: [number, number][] = [];
  for (let i = 0; i < definition.length; i++) {
    const isElement = definition[i] >= ELEMENT;
    if (!isElement && definition[i] !== EMPTY) {
      throw new NotPlainError("a list, or an element of one, is missing");
    }
    if (repetition[i] === 0) rows.push([i, isElement ? i + 1 : i]);
    else if (isElement && rows.length > 0) rows[rows.length - 1][1] = i + 1;
    else throw new NotPlainError("a list begins with no row");
  }
  if (rows.length !== count) throw new NotPlainError("there are not as many lists as rows");
  return rows;
}

function cellLists(column: Decoded, rows: number): BigUint64Array[] {
  const { values, codes } = column;
  const cells = new BigUint64Array((values as BigInt64Array).buffer as ArrayBuffer);
  const all = codes === null ? cells : chosen(cells, codes);
  let at = 0;
  return entriesOf(column, rows).map(([from, to]) => all.subarray(at, at += to - from));
}

/** Cells by their places, word by word: that makes no bigints. */
function chosen(cells: BigUint64Array<ArrayBuffer>, places: Uint32Array): BigUint64Array<ArrayBuffer> {
  const found = new BigUint64Array(places.length);
  const from = new Uint32Array(cells.buffer), to = new Uint32Array(found.buffer);
  for (let i = 0; i < places.length; i++) {
    const place = places[i];
    to[2 * i] = from[2 * place];
    to[2 * i + 1] = from[2 * place + 1];
  }
  return found;
}

function assetLists(fields: readonly Decoded[], rows: number): GranuleAsset[][] {
  const values = fields.map((field) => valuesOf<bigint | string>(field, ELEMENT + 1));
  const [first, ...others] = fields.map((field) => entriesOf(field, rows));
  if (others.some((other) => other.join() !== first.join())) {
    throw new NotPlainError("assets differ in length");
  }
  return first.map(([from, to]) =>
    Array.from(
      { length: to - from },
      (_, i) =>
        Object.fromEntries(
          ASSET_FIELDS.map(({ name, type }, field) => [name, plainValue(type, values[field][from + i])]),
        ) as unknown as GranuleAsset,
    )
  );
}
