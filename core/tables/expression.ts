/** A condition that a user wrote, checked to be one SQL expression before it becomes part of a query. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { inputError } from "../errors.ts";

/** Conditions longer than this are refused. */
const MAX_EXPRESSION_LENGTH = 100_000;

/**
 * Throws an input error unless `text` is a single SQL expression: no further statements, no set
 * operation, no clause that reaches out of the parentheses which it will stand in. DuckDB's own parser
 * checks, with the text as a bound value.
 */
export async function checkExpression(
  connection: DuckDBConnection,
  text: string,
  flag = "--where",
): Promise<void> {
  const refuse = (reason: string) => inputError(`${flag} "${shorten(text)}": ${reason}`);
  if (text.trim() === "") throw refuse("is empty (wanted an SQL condition over the catalog's columns)");
  if (text.length > MAX_EXPRESSION_LENGTH) throw refuse(`is longer than ${MAX_EXPRESSION_LENGTH} characters`);
  const tree = await serialized(connection, text);
  if (tree.error) throw refuse(`${tree.error_message ?? "cannot be parsed"}`);
  const node = tree.statements?.length === 1 ? tree.statements[0].node : undefined;
  const single = node?.type === "SELECT_NODE" && node.select_list?.length === 1 &&
    node.from_table?.type === "EMPTY" && !node.where_clause && !node.having && !node.qualify &&
    !node.group_expressions?.length && !node.modifiers?.length;
  if (!single) throw refuse("is more than one expression (wanted a single condition)");
}

/**
 * As `checkExpression`, for conditions that are asked of one row after the other, a few at a time: a subquery
 * would see those few, and is refused too.
 */
export async function checkRowExpression(
  connection: DuckDBConnection,
  text: string,
  flag: string,
): Promise<void> {
  await checkExpression(connection, text, flag);
  if (!hasSubquery(await serialized(connection, text))) return;
  throw inputError(`${flag} "${shorten(text)}": has a subquery (wanted a condition on one row alone)`);
}

/** The statement's own select is no subquery; any expression of that class is. */
function hasSubquery(tree: unknown): boolean {
  if (typeof tree !== "object" || tree === null) return false;
  if ((tree as { class?: unknown }).class === "SUBQUERY") return true;
  return Object.values(tree).some(hasSubquery);
}

async function serialized(connection: DuckDBConnection, text: string): Promise<SerializedSql> {
  const reader = await connection.runAndReadAll(
    "SELECT json_serialize_sql('SELECT (' || $1 || chr(10) || ')')::VARCHAR",
    [text],
  );
  return JSON.parse(String(reader.getRows()[0][0]));
}

interface SerializedSql {
  error: boolean;
  error_message?: string;
  statements?: {
    node: {
      type: string;
      select_list?: unknown[];
      from_table?: { type: string };
      where_clause?: unknown;
      having?: unknown;
      qualify?: unknown;
      group_expressions?: unknown[];
      modifiers?: unknown[];
    };
  }[];
}

/** A text for a message: one line, bounded. */
export function shorten(text: string, length = 200): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > length ? `${line.slice(0, length)}…` : line;
}

/** A DuckDB error about a user's SQL as an input error. */
export function sqlError(what: string, error: unknown): Error {
  const message = (error as Error).message ?? String(error);
  return inputError(`${what}: ${message.trim()}`);
}
