/** Text of a path or a query as values of a schema: numbers, booleans, lists, by the schema's own JSON type. */
import { z } from "zod";

type JsonType = "integer" | "number" | "boolean" | "string" | "array" | "other";

/** How each field of a schema is written in a query. */
export type FieldKinds = ReadonlyMap<string, { type: JsonType; item: JsonType }>;

const known = new WeakMap<z.ZodObject, FieldKinds>();

/** Found when first asked for: a server is started to answer a few of its endpoints. */
export function fieldKinds(schema: z.ZodObject): FieldKinds {
  let kinds = known.get(schema);
  if (kinds === undefined) known.set(schema, kinds = kindsOf(schema));
  return kinds;
}

function kindsOf(schema: z.ZodObject): FieldKinds {
  const kinds = new Map<string, { type: JsonType; item: JsonType }>();
  const described = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  for (const [name, value] of Object.entries(described.properties ?? {})) {
    const field = typeof value === "object" ? value as JsonSchema : {};
    kinds.set(name, { type: typeOf(field), item: typeOf(field.items ?? {}) });
  }
  return kinds;
}

interface JsonSchema {
  type?: string;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
}

function typeOf(schema: JsonSchema): JsonType {
  const type = schema.type ?? schema.anyOf?.map((one) => one.type).find((one) => one !== "null");
  switch (type) {
    case "integer":
    case "number":
    case "boolean":
    case "string":
    case "array":
      return type;
    default:
      return "other";
  }
}

/** The query's parameters that the schema knows; of one that is no list the last counts. */
export function queryValues(sent: URLSearchParams, kinds: FieldKinds): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, { type, item }] of kinds) {
    const all = sent.getAll(name);
    const last = all.at(-1);
    if (last === undefined) continue;
    values[name] = type === "array" ? all.map((text) => converted(text, item)) : converted(last, type);
  }
  return values;
}

export function textValues(
  texts: Readonly<Record<string, string>>,
  kinds: FieldKinds,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, converted(text, kinds.get(name)?.type ?? "string")]),
  );
}

const NUMBER = /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i;
const TRUE = ["true", "1", "yes", "on", "t", "y"];
const FALSE = ["false", "0", "no", "off", "f", "n"];

/** What cannot be converted stays text, and the schema says what is wrong with it. */
function converted(text: string, type: JsonType): unknown {
  switch (type) {
    case "integer":
      return /^\s*[-+]?\d{1,15}\s*$/.test(text) ? Number(text) : text;
    case "number":
      return NUMBER.test(text) ? Number(text) : text;
    case "boolean": {
      const word = text.trim().toLowerCase();
      return TRUE.includes(word) ? true : FALSE.includes(word) ? false : text;
    }
    default:
      return text;
  }
}
