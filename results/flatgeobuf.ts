/**
 * Cells as FlatGeobuf (version 3): a feature a cell, its geometry in longitude and latitude (EPSG:4326), variables in the
 * store's own types, absent where a cell has no value. Features are written as they come, so there is no spatial index,
 * which would need all of them at once; readers look at every feature instead. (Its npm library holds all features, too.)
 * Tables and their fields are numbered as in header.fbs and feature.fbs of the format.
 */
import { Builder, type Offset } from "flatbuffers";
import { inputError } from "../core/errors.ts";
import type { MultiPolygon, Polygon, Position } from "../core/geometry/geometry.ts";
import type { RowColumn } from "../core/store/cell_rows.ts";
import { centreOf, outlineOf } from "./cell_shapes.ts";
import { CELL_ID, type CellTable, LATITUDE, LONGITUDE, type TableRows, TIME } from "./cell_table.ts";
import type { Shape } from "./parquet.ts";

const MAGIC = Uint8Array.of(0x66, 0x67, 0x62, 3, 0x66, 0x67, 0x62, 0);

/** GeometryType of header.fbs. Outlines are polygons and multipolygons, which its "unknown" is for. */
const UNKNOWN = 0, POINT = 1, POLYGON = 3, MULTIPOLYGON = 6;

/** ColumnType of header.fbs, and how many bytes a value has. */
const TYPES = {
  int8: [0, 1],
  uint8: [1, 1],
  bool: [2, 1],
  int16: [3, 2],
  uint16: [4, 2],
  int32: [5, 4],
  uint32: [6, 4],
  int64: [7, 8],
  uint64: [8, 8],
  float32: [9, 4],
  float64: [10, 8],
} as const;
type ColumnType = keyof typeof TYPES;
const DATE_TIME = 13;

interface Column {
  name: string;
  type: number;
}

/** The bytes of the file, a piece at a time. */
export async function* flatGeobuf(
  table: CellTable,
  shape: Shape,
  counted: { rows: number },
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const types = table.variables.map(({ name, dtype }): ColumnType => {
    if (Object.hasOwn(TYPES, dtype)) return dtype as ColumnType;
    throw inputError(`${name}: holds ${dtype}, which FlatGeobuf has no column for (leave it out)`);
  });
  const columns: Column[] = [
    // Ids are below 2^62; GDAL reads signed integers of 64 bits exactly, and unsigned ones as float64.
    { name: CELL_ID, type: TYPES.int64[0] },
    { name: LONGITUDE, type: TYPES.float64[0] },
    { name: LATITUDE, type: TYPES.float64[0] },
    ...table.timed ? [{ name: TIME, type: DATE_TIME }] : [],
    ...table.variables.map(({ name }, v) => ({ name, type: TYPES[types[v]][0] })),
  ];
  yield MAGIC;
  yield header(columns, shape);
  const builder = new Builder(4096);
  for await (const rows of table.rows(signal)) {
    for (let row = 0; row < rows.ids.length; row++) yield feature(builder, rows, row, table, types, shape);
    counted.rows += rows.ids.length;
  }
}

function header(columns: readonly Column[], shape: Shape): Uint8Array {
  const builder = new Builder(1024);
  const name = builder.createString("cells");
  const made = columns.map((column) => {
    const label = builder.createString(column.name);
    builder.startObject(11);
    builder.addFieldOffset(0, label, 0);
    builder.addFieldInt8(1, column.type, 0);
    return builder.endObject();
  });
  const list = offsets(builder, made);
  const authority = builder.createString("EPSG");
  builder.startObject(6);
  builder.addFieldOffset(0, authority, 0);
  builder.addFieldInt32(1, 4326, 0);
  const crs = builder.endObject();
  builder.startObject(14);
  builder.addFieldOffset(0, name, 0);
  builder.addFieldInt8(2, shape === "centre" ? POINT : UNKNOWN, UNKNOWN);
  builder.addFieldOffset(7, list, 0);
  // 0 features is "unknown", a node size of 0 is "no index".
  builder.addFieldInt16(9, 0, 16);
  builder.addFieldOffset(10, crs, 0);
  builder.finishSizePrefixed(builder.endObject());
  return builder.asUint8Array().slice();
}

function feature(
  builder: Builder,
  rows: TableRows,
  row: number,
  { level: { cells } }: CellTable,
  types: readonly ColumnType[],
  shape: Shape,
): Uint8Array {
  builder.clear();
  const id = rows.ids[row];
  const centre = centreOf(id, cells);
  const values = builder.createByteVector(propertiesOf(rows, row, centre, types));
  const geometry = shape === "centre"
    ? simpleGeometry(builder, [centre], [], POINT)
    : outlineGeometry(builder, outlineOf(id, cells));
  builder.startObject(3);
  builder.addFieldOffset(0, geometry, 0);
  builder.addFieldOffset(1, values, 0);
  builder.finishSizePrefixed(builder.endObject());
  return builder.asUint8Array().slice();
}

function outlineGeometry(builder: Builder, outline: Polygon | MultiPolygon): Offset {
  if (outline.type === "Polygon") return polygonGeometry(builder, outline.coordinates);
  const parts = offsets(builder, outline.coordinates.map((rings) => polygonGeometry(builder, rings)));
  builder.startObject(8);
  builder.addFieldInt8(6, MULTIPOLYGON, UNKNOWN);
  builder.addFieldOffset(7, parts, 0);
  return builder.endObject();
}

function polygonGeometry(builder: Builder, rings: readonly Position[][]): Offset {
  let end = 0;
  const ends = rings.map((ring) => end += ring.length);
  return simpleGeometry(builder, rings.flat(), rings.length > 1 ? ends : [], POLYGON);
}

/** Positions, and where rings end among them where there are several. */
function simpleGeometry(
  builder: Builder,
  positions: readonly Position[],
  ends: readonly number[],
  type: number,
): Offset {
  let endsAt: Offset = 0;
  if (ends.length > 0) {
    builder.startVector(4, ends.length, 4);
    for (const end of ends.toReversed()) builder.addInt32(end);
    endsAt = builder.endVector();
  }
  builder.startVector(8, 2 * positions.length, 8);
  for (const [x, y] of positions.toReversed()) {
    builder.addFloat64(y);
    builder.addFloat64(x);
  }
  const xy = builder.endVector();
  builder.startObject(8);
  if (endsAt !== 0) builder.addFieldOffset(0, endsAt, 0);
  builder.addFieldOffset(1, xy, 0);
  builder.addFieldInt8(6, type, UNKNOWN);
  return builder.endObject();
}

function offsets(builder: Builder, made: readonly Offset[]): Offset {
  builder.startVector(4, made.length, 4);
  for (const one of made.toReversed()) builder.addOffset(one);
  return builder.endVector();
}

/** Each value after the number of its column. */
function propertiesOf(
  { ids, columns, time }: TableRows,
  row: number,
  centre: Position,
  types: readonly ColumnType[],
): Uint8Array {
  const when = time === null ? null : new TextEncoder().encode(new Date(time).toISOString());
  const bytes = new Uint8Array(30 + (when === null ? 0 : 6 + when.length) + 10 * columns.length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  let column = 0;
  const put = (type: ColumnType, value: number | bigint): void => {
    view.setUint16(at, column, true);
    putValue(view, at + 2, type, value);
    at += 2 + TYPES[type][1];
  };
  put("int64", ids[row]);
  for (const degrees of centre) {
    column += 1;
    put("float64", degrees);
  }
  if (when !== null) {
    column += 1;
    view.setUint16(at, column, true);
    view.setUint32(at + 2, when.length, true);
    bytes.set(when, at + 6);
    at += 6 + when.length;
  }
  columns.forEach((one: RowColumn, c) => {
    column += 1;
    if (one.valid[row] === 1) put(types[c], one.values[row]);
  });
  return bytes.subarray(0, at);
}

function putValue(view: DataView, at: number, type: ColumnType, value: number | bigint): void {
  switch (type) {
    case "int8":
      return view.setInt8(at, Number(value));
    case "uint8":
    case "bool":
      return view.setUint8(at, Number(value));
    case "int16":
      return view.setInt16(at, Number(value), true);
    case "uint16":
      return view.setUint16(at, Number(value), true);
    case "int32":
      return view.setInt32(at, Number(value), true);
    case "uint32":
      return view.setUint32(at, Number(value), true);
    case "int64":
      return view.setBigInt64(at, BigInt(value), true);
    case "uint64":
      return view.setBigUint64(at, BigInt(value), true);
    case "float32":
      return view.setFloat32(at, Number(value), true);
    case "float64":
      return view.setFloat64(at, Number(value), true);
  }
}
