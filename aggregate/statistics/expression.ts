/**
 * Expressions over columns to the graph of what is computed. Every name is looked up here, at load;
 * what is not arithmetic over known columns is refused with its place.
 */
import { suggestion } from "../../core/suggest.ts";
import { AGGREGATE_FUNCTIONS, CONSTANTS, ELEMENTWISE_FUNCTIONS, type FunctionContext } from "./functions.ts";
import type { Graph, GraphNode } from "./graph.ts";
import { ARITHMETIC, BINARY, COMPARISONS, UNARY } from "../../core/expressions/operations.ts";
import { expressionError, parseSyntax, type Syntax } from "../../core/expressions/syntax.ts";

const LOGICAL: Readonly<Record<string, string>> = {
  "&": "logical_and",
  "|": "logical_or",
  "^": "logical_xor",
  "and": "logical_and",
  "or": "logical_or",
};
const OPERATORS: Readonly<Record<string, string>> = { ...ARITHMETIC, ...COMPARISONS, ...LOGICAL };

/**
 * The node of `text`. `columnNames[i]` is column i. Throws an input error with the column of the text
 * for unknown names, wrong arguments and anything that is not arithmetic. With `words` comparisons may be joined by
 * and, or and not.
 */
export function lowerExpression(
  text: string,
  columnNames: readonly string[],
  graph: Graph,
  options: { words?: boolean } = {},
): GraphNode {
  return new Lowering(text, columnNames, graph).lower(parseSyntax(text, options));
}

class Lowering implements FunctionContext {
  constructor(readonly text: string, readonly columnNames: readonly string[], readonly graph: Graph) {}

  fail(at: number, problem: string): never {
    throw expressionError(this.text, at, problem);
  }

  lower(tree: Syntax): GraphNode {
    switch (tree.kind) {
      case "number":
        if (!Number.isFinite(tree.value)) this.fail(tree.at, "the number is out of a float64's range");
        return this.graph.constant(tree.value);
      case "name":
        return this.#name(tree.name, tree.at);
      case "unary":
        return this.#unary(tree.op, tree.argument, tree.at);
      case "binary":
        return this.#binary(tree);
      case "choice":
        return this.fail(tree.at, 'values are not chosen by "if" here (np.where chooses by a condition)');
      case "call":
        return this.#call(tree);
    }
  }

  /** The node of a tree that must be a number a row, a cell or the like: no comparison's result. */
  number(tree: Syntax): GraphNode {
    const node = this.lower(tree);
    if (node.boolean) {
      this.fail(
        tree.at,
        "a comparison is not a number (np.where(condition, a, b) chooses; np.sum(condition) counts)",
      );
    }
    return node;
  }

  #name(name: string, at: number): GraphNode {
    const column = this.columnNames.indexOf(name);
    if (column >= 0) return this.graph.column(column);
    const plain = withoutPrefix(name);
    if (plain !== undefined && Object.hasOwn(CONSTANTS, plain)) return this.graph.constant(CONSTANTS[plain]);
    const bare = plain ?? name;
    if (Object.hasOwn(ELEMENTWISE_FUNCTIONS, bare) || Object.hasOwn(AGGREGATE_FUNCTIONS, bare)) {
      this.fail(at, `${name} is a function: write ${name}(x)`);
    }
    if (name.includes(".") && plain === undefined) {
      this.fail(at, `attribute access "${name}" is not supported (columns: ${this.columnNames.join(", ")})`);
    }
    this.fail(at, `unknown column "${name}"${suggestion(name, this.columnNames)}`);
  }

  #unary(op: string, argument: Syntax, at: number): GraphNode {
    if (op === "~" || op === "not") {
      const node = this.lower(argument);
      if (!node.boolean) this.fail(at, `"${op}" inverts a comparison, and this is not one`);
      return this.graph.elementwise("invert", [node], true);
    }
    const node = this.number(argument);
    if (op === "+") return node;
    if (node.op === "constant") return this.graph.constant(-node.value);
    return this.graph.elementwise("negative", [node]);
  }

  #binary(tree: Syntax & { kind: "binary" }): GraphNode {
    const op = OPERATORS[tree.op];
    if (op === undefined) this.fail(tree.at, `"${tree.op}" is not supported here`);
    if (tree.op in LOGICAL) {
      const sides = [tree.left, tree.right].map((side) => {
        const node = this.lower(side);
        if (!node.boolean) {
          this.fail(
            side.at,
            `"${tree.op}" joins comparisons, and this is not one (put comparisons in parentheses)`,
          );
        }
        return node;
      });
      return this.graph.elementwise(op, sides, true);
    }
    if (tree.op === "*") {
      const sides = [this.lower(tree.left), this.lower(tree.right)];
      if (sides[0].boolean && sides[1].boolean) {
        this.fail(tree.at, 'comparisons are joined with "&", not "*"');
      }
      return this.elementwise(op, sides);
    }
    const sides = [this.number(tree.left), this.number(tree.right)];
    if (tree.op in COMPARISONS && sides.every((side) => side.op === "constant")) {
      this.fail(tree.at, "this compares two numbers (wanted a column on one side)");
    }
    return this.elementwise(op, sides, tree.op in COMPARISONS);
  }

  /** An elementwise node: constants are computed, and `**` of a few exponents has its own operation. */
  elementwise(op: string, args: GraphNode[], boolean = false): GraphNode {
    const exponent = args[1];
    if (op === "power" && exponent?.op === "constant") {
      if (exponent.value === 1) return args[0];
      const own = { 2: "square", 0.5: "sqrt", [-1]: "reciprocal" }[exponent.value];
      if (own !== undefined) return this.elementwise(own, [args[0]]);
    }
    if (args.every((argument) => argument.op === "constant") && !boolean) {
      const [a, b] = args.map((argument) => argument.value);
      return this.graph.constant(b === undefined ? UNARY[op](a) : BINARY[op](a, b));
    }
    return this.graph.elementwise(op, args, boolean);
  }

  #call(tree: Syntax & { kind: "call" }): GraphNode {
    const plain = withoutPrefix(tree.name) ?? tree.name;
    const elementwise = Object.hasOwn(ELEMENTWISE_FUNCTIONS, plain)
      ? ELEMENTWISE_FUNCTIONS[plain]
      : undefined;
    const aggregate = Object.hasOwn(AGGREGATE_FUNCTIONS, plain) ? AGGREGATE_FUNCTIONS[plain] : undefined;
    if (elementwise !== undefined) return elementwise(this, tree);
    if (aggregate !== undefined) return aggregate(this, tree);
    if (this.columnNames.includes(tree.name)) {
      this.fail(tree.at, `"${tree.name}" is a column, not a function`);
    }
    const known = [...Object.keys(ELEMENTWISE_FUNCTIONS), ...Object.keys(AGGREGATE_FUNCTIONS)];
    this.fail(tree.at, `unknown function "${tree.name}"${suggestion(plain, known)}`);
  }
}

/** `sqrt` of `np.sqrt` or `numpy.sqrt`; undefined without such a prefix. */
function withoutPrefix(name: string): string | undefined {
  return /^(?:np|numpy)\.(\w+)$/.exec(name)?.[1];
}
