/**
 * Arithmetic of bands: `(b2 - b1) / (b2 + b1); where(b3 > 0, b1, 0)`. Text is parsed by the one parser of
 * expressions and evaluated by loops over typed arrays; it is never run as code. What operators mean, and the
 * types of results, are numexpr's.
 */
import { inputError } from "../../errors.ts";
import { ARITHMETIC, BINARY, COMPARISONS, floorRemainder, UNARY } from "../../expressions/operations.ts";
import { expressionError, parseSyntax, type Syntax } from "../../expressions/syntax.ts";
import type { GridValues } from "../grid.ts";
import type { Pixels } from "../pixels.ts";

/** Expressions of one request, which `;` divides. */
const MAX_EXPRESSIONS = 32;
const MAX_CHARACTERS = 8_000;
/** Pixels that are computed at a time: intermediate values stay in the processor's cache. */
const CHUNK = 8192;

/** Types of values, the wider ones later: numexpr's bool, int, float and double. */
const KINDS = ["bool", "int", "float", "double"] as const;
type Kind = typeof KINDS[number];

interface Node {
  readonly kind: Kind;
  /** Of pixels `from` to before `end`, as new values that the caller may keep; a number where all are equal. */
  values(bands: readonly GridValues[], from: number, end: number): Float64Array | number;
}

export interface BandExpression {
  /** The text of each result, for people. */
  readonly names: readonly string[];
  readonly trees: readonly Syntax[];
  readonly texts: readonly string[];
}

/** Throws an input error with the column for what is no arithmetic of bands. */
export function parseBandExpression(text: string): BandExpression {
  if (text.length > MAX_CHARACTERS) {
    throw inputError(`expression of ${text.length} characters is too long (at most ${MAX_CHARACTERS})`);
  }
  const texts = text.split(";").map((part) => part.trim()).filter((part) => part !== "");
  if (texts.length === 0) throw inputError("the expression is empty (wanted such as b1/b2)");
  if (texts.length > MAX_EXPRESSIONS) {
    throw inputError(`${texts.length} expressions (at most ${MAX_EXPRESSIONS})`);
  }
  const trees = texts.map((part) => parseSyntax(part, { words: true }));
  return { names: texts, trees, texts };
}

/**
 * A band for each expression. A pixel has a value where every band that the expression names has one, and
 * where the result is finite. Throws an input error for bands and functions that there are not.
 */
export function evaluateBands(
  pixels: Pixels,
  expression: BandExpression,
): Pixels & { names: readonly string[] } {
  const count = pixels.width * pixels.height;
  const bands: GridValues[] = [];
  const masks: Uint8Array[] = [];
  expression.trees.forEach((tree, e) => {
    const builder = new Builder(expression.texts[e], pixels.bands);
    const node = builder.node(tree);
    const band = emptyOf(node.kind, count);
    const mask = commonMask([...builder.used].map((index) => pixels.masks[index]), count);
    for (let from = 0; from < count; from += CHUNK) {
      const end = Math.min(count, from + CHUNK);
      const values = node.values(pixels.bands, from, end);
      for (let i = from; i < end; i++) {
        const value = typeof values === "number" ? values : values[i - from];
        if (Math.abs(value) < Infinity) band[i] = value;
        else mask[i] = 0;
      }
    }
    bands.push(band);
    masks.push(mask);
  });
  return { width: pixels.width, height: pixels.height, bands, masks, names: expression.names };
}

function commonMask(masks: readonly Uint8Array[], count: number): Uint8Array {
  const common = new Uint8Array(count).fill(1);
  for (const mask of masks) for (let i = 0; i < count; i++) common[i] &= mask[i];
  return common;
}

function emptyOf(kind: Kind, count: number): GridValues {
  switch (kind) {
    case "bool":
      return new Uint8Array(count);
    case "int":
      return new Int32Array(count);
    case "float":
      return new Float32Array(count);
    case "double":
      return new Float64Array(count);
  }
}

function kindOf(band: GridValues): Kind {
  if (band instanceof Float64Array || band instanceof Uint32Array) return "double";
  return band instanceof Float32Array ? "float" : "int";
}

function wider(a: Kind, b: Kind): Kind {
  return KINDS[Math.max(KINDS.indexOf(a), KINDS.indexOf(b))];
}

/** numexpr's words of truth; `&`, `|` and `^` are of bits. */
const LOGIC: Readonly<Record<string, string>> = { "and": "logical_and", "or": "logical_or" };
const BITS: Readonly<Record<string, (a: number, b: number) => number>> = {
  "&": (a, b) => a & b,
  "|": (a, b) => a | b,
  "^": (a, b) => a ^ b,
};

/** Functions of numexpr by their names there, with those of numpy's that differ. */
const FUNCTIONS_OF_ONE = [
  "sqrt",
  "abs",
  "floor",
  "ceil",
  "trunc",
  "sign",
  "exp",
  "log",
  "log10",
  "log2",
  "sin",
  "cos",
  "tan",
  "arcsin",
  "arccos",
  "arctan",
  "isnan",
  "isfinite",
];
const FUNCTIONS_OF_TWO = ["arctan2", "minimum", "maximum", "hypot"];
const WHOLE = ["abs", "sign", "minimum", "maximum"];
const TRUTHS = ["isnan", "isfinite"];

/** Syntax to loops: names and functions are looked up here. */
class Builder {
  /** Indices of the bands that are named. */
  readonly used = new Set<number>();

  constructor(readonly text: string, readonly bands: readonly GridValues[]) {}

  node(tree: Syntax): Node {
    switch (tree.kind) {
      case "number":
        return { kind: Number.isInteger(tree.value) ? "int" : "double", values: () => tree.value };
      case "name":
        return this.#band(tree.name, tree.at);
      case "unary":
        return this.#unary(tree.op, this.node(tree.argument));
      case "binary":
        return this.#binary(tree.op, this.node(tree.left), this.node(tree.right), tree.at);
      case "choice":
        return choose(this.node(tree.condition), this.node(tree.yes), this.node(tree.no));
      case "call":
        return this.#call(tree);
    }
  }

  #band(name: string, at: number): Node {
    const number = /^[bB](\d{1,4})$/.exec(name)?.[1];
    const index = Number(number) - 1;
    const band = this.bands[index];
    if (number === undefined || band === undefined) {
      const there = this.bands.length === 1 ? "b1 is" : `b1 to b${this.bands.length} are`;
      throw expressionError(this.text, at, `"${name}" is no band (${there})`);
    }
    this.used.add(index);
    return {
      kind: kindOf(band),
      values: (bands, from, end) => new Float64Array(bands[index].subarray(from, end)),
    };
  }

  #unary(op: string, argument: Node): Node {
    if (op === "+") return argument;
    if (op === "-") return each(argument, wider(argument.kind, "int"), UNARY.negative);
    if (op === "not" || argument.kind === "bool") return each(argument, "bool", (x) => (x === 0 ? 1 : 0));
    return each(argument, "int", (x) => ~x);
  }

  #binary(op: string, left: Node, right: Node, at: number): Node {
    const both = wider(left.kind, right.kind);
    if (op in COMPARISONS) return pair(left, right, "bool", BINARY[COMPARISONS[op]]);
    if (op in LOGIC) return pair(left, right, "bool", BINARY[LOGIC[op]]);
    if (op in BITS) {
      if (both !== "bool" && both !== "int") {
        throw expressionError(
          this.text,
          at,
          `"${op}" is of whole numbers and of truths (compare first, in parentheses)`,
        );
      }
      return pair(left, right, both, BITS[op]);
    }
    const kind = wider(both, "int");
    if (op === "//") return pair(left, right, kind, floorDivision);
    if (op === "/") return pair(left, right, kind === "int" ? "double" : kind, BINARY.divide);
    if (op === "%") return pair(left, right, kind, floorRemainder);
    return pair(left, right, kind, BINARY[ARITHMETIC[op]]);
  }

  #call({ name, args, named, at }: Syntax & { kind: "call" }): Node {
    if (named.length > 0) throw expressionError(this.text, named[0].at, "arguments have no names here");
    const plain = name.replace(/^(np|numpy)\./, "");
    const nodes = args.map((argument) => this.node(argument));
    const wanted = plain === "where"
      ? 3
      : FUNCTIONS_OF_ONE.includes(plain)
      ? 1
      : FUNCTIONS_OF_TWO.includes(plain)
      ? 2
      : 0;
    if (wanted === 0) {
      const all = ["where", ...FUNCTIONS_OF_ONE, ...FUNCTIONS_OF_TWO];
      throw expressionError(this.text, at, `"${name}" is no function (there are ${all.join(", ")})`);
    }
    if (nodes.length !== wanted) {
      throw expressionError(this.text, at, `${name} takes ${wanted} arguments, not ${nodes.length}`);
    }
    const [first, second, third] = nodes;
    if (wanted === 3) return choose(first, second, third);
    const widest = nodes.reduce<Kind>((kind, node) => wider(kind, node.kind), "int");
    const kind = TRUTHS.includes(plain)
      ? "bool"
      : widest === "int" && !WHOLE.includes(plain)
      ? "double"
      : widest;
    return wanted === 1 ? each(first, kind, UNARY[plain]) : pair(first, second, kind, BINARY[plain]);
  }
}

/** Toward minus infinity, as Python's `//`. */
function floorDivision(a: number, b: number): number {
  return Math.floor(a / b);
}

function each(argument: Node, kind: Kind, operation: (x: number) => number): Node {
  return {
    kind,
    values(bands, from, end) {
      const values = argument.values(bands, from, end);
      if (typeof values === "number") return operation(values);
      for (let i = 0; i < values.length; i++) values[i] = operation(values[i]);
      return values;
    },
  };
}

function pair(left: Node, right: Node, kind: Kind, operation: (a: number, b: number) => number): Node {
  return {
    kind,
    values(bands, from, end) {
      const a = left.values(bands, from, end);
      const b = right.values(bands, from, end);
      if (typeof a === "number") {
        if (typeof b === "number") return operation(a, b);
        for (let i = 0; i < b.length; i++) b[i] = operation(a, b[i]);
        return b;
      }
      if (typeof b === "number") { for (let i = 0; i < a.length; i++) a[i] = operation(a[i], b); }
      else for (let i = 0; i < a.length; i++) a[i] = operation(a[i], b[i]);
      return a;
    },
  };
}

function choose(condition: Node, yes: Node, no: Node): Node {
  return {
    kind: wider(yes.kind, no.kind),
    values(bands, from, end) {
      const chosen = condition.values(bands, from, end);
      const a = yes.values(bands, from, end);
      const b = no.values(bands, from, end);
      if (typeof chosen === "number") return chosen !== 0 ? a : b;
      for (let i = 0; i < chosen.length; i++) {
        const from = chosen[i] !== 0 ? a : b;
        chosen[i] = typeof from === "number" ? from : from[i];
      }
      return chosen;
    },
  };
}
