/**
 * A condition over a catalog's columns for rows that are in no file yet: the same SQL as `--where`, checked for
 * each row by itself.
 */
import { Buffer } from "node:buffer";
import { inputError } from "../../core/errors.ts";
import { openDuck, sqlName, sqlString } from "../../core/tables/duckdb.ts";
import { checkRowExpression, shorten } from "../../core/tables/expression.ts";
import type { GranuleRow } from "../granule.ts";
import { ASSET_FIELDS, BBOX_FIELDS, type Column, COLUMNS, SQL_TYPES } from "../schema.ts";

/** Rows are few at a time: this is for the condition's own needs. */
const MEMORY_BYTES = 256_000_000;

export interface RowCondition {
  /** Which of the rows fulfil the condition, in their order. NULL is not fulfilled. */
  fulfilled(rows: readonly GranuleRow[]): Promise<boolean[]>;
  close(): void;
}

/**
 * Checks the condition before any row is there: one expression, of columns that exist, that looks at nothing
 * but its row. `what` names it in messages. Throws an input error.
 */
export async function openRowCondition(text: string, what: string): Promise<RowCondition> {
  const duck = await openDuck({ threads: 1, memoryBytes: MEMORY_BYTES });
  const says = (error: unknown) =>
    inputError(
      `${what} "${shorten(text)}": ${
        firstLine(error)
      } (wanted a condition over the catalog's columns, such as ` +
        `(properties->>'cloudCover')::DOUBLE < 20; granary catalog info --schema)`,
    );
  try {
    const { connection } = duck;
    await connection.run("SET enable_external_access = false");
    await connection.run("SET lock_configuration = true");
    await checkRowExpression(connection, text, what);
    // Two pairs of parentheses: `a) OR (b` is one expression within one pair, and must stay grouped.
    const query = `SELECT place FROM (${rowsOf("$1")}) AS granules WHERE ((${text}\n))`;
    await connection.runAndReadAll(query, ["[]"]).catch((error) => {
      throw says(error);
    });
    return {
      async fulfilled(rows) {
        if (rows.length === 0) return [];
        const found = await connection.runAndReadAll(query, [JSON.stringify(rows.map(plain))])
          .catch((error) => {
            throw says(error);
          });
        const places = new Set(found.getRows().map(([place]) => Number(place)));
        return rows.map((_, index) => places.has(index));
      },
      close: () => duck.close(),
    };
  } catch (error) {
    duck.close();
    throw error;
  }
}

function firstLine(error: unknown): string {
  // DuckDB may cite a whole row.
  return shorten(((error as Error).message ?? String(error)).trim().split("\n")[0]);
}

/** Rows as JSON has them: bytes in base64, long integers as text. */
function plain(row: GranuleRow, place: number): Record<string, unknown> {
  return {
    ...row,
    place,
    geometry: row.geometry === null ? null : Buffer.from(row.geometry).toString("base64"),
    cells: Array.from(row.cells, String),
    properties: JSON.stringify(row.properties),
  };
}

/** A query of the rows in a parameter of JSON, each column in its type; geometry is GEOMETRY. */
function rowsOf(parameter: string): string {
  const shape = JSON.stringify([{
    place: "BIGINT",
    ...Object.fromEntries(COLUMNS.map((column) => [column.name, jsonShape(column)])),
  }]);
  const columns = COLUMNS.map((column) =>
    `${fromJson(column, `r.${sqlName(column.name)}`)} AS ${sqlName(column.name)}`
  );
  return `SELECT r.place AS place, ${columns.join(", ")}
    FROM (SELECT unnest(from_json(${parameter}, ${sqlString(shape)})) AS r)`;
}

function jsonShape({ type }: Column): unknown {
  switch (type) {
    case "timestamp":
      return "DOUBLE";
    case "wkb":
      return "VARCHAR";
    case "bbox":
      return Object.fromEntries(BBOX_FIELDS.map((name) => [name, "DOUBLE"]));
    case "cells":
      return ["UBIGINT"];
    case "assets":
      return [
        Object.fromEntries(
          ASSET_FIELDS.map(({ name, type: kind }) => [name, kind === "int64" ? "BIGINT" : "VARCHAR"]),
        ),
      ];
    default:
      return SQL_TYPES[type];
  }
}

function fromJson({ type }: Column, value: string): string {
  if (type === "timestamp") return `to_timestamp(${value} / 1000)`;
  if (type === "wkb") return `ST_GeomFromWKB(from_base64(${value}))`;
  return value;
}
