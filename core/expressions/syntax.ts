/**
 * Text of an expression to a tree with positions. The grammar is Python's for arithmetic: `**` binds
 * tighter than a sign on its left and is right-associative, `&` and `|` bind tighter than comparisons,
 * which do not chain. With `words` it has the rest of Python's operators: `//`, and, or, not, and `a if c else
 * b`. Nothing is looked up and nothing is computed here. (jsep was tried: its nodes have
 * no positions and its signs bind tighter than `**`; repairing both took more code than this parser.)
 */
import { inputError } from "../errors.ts";

/** Longer texts are refused: no arithmetic that a person wrote is longer. */
const EXPRESSION_MAX_CHARS = 2_000;
/** Parentheses, calls and signs inside each other. */
const EXPRESSION_MAX_DEPTH = 64;

/** A parsed expression. `at` is the offset in the text where it starts. */
export type Syntax =
  | { kind: "number"; value: number; at: number }
  | { kind: "name"; name: string; at: number }
  | { kind: "unary"; op: string; argument: Syntax; at: number }
  | { kind: "binary"; op: string; left: Syntax; right: Syntax; at: number }
  | { kind: "choice"; condition: Syntax; yes: Syntax; no: Syntax; at: number }
  | { kind: "call"; name: string; args: Syntax[]; named: NamedArgument[]; at: number };

interface NamedArgument {
  name: string;
  value: Syntax;
  at: number;
}

interface Token {
  kind: "number" | "name" | "op" | "end";
  text: string;
  at: number;
}

const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const NAME = /[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*/y;
const OPERATOR = /\*\*|\/\/|==|!=|<=|>=|[-+*/%()<>&|^~,=]/y;
const SPACE = /\s*/y;

/** Higher binds tighter. Signs sit between `*` and `**`. */
const PRECEDENCE: Readonly<Record<string, number>> = {
  "or": -2,
  "and": -1,
  "==": 1,
  "!=": 1,
  "<": 1,
  ">": 1,
  "<=": 1,
  ">=": 1,
  "|": 2,
  "^": 3,
  "&": 4,
  "+": 5,
  "-": 5,
  "*": 6,
  "/": 6,
  "//": 6,
  "%": 6,
  "**": 8,
};
const CHOICE = -3;
const NOT = 0;
const COMPARISON = 1;
const SIGN = 7;
const POWER = 8;

/** The failure at one place of an expression: the text, the column (from 1) and what is wrong there. */
export function expressionError(text: string, at: number, problem: string): Error {
  const shown = text.length > 120 ? `${text.slice(0, 117)}...` : text;
  return inputError(`expression "${shown}", column ${at + 1}: ${problem}`, { expression: text, offset: at });
}

interface SyntaxOptions {
  /** Whether `//`, and, or, not and `a if c else b` are understood. */
  readonly words?: boolean;
}

/** Parses `text`. Throws an input error with the column for anything but arithmetic and calls. */
export function parseSyntax(text: string, { words = false }: SyntaxOptions = {}): Syntax {
  if (text.length > EXPRESSION_MAX_CHARS) {
    throw inputError(
      `expression of ${text.length} characters is too long (at most ${EXPRESSION_MAX_CHARS}); ` +
        "split it into several variables",
    );
  }
  const parser = new Parser(text, tokenize(text), words);
  const tree = parser.expression(CHOICE);
  const rest = parser.next();
  if (rest.kind !== "end") {
    throw expressionError(text, rest.at, misplaced(rest) ?? `"${rest.text}" is not expected here`);
  }
  return tree;
}

/** The mistake behind an operator that is no longer part of an expression. */
function misplaced(token: Token): string | undefined {
  if (token.text === "=") return '"=" assigns, which an expression cannot (to compare, write "==")';
  if (PRECEDENCE[token.text] === COMPARISON) {
    return `"${token.text}" follows a comparison: these do not chain (write (a < b) & (b < c))`;
  }
  return undefined;
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  while (true) {
    at += take(SPACE)!.length;
    if (at >= text.length) break;
    const number = take(NUMBER);
    const name = number === undefined ? take(NAME) : undefined;
    const op = number === undefined && name === undefined ? take(OPERATOR) : undefined;
    const found = number ?? name ?? op;
    if (found === undefined) throw expressionError(text, at, unexpectedCharacter(text[at]));
    tokens.push({
      kind: number !== undefined ? "number" : name !== undefined ? "name" : "op",
      text: found,
      at,
    });
    at += found.length;
  }
  tokens.push({ kind: "end", text: "end of the expression", at: text.length });
  return tokens;
}

function unexpectedCharacter(char: string): string {
  if (char === '"' || char === "'") return "text has no place in an expression (wanted numbers and columns)";
  if (char === "[" || char === "]") {
    return "subscripts are not supported (np.where chooses values by a condition)";
  }
  if (char === ".") return "attributes of values are not supported (wanted a function such as np.sqrt(x))";
  return `"${char}" is not arithmetic`;
}

class Parser {
  #position = 0;
  #depth = 0;

  constructor(readonly text: string, readonly tokens: readonly Token[], readonly words: boolean) {}

  next(): Token {
    return this.tokens[this.#position];
  }

  expression(least: number): Syntax {
    if (++this.#depth > EXPRESSION_MAX_DEPTH) {
      throw expressionError(this.text, this.next().at, `nested deeper than ${EXPRESSION_MAX_DEPTH} levels`);
    }
    let left = this.#operand();
    let compared = false;
    while (true) {
      const op = this.next();
      if (this.#isWord(op, "if") && least === CHOICE) {
        this.#position += 1;
        const condition = this.expression(PRECEDENCE.or);
        if (!this.#isWord(this.next(), "else")) {
          throw expressionError(
            this.text,
            this.next().at,
            `wanted "else" for the "if" of column ${op.at + 1}`,
          );
        }
        this.#position += 1;
        left = { kind: "choice", condition, yes: left, no: this.expression(CHOICE), at: left.at };
        break;
      }
      const precedence = this.#precedence(op);
      if (precedence === undefined || precedence < least) break;
      if (precedence === COMPARISON && compared) break;
      this.#position += 1;
      const right = this.expression(precedence === POWER ? SIGN : precedence + 1);
      left = { kind: "binary", op: op.text, left, right, at: left.at };
      compared = precedence === COMPARISON;
    }
    this.#depth -= 1;
    return left;
  }

  #isWord(token: Token, word: string): boolean {
    return this.words && token.kind === "name" && token.text === word;
  }

  #precedence(token: Token): number | undefined {
    if (token.text === "//" && !this.words) return undefined;
    if (token.kind === "op" || this.#isWord(token, "and") || this.#isWord(token, "or")) {
      return PRECEDENCE[token.text];
    }
    return undefined;
  }

  #operand(): Syntax {
    const token = this.next();
    this.#position += 1;
    if (this.#isWord(token, "not")) {
      return { kind: "unary", op: "not", argument: this.expression(NOT), at: token.at };
    }
    if (token.kind === "number") return { kind: "number", value: Number(token.text), at: token.at };
    if (token.kind === "name") return this.#nameOrCall(token);
    if (token.text === "(") {
      const inner = this.expression(CHOICE);
      this.#expect(")", token);
      return inner;
    }
    if (token.text === "-" || token.text === "+" || token.text === "~") {
      return { kind: "unary", op: token.text, argument: this.expression(SIGN), at: token.at };
    }
    throw expressionError(
      this.text,
      token.at,
      `wanted a number, a column or a function, found "${token.text}"`,
    );
  }

  #nameOrCall(token: Token): Syntax {
    const open = this.next();
    if (open.text !== "(") return { kind: "name", name: token.text, at: token.at };
    this.#position += 1;
    const args: Syntax[] = [];
    const named: NamedArgument[] = [];
    while (this.next().text !== ")") {
      const first = this.next();
      const equals = this.tokens[this.#position + 1];
      if (first.kind === "name" && equals?.text === "=") {
        this.#position += 2;
        named.push({ name: first.text, value: this.expression(CHOICE), at: first.at });
      } else if (named.length > 0) {
        throw expressionError(this.text, first.at, "a positional argument follows a named one");
      } else {
        args.push(this.expression(CHOICE));
      }
      if (this.next().text !== ",") break;
      this.#position += 1;
    }
    this.#expect(")", open);
    return { kind: "call", name: token.text, args, named, at: token.at };
  }

  #expect(text: string, open: Token): void {
    const token = this.next();
    if (token.text !== text || token.kind !== "op") {
      throw expressionError(
        this.text,
        token.at,
        misplaced(token) ??
          `wanted "${text}" for the "${open.text}" of column ${open.at + 1}, found "${token.text}"`,
      );
    }
    this.#position += 1;
  }
}
