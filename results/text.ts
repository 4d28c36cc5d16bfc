/** Cells as text: CSV (RFC 4180) and GeoJSON (RFC 7946), a chunk at a time. */
import type { RowColumn } from "../core/store/cell_rows.ts";
import { csvField } from "../core/tables/result_text.ts";
import { centreOf, outlineOf } from "./cell_shapes.ts";
import { CELL_ID, type CellTable, LATITUDE, LONGITUDE, type TableRows, TIME } from "./cell_table.ts";
import type { Shape } from "./parquet.ts";

/** What has been written, once the last chunk was asked for. */
interface Counted {
  rows: number;
}

/** A line a cell: id, centre, variables; empty where a cell has no value. */
export async function* csvText(
  table: CellTable,
  counted: Counted,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  yield [
    CELL_ID,
    LONGITUDE,
    LATITUDE,
    ...table.timed ? [TIME] : [],
    ...table.variables.map(({ name }) => name),
  ].map(csvField).join(",") +
    "\n";
  for await (const rows of table.rows(signal)) {
    counted.rows += rows.ids.length;
    yield lines(rows, table);
  }
}

function lines({ ids, columns, time }: TableRows, { level: { cells } }: CellTable): string {
  let text = "";
  const when = time === null ? "" : `,${new Date(time).toISOString()}`;
  for (let i = 0; i < ids.length; i++) {
    const [x, y] = centreOf(ids[i], cells);
    text += `${ids[i]},${x},${y}${when}`;
    for (const column of columns) text += `,${column.valid[i] === 1 ? column.values[i] : ""}`;
    text += "\n";
  }
  return text;
}

/**
 * A feature a cell. Its id, and its property `cell_id`, are decimal text past 2^53, where numbers of JSON
 * lose digits; so are values. A value that JSON has no word for is text, too.
 */
export async function* geoJsonText(
  table: CellTable,
  shape: Shape,
  counted: Counted,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  yield '{"type":"FeatureCollection","features":[';
  for await (const rows of table.rows(signal)) {
    yield features(rows, table, shape, counted.rows === 0);
    counted.rows += rows.ids.length;
  }
  yield "\n]}\n";
}

function features({ ids, columns, time }: TableRows, table: CellTable, shape: Shape, first: boolean): string {
  const { cells } = table.level;
  const keys = columns.map(({ array }) => JSON.stringify(array.name));
  let text = "";
  for (let i = 0; i < ids.length; i++) {
    const centre = centreOf(ids[i], cells);
    const geometry = shape === "centre" ? { type: "Point", coordinates: centre } : outlineOf(ids[i], cells);
    const id = jsonNumber(ids[i]);
    let properties = `"${CELL_ID}":${id},"${LONGITUDE}":${centre[0]},"${LATITUDE}":${centre[1]}`;
    if (time !== null) properties += `,"${TIME}":"${new Date(time).toISOString()}"`;
    columns.forEach((column, c) => properties += `,${keys[c]}:${jsonValue(column, i)}`);
    text += `${first && i === 0 ? "" : ","}\n{"type":"Feature",${
      time === null ? `"id":${id},` : ""
    }"geometry":${JSON.stringify(geometry)},"properties":{${properties}}}`;
  }
  return text;
}

function jsonValue({ values, valid }: RowColumn, row: number): string {
  return valid[row] === 1 ? jsonNumber(values[row]) : "null";
}

function jsonNumber(value: number | bigint): string {
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : `"${value}"`;
  return Number.isSafeInteger(Number(value)) ? value.toString() : `"${value}"`;
}
