/** YAML to plain data, with the line and column of every key: all that a message needs. */
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
} from "yaml";
import { inputError } from "../errors.ts";

/** A config of more characters than this is refused: real ones have a few thousand. */
export const CONFIG_MAX_CHARS = 1_000_000;
/** Aliases that one document may expand to. */
const MAX_ALIASES = 100;
/** Indentations inside each other. */
const MAX_DEPTH = 32;
/** Open brackets, those in comments and strings included: only a bound for the parser's recursion. */
const MAX_BRACKETS = 500;

export type KeyPath = readonly PropertyKey[];

/** A parsed YAML document that knows where its parts stand. */
export class YamlText {
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter;
  readonly name: string;
  /** Plain data: mappings, lists, strings, numbers, booleans, null. */
  readonly value: unknown;

  /** Throws an input error with the place for text that is not one YAML document. */
  constructor(text: string, name: string) {
    this.name = name;
    if (text.length > CONFIG_MAX_CHARS) {
      throw inputError(
        `${name}: the config has ${text.length} characters (at most ${CONFIG_MAX_CHARS}); is this the right file?`,
      );
    }
    if (text.includes("\0")) throw inputError(`${name}: this is not a text file (wanted a YAML config)`);
    this.#lines = new LineCounter();
    checkNesting(text, name);
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      uniqueKeys: true,
      version: "1.2",
      stringKeys: true,
      // YAML 1.1's <<, which configs of the Python tools may use.
      merge: true,
    });
    const failure = this.#document.errors[0];
    if (failure !== undefined) {
      throw inputError(
        `${this.#at(failure.pos[0])}: ${explain(failure.code, failure.message, text, failure.pos[0])}`,
      );
    }
    const warning = this.#document.warnings[0];
    if (warning !== undefined) throw inputError(`${this.#at(warning.pos[0])}: ${warning.message}`);
    visit(this.#document, {
      Pair: (_, { key }) => {
        // Such a key would vanish from plain data without a word.
        if (!isScalar(key) || key.value !== "__proto__") return;
        throw inputError(`${this.#at(key.range?.[0] ?? 0)}: "__proto__" is not a key (choose another name)`);
      },
    });
    try {
      this.value = this.#document.toJS({ maxAliasCount: MAX_ALIASES });
    } catch (error) {
      if (error instanceof ReferenceError) {
        throw inputError(`${name}: ${error.message} (write the values out)`);
      }
      throw error;
    }
  }

  /** `file:line:column` of a value; of the nearest thing around it where there is no such value. */
  place(path: KeyPath): string {
    return this.#at(this.#offset(path, false));
  }

  /** `file:line:column` of a key. */
  keyPlace(path: KeyPath): string {
    return this.#at(this.#offset(path, true));
  }

  /** The text of a scalar as written, for numbers that a float64 would change. */
  source(path: KeyPath): string | undefined {
    const node = this.#document.getIn(path, true);
    return isScalar(node) && typeof node.source === "string" ? node.source : undefined;
  }

  #offset(path: KeyPath, wantKey: boolean): number {
    let node: unknown = this.#document.contents;
    let offset = isNode(node) ? node.range?.[0] ?? 0 : 0;
    for (const [depth, key] of path.entries()) {
      if (isAlias(node)) node = node.resolve(this.#document);
      let next: unknown;
      let keyOffset: number | undefined;
      if (isMap(node)) {
        const pair = node.items.find((item) =>
          isPair(item) && isScalar(item.key) && String(item.key.value) === String(key)
        );
        if (isNode(pair?.key)) keyOffset = pair.key.range?.[0];
        next = pair?.value;
      } else if (isSeq(node)) {
        next = node.items[Number(key)];
      }
      const last = depth === path.length - 1;
      const start = isNode(next) ? next.range?.[0] : undefined;
      const block = isMap(next) || isSeq(next);
      const found = (last && !wantKey) && !block ? start ?? keyOffset : keyOffset ?? start;
      if (found === undefined) break;
      offset = found;
      node = next;
    }
    return offset;
  }

  #at(offset: number): string {
    const { line, col } = this.#lines.linePos(offset);
    return `${this.name}:${line}:${col}`;
  }
}

/** Bounds the parser's recursion: deep flow brackets and deep indentation. */
function checkNesting(text: string, name: string): void {
  let depth = 0;
  for (const char of text) {
    if (char === "[" || char === "{") depth += 1;
    else if (char === "]" || char === "}") depth = Math.max(0, depth - 1);
    if (depth > MAX_BRACKETS) {
      throw inputError(`${name}: nested deeper than ${MAX_BRACKETS} levels of brackets`);
    }
  }
  const steps: number[] = [];
  for (const line of text.split("\n")) {
    const indent = /^[ -]*/.exec(line)![0].length;
    if (indent === line.length) continue;
    while (steps.length > 0 && steps[steps.length - 1] >= indent) steps.pop();
    steps.push(indent);
    if (steps.length > MAX_DEPTH) {
      throw inputError(`${name}: nested deeper than ${MAX_DEPTH} levels of indentation`);
    }
  }
}

function explain(code: string, message: string, text: string, offset: number): string {
  const lineStart = text.lastIndexOf("\n", offset - 1) + 1;
  const line = text.slice(lineStart, text.indexOf("\n", offset) < 0 ? undefined : text.indexOf("\n", offset));
  if (code === "TAB_AS_INDENT" || /^ *\t/.test(line)) {
    return "a tab indents this line (YAML takes spaces only)";
  }
  if (code === "DUPLICATE_KEY") return `the key "${line.trim().split(":")[0]}" is here twice (remove one)`;
  if (code === "MULTIPLE_DOCS") return "a second document begins here (a config is one document)";
  if (code === "BAD_INDENT" || code === "MULTILINE_IMPLICIT_KEY") {
    return `${message} (check the indentation of this line and the one before)`;
  }
  return message;
}
