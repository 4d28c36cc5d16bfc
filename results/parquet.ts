/**
 * Cells as GeoParquet 1.1: a row a cell, its geometry WKB in longitude and latitude (OGC:CRS84), variables in
 * the store's own types, null where a cell has no value.
 */
import {
  type Data,
  type DataType,
  Float32,
  Float64,
  Int16,
  Int32,
  Int64,
  Int8,
  makeData,
  type RecordBatch,
  Uint16,
  Uint32,
  Uint64,
  Uint8,
} from "apache-arrow";
import { geoMetadata } from "../catalog/file/footer_keys.ts";
import { GEO_KEY } from "../catalog/schema.ts";
import { writeRecordBatches } from "../catalog/write/parquet_stream.ts";
import { inputError } from "../core/errors.ts";
import { boundingBox, unionBox } from "../core/geometry/geometry.ts";
import type { BoundingBox } from "../core/geometry/box.ts";
import { encodeWkb } from "../core/geometry/wkb.ts";
import type { RowColumn } from "../core/store/cell_rows.ts";
import {
  binaryColumn,
  float64Column,
  type NamedColumn,
  recordBatch,
  timestampColumn,
} from "../core/tables/arrow_columns.ts";
import { centreOf, outlineOf } from "./cell_shapes.ts";
import {
  CELL_ID,
  type CellTable,
  GEOMETRY,
  LATITUDE,
  LONGITUDE,
  type TableRows,
  TIME,
} from "./cell_table.ts";

/** What a row's geometry is. */
export const SHAPES = ["polygon", "centre"] as const;
export type Shape = (typeof SHAPES)[number];

/** Writes the table to `file` (created, not renamed). @returns the rows written */
export async function writeGeoParquet(
  file: string,
  table: CellTable,
  shape: Shape,
  signal?: AbortSignal,
): Promise<number> {
  // The footer is stated before the rows are written: one look at the ids tells types and box.
  const { types, box } = await geometriesOf(table, shape, signal);
  const metadata = new Map([[GEO_KEY, JSON.stringify(geoMetadata({ types, box }, GEOMETRY, false))]]);
  let count = 0;
  async function* batches(): AsyncGenerator<RecordBatch> {
    for await (const rows of table.rows(signal)) {
      count += rows.ids.length;
      yield batchOf(rows, table, shape, metadata);
    }
    if (count === 0) yield batchOf(noRows(table), table, shape, metadata);
  }
  await writeRecordBatches(file, batches(), metadata);
  return count;
}

async function geometriesOf(
  table: CellTable,
  shape: Shape,
  signal: AbortSignal | undefined,
): Promise<{ types: Set<string>; box: BoundingBox | undefined }> {
  const { cells } = table.level;
  const types = new Set<string>();
  let box: BoundingBox | undefined;
  for await (const { ids } of table.rows(signal)) {
    for (const id of ids) {
      if (shape === "centre") {
        const [x, y] = centreOf(id, cells);
        types.add("Point");
        box = unionBox(box, { xmin: x, ymin: y, xmax: x, ymax: y });
      } else {
        const geometry = outlineOf(id, cells);
        types.add(geometry.type);
        box = unionBox(box, boundingBox(geometry)!);
      }
    }
  }
  return { types, box };
}

function batchOf(
  { ids, columns, time }: TableRows,
  { level: { cells }, timed }: CellTable,
  shape: Shape,
  metadata: ReadonlyMap<string, string>,
): RecordBatch {
  const centres = Array.from(ids, (id) => centreOf(id, cells));
  const shapes = Array.from(ids, (id, i) =>
    encodeWkb(
      shape === "centre" ? { type: "Point", coordinates: centres[i] } : outlineOf(id, cells),
    ));
  const cellIds = makeData({ type: new Uint64(), length: ids.length, data: ids.slice(), nullCount: 0 });
  const all: NamedColumn[] = [
    { name: CELL_ID, data: cellIds, nullable: false },
    { name: LONGITUDE, data: float64Column(centres.map(([x]) => x)), nullable: false },
    { name: LATITUDE, data: float64Column(centres.map(([, y]) => y)), nullable: false },
    ...timed
      ? [{ name: TIME, data: timestampColumn(new Array(ids.length).fill(time)), nullable: false }]
      : [],
    ...columns.map((column) => ({ name: column.array.name, data: valuesOf(column), nullable: true })),
    { name: GEOMETRY, data: binaryColumn(shapes), nullable: false },
  ];
  return recordBatch(all, ids.length, metadata);
}

function noRows(table: CellTable): TableRows {
  return {
    time: null,
    ids: new BigUint64Array(0),
    columns: table.variables.map((array) => ({ array, values: [], valid: new Uint8Array(0) })),
  };
}

type Numbers = { from(values: ArrayLike<number | bigint>): ArrayBufferView };

const TYPES: Readonly<Record<string, readonly [() => DataType, Numbers]>> = {
  bool: [() => new Uint8(), Uint8Array],
  int8: [() => new Int8(), Int8Array],
  uint8: [() => new Uint8(), Uint8Array],
  int16: [() => new Int16(), Int16Array],
  uint16: [() => new Uint16(), Uint16Array],
  int32: [() => new Int32(), Int32Array],
  uint32: [() => new Uint32(), Uint32Array],
  int64: [() => new Int64(), BigInt64Array],
  uint64: [() => new Uint64(), BigUint64Array],
  float32: [() => new Float32(), Float32Array],
  float64: [() => new Float64(), Float64Array],
} as unknown as Record<string, readonly [() => DataType, Numbers]>;

function valuesOf({ array, values, valid }: RowColumn): Data {
  const type = TYPES[array.dtype];
  if (type === undefined) {
    throw inputError(
      `${array.path}: holds ${array.dtype}, which no column of Parquet has here (leave it out)`,
    );
  }
  let nullBitmap: Uint8Array | null = null;
  let nullCount = 0;
  for (let i = 0; i < valid.length; i++) {
    if (valid[i] === 1) continue;
    nullBitmap ??= new Uint8Array(Math.ceil(valid.length / 64) * 8).fill(255);
    nullBitmap[i >> 3] &= ~(1 << (i & 7));
    nullCount += 1;
  }
  return makeData(
    { type: type[0](), length: valid.length, data: type[1].from(values), nullBitmap, nullCount } as never,
  );
}
