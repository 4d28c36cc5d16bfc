/** JSON values as Arrow columns of their own types: integers, numbers, booleans, text, lists and structs. */
import type { Data } from "apache-arrow";
import { asObject } from "../json_value.ts";
import {
  boolColumn,
  float64Column,
  int64Column,
  listColumn,
  structColumn,
  utf8Column,
} from "./arrow_columns.ts";

/** The type that holds all values of a column. `mixed` holds them as JSON text. */
export type JsonType =
  | { kind: "none" | "boolean" | "integer" | "number" | "text" | "mixed" }
  | { kind: "list"; of: JsonType }
  | { kind: "struct"; fields: ReadonlyMap<string, JsonType> };

/** Objects nest so deep in columns at most, and have so many members; beyond that they are JSON text. */
const MAX_DEPTH = 16;
const MAX_FIELDS = 200;

const NONE: JsonType = { kind: "none" };
const MIXED: JsonType = { kind: "mixed" };

/** The type of a value; null and what is empty have none. */
export function typeOf(value: unknown, depth = 0): JsonType {
  if (value === null || value === undefined) return NONE;
  if (typeof value === "boolean") return { kind: "boolean" };
  if (typeof value === "number") return { kind: Number.isSafeInteger(value) ? "integer" : "number" };
  if (typeof value === "string") return { kind: "text" };
  if (depth === MAX_DEPTH) return MIXED;
  if (Array.isArray(value)) {
    return { kind: "list", of: value.map((one) => typeOf(one, depth + 1)).reduce(commonType, NONE) };
  }
  const members = Object.entries(value as object);
  if (members.length > MAX_FIELDS) return MIXED;
  const fields = members.map(([name, one]) => [name, typeOf(one, depth + 1)] as const)
    .filter(([, type]) => type.kind !== "none");
  return fields.length === 0 ? NONE : { kind: "struct", fields: new Map(fields) };
}

/** The type that holds values of both. */
export function commonType(a: JsonType, b: JsonType): JsonType {
  if (a.kind === "none") return b;
  if (b.kind === "none") return a;
  if (a.kind === "list" && b.kind === "list") return { kind: "list", of: commonType(a.of, b.of) };
  if (a.kind === "struct" && b.kind === "struct") {
    const fields = new Map(a.fields);
    for (const [name, type] of b.fields) fields.set(name, commonType(fields.get(name) ?? NONE, type));
    return fields.size > MAX_FIELDS ? MIXED : { kind: "struct", fields };
  }
  if (a.kind === b.kind) return a;
  const kinds = [a.kind, b.kind];
  return kinds.includes("integer") && kinds.includes("number") ? { kind: "number" } : MIXED;
}

/** Whether a part of the type has values of several kinds. */
export function isMixed(type: JsonType): boolean {
  if (type.kind === "list") return isMixed(type.of);
  if (type.kind === "struct") return [...type.fields.values()].some(isMixed);
  return type.kind === "mixed";
}

/** A column of values that `type` holds. */
export function jsonColumn(values: readonly unknown[], type: JsonType): Data {
  const known = values.map((value) => value ?? null);
  switch (type.kind) {
    case "boolean":
      return boolColumn(known as (boolean | null)[]);
    case "integer":
      return int64Column(known as (number | null)[]);
    case "number":
      return float64Column(known as (number | null)[]);
    case "mixed":
      return utf8Column(known.map((value) => value === null ? null : JSON.stringify(value)));
    case "list": {
      const lists = known.map((value) => Array.isArray(value) ? value : null);
      const child = jsonColumn(lists.flatMap((list) => list ?? []), type.of);
      return listColumn(lists.map((list) => list?.length ?? 0), child, lists);
    }
    case "struct": {
      const objects = known.map(asObject);
      const fields = [...type.fields].map(([name, inner]) => ({
        name,
        data: jsonColumn(
          objects.map((object) => object !== null && Object.hasOwn(object, name) ? object[name] : null),
          inner,
        ),
        nullable: true,
      }));
      return structColumn(fields, objects);
    }
    default:
      return utf8Column(known.map((value) => typeof value === "string" ? value : null));
  }
}
