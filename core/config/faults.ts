/** What is wrong with a YAML document, in words, with the place: a schema's findings and the reader's own. */
import { z } from "zod";
import { inputError } from "../errors.ts";
import { suggestion } from "../suggest.ts";
import type { KeyPath, YamlText } from "./yaml_text.ts";

/** Messages shown at once; a config with more faults is repaired in rounds. */
const MAX_MESSAGES = 10;

type Issue = z.core.$ZodIssue;

/** Collects faults with their places and throws them as one input error. */
export class Faults {
  readonly #messages: string[] = [];

  constructor(readonly yaml: YamlText) {}

  get any(): boolean {
    return this.#messages.length > 0;
  }

  /** A fault of the value at `path`. */
  value(path: KeyPath, problem: string): void {
    this.#add(`${this.yaml.place(path)}: ${dotted(path)}: ${problem}`);
  }

  /** A fault of the key at `path`. */
  key(path: KeyPath, problem: string): void {
    this.#add(`${this.yaml.keyPlace(path)}: ${problem}`);
  }

  #add(message: string): void {
    if (!this.#messages.includes(message)) this.#messages.push(message);
  }

  /** Throws if there is any fault. */
  throwIfAny(): void {
    if (!this.any) return;
    const shown = this.#messages.slice(0, MAX_MESSAGES);
    const more = this.#messages.length - shown.length;
    if (more > 0) shown.push(`and ${more} more`);
    throw inputError(shown.join("\n"), { file: this.yaml.name, problems: [...this.#messages] });
  }
}

/** What a kind of document says of its own keys and values, over what its schema says. */
interface Wording {
  schema: z.ZodType;
  /** Why a key that other tools know is not taken. */
  unsupported?(path: KeyPath): string | undefined;
  /** Why a value that other tools take is refused. */
  refusedValue?(path: KeyPath, found: unknown): string | undefined;
}

/** Adds the shape's faults, as zod found them in `root`, in words. */
export function addShapeFaults(
  faults: Faults,
  issues: readonly z.core.$ZodIssue[],
  root: unknown,
  wording: Wording,
): void {
  for (const issue of issues) addIssue(faults, issue, root, wording);
}

function addIssue(faults: Faults, issue: Issue, root: unknown, wording: Wording): void {
  const { path } = issue;
  const found = valueAt(root, path);
  switch (issue.code) {
    case "unrecognized_keys":
      for (const key of issue.keys) {
        const whole = [...path, key];
        const reason = wording.unsupported?.(whole);
        const problem = reason !== undefined
          ? `${dotted(whole)} is not supported: ${reason}`
          : `unknown key "${key}"${path.length > 0 ? ` in ${dotted(path)}` : ""}${
            suggestion(key, keysAt(wording.schema, path, root))
          }`;
        faults.key(whole, problem);
      }
      return;
    case "invalid_key":
      faults.key(path, `"${String(path[path.length - 1])}": ${issue.issues[0]?.message ?? "not a name"}`);
      return;
    case "invalid_type":
      if (found === undefined) {
        faults.value(
          path.slice(0, -1),
          `the key "${String(path[path.length - 1])}" is missing (${wantedType(issue.expected)})`,
        );
      } else {
        faults.value(path, `found ${describe(found)}, wanted ${wantedType(issue.expected)}`);
      }
      return;
    case "invalid_value": {
      if (found === undefined) {
        faults.value(path.slice(0, -1), `the key "${String(path[path.length - 1])}" is missing`);
        return;
      }
      const values = issue.values.map(String);
      const reason = wording.refusedValue?.(path, found);
      faults.value(path, `found ${describe(found)}${reason ?? suggestion(String(found), values)}`);
      return;
    }
    case "invalid_union": {
      const wanted = issue.errors.map((branch) => branch[0]).map((first) =>
        first?.code === "invalid_type" ? wantedType(first.expected) : first?.message ?? ""
      );
      const inner = issue.errors.find((branch) => branch[0] !== undefined && branch[0].path.length > 0);
      if (inner !== undefined) {
        for (const part of inner) addIssue(faults, { ...part, path: [...path, ...part.path] }, root, wording);
      } else {
        faults.value(path, `found ${describe(found)}, wanted ${[...new Set(wanted)].join(" or ")}`);
      }
      return;
    }
    case "too_small":
      faults.value(
        path,
        `found ${describe(found)}, wanted at least ${issue.minimum}${counted(issue.origin)}`,
      );
      return;
    case "too_big":
      faults.value(path, `found ${describe(found)}, wanted at most ${issue.maximum}${counted(issue.origin)}`);
      return;
    default:
      faults.value(path, issue.message);
  }
}

/** The keys that the schema knows at `path` of a document. */
function keysAt(root: z.ZodType, path: KeyPath, document: unknown): string[] {
  let schema: unknown = root;
  for (const [depth, key] of [...path, undefined].entries()) {
    while (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) schema = schema.unwrap();
    if (schema instanceof z.ZodDiscriminatedUnion) {
      const { discriminator } = schema.def;
      const kind = (valueAt(document, path.slice(0, depth)) as Record<string, unknown> | null)
        ?.[discriminator];
      schema = schema.options.find((option) =>
        option instanceof z.ZodObject && option.shape[discriminator].safeParse(kind).success
      );
    }
    if (key === undefined) break;
    if (schema instanceof z.ZodObject) schema = schema.shape[String(key)];
    else if (schema instanceof z.ZodRecord) schema = schema.valueType;
    else if (schema instanceof z.ZodArray) schema = schema.element;
    else return [];
  }
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** `data_source.filters[0].op`. */
function dotted(path: KeyPath): string {
  let text = "";
  for (const key of path) {
    text += typeof key === "number" ? `[${key}]` : `${text === "" ? "" : "."}${String(key)}`;
  }
  return text === "" ? "the config" : text;
}

function valueAt(root: unknown, path: KeyPath): unknown {
  let value = root;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
  return value;
}

function describe(value: unknown): string {
  if (value === null) return "nothing";
  if (typeof value === "number") return String(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object") return "a mapping";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function wantedType(expected: string): string {
  const words: Record<string, string> = {
    int: "a whole number",
    number: "a number",
    string: "text",
    array: "a list",
    object: "a mapping",
    record: "a mapping",
    boolean: "true or false",
    null: "nothing",
  };
  return words[expected] ?? expected;
}

function counted(origin: string): string {
  if (origin === "string") return " characters";
  if (origin === "array" || origin === "set") return " items";
  return "";
}
