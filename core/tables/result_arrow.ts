/** Results of SQL as an Arrow IPC stream. DuckDB's Node API has no Arrow, so columns are made from values. */
import type { DuckDBResult, DuckDBType, DuckDBValue } from "@duckdb/node-api";
import {
  type Data,
  type DataType,
  DateDay,
  Int16,
  Int32,
  Int8,
  makeData,
  type RecordBatch,
  RecordBatchStreamWriter,
  Uint16,
  Uint32,
  Uint64,
  Uint8,
} from "apache-arrow";
import {
  binaryColumn,
  boolColumn,
  float64Column,
  int64Column,
  listColumn,
  recordBatch,
  structColumn,
  timestampColumn,
  utf8Column,
  validityOf,
} from "./arrow_columns.ts";
import { jsonText, plainValue } from "./result_text.ts";

type Values = (DuckDBValue | null)[];

/** One batch of columns of a result. */
function batchOf(names: readonly string[], types: readonly DuckDBType[], rows: DuckDBValue[][]): RecordBatch {
  const columns = types.map((type, column) => ({
    name: names[column],
    data: arrowColumn(type, rows.map((row) => row[column] ?? null)),
    nullable: true,
  }));
  return recordBatch(columns, rows.length);
}

/** The bytes of the IPC stream, in chunks. */
export async function* arrowStream(result: DuckDBResult): AsyncGenerator<Uint8Array> {
  const names = result.deduplicatedColumnNames();
  const types = result.columnTypes();
  const writer = new RecordBatchStreamWriter();
  const bytes = writer[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  const make = async () => {
    let any = false;
    for await (const rows of result.yieldRows()) {
      any = true;
      writer.write(batchOf(names, types, rows));
    }
    if (!any) writer.write(batchOf(names, types, []));
    writer.close();
  };
  const made = make();
  made.catch(() => writer.abort());
  for (let step = await bytes.next(); !step.done; step = await bytes.next()) yield step.value;
  await made;
}

function arrowColumn(type: DuckDBType, values: Values): Data {
  const name = type.toString();
  const integer = SMALL_INTEGERS[name];
  if (integer !== undefined) return smallIntegerColumn(integer, values as (number | null)[]);
  if (name === "BIGINT") return int64Column(values as (bigint | null)[]);
  if (name === "UBIGINT") return uint64Column(values as (bigint | null)[]);
  if (name === "DOUBLE" || name === "FLOAT") return float64Column(values as (number | null)[]);
  if (name === "BOOLEAN") return boolColumn(values as (boolean | null)[]);
  if (name === "DATE") return dateColumn(values as ({ days: number } | null)[]);
  if (name === "TIMESTAMP WITH TIME ZONE" || name === "TIMESTAMP") {
    const micros = values.map((value) => (value as { micros?: bigint } | null)?.micros ?? null);
    return timestampColumn(micros.map((value) => value === null ? null : Number(value) / 1000));
  }
  if (name === "BLOB" || name.startsWith("GEOMETRY")) {
    return binaryColumn(values.map((value) => (value as { bytes?: Uint8Array } | null)?.bytes ?? null));
  }
  const inner = type as unknown as {
    valueType?: DuckDBType;
    entryNames?: string[];
    entryTypes?: DuckDBType[];
  };
  if (name.endsWith("[]") && inner.valueType !== undefined) return nestedList(inner.valueType, values);
  if (name.startsWith("STRUCT") && inner.entryNames !== undefined) {
    return nestedStruct(inner.entryNames, inner.entryTypes!, values);
  }
  return utf8Column(values.map((value) => value === null ? null : textOf(value)));
}

function textOf(value: DuckDBValue): string {
  if (typeof value === "string") return value;
  const plain = plainValue(value);
  return typeof plain === "object" ? jsonText(plain) : String(plain);
}

type SmallInteger = [type: () => DataType, array: { from(values: Iterable<number>): unknown }];

const SMALL_INTEGERS: Readonly<Record<string, SmallInteger>> = {
  TINYINT: [() => new Int8(), Int8Array],
  UTINYINT: [() => new Uint8(), Uint8Array],
  SMALLINT: [() => new Int16(), Int16Array],
  USMALLINT: [() => new Uint16(), Uint16Array],
  INTEGER: [() => new Int32(), Int32Array],
  UINTEGER: [() => new Uint32(), Uint32Array],
};

function smallIntegerColumn([type, array]: SmallInteger, values: readonly (number | null)[]): Data {
  const data = array.from(values.map((value) => value ?? 0)) as Int32Array;
  return makeData({ type: type() as Int32, length: values.length, data, ...validityOf(values) });
}

function uint64Column(values: readonly (bigint | null)[]): Data<Uint64> {
  const data = BigUint64Array.from(values, (value) => value ?? 0n);
  return makeData({ type: new Uint64(), length: values.length, data, ...validityOf(values) });
}

function dateColumn(values: readonly ({ days: number } | null)[]): Data<DateDay> {
  const data = Int32Array.from(values, (value) => value?.days ?? 0);
  return makeData({ type: new DateDay(), length: values.length, data, ...validityOf(values) });
}

function nestedList(valueType: DuckDBType, values: Values): Data {
  const lists = values.map((value) => (value as { items?: Values } | null)?.items ?? []);
  const child = arrowColumn(valueType, lists.flat());
  return listColumn(lists.map((list) => list.length), child, values);
}

function nestedStruct(names: readonly string[], types: readonly DuckDBType[], values: Values): Data {
  const fields = names.map((name, i) => ({
    name,
    data: arrowColumn(
      types[i],
      values.map((value) =>
        (value as { entries?: Record<string, DuckDBValue> } | null)?.entries?.[name] ?? null
      ),
    ),
    nullable: true,
  }));
  return structColumn(fields, values);
}
