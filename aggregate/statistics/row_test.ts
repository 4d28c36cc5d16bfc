/** Filters that are expressions: one comparison over columns a row. */
import { inputError } from "../../core/errors.ts";
import type { ExpressionTest } from "../../core/observations/contract.ts";
import { BLOCK_ROWS } from "./blocks.ts";
import { Evaluator, reachable } from "./evaluate.ts";
import { lowerExpression } from "./expression.ts";
import { AGGREGATES, Graph, type GraphNode } from "./graph.ts";

/**
 * The node of a filter over the columns: comparisons, joined with and, or, not, or with `&`, `|`, `~`. Throws an
 * input error for what is no comparison, uses no column or reduces rows.
 */
export function lowerRowTest(text: string, columnNames: readonly string[], graph: Graph): GraphNode {
  const node = lowerExpression(text, columnNames, graph, { words: true });
  const reduction = reachable([node]).find(({ op }) => (AGGREGATES as readonly string[]).includes(op));
  if (reduction !== undefined) {
    throw inputError(`a filter decides by one row, and ${reduction.op} takes all rows of a cell`);
  }
  if (!node.boolean || node.shape !== "rows") {
    throw inputError("a filter wants a comparison of columns, such as h > 0 and not (s > 1)");
  }
  return node;
}

/** Computes filters' expressions; each is compiled once. */
export function rowTests(): ExpressionTest {
  const compiled = new Map<string, { evaluator: Evaluator; node: GraphNode }>();
  return ({ expression, columns }, values, rows) => {
    const names = columns.map(({ name }) => name);
    const key = JSON.stringify([expression, names]);
    let own = compiled.get(key);
    if (own === undefined) {
      const graph = new Graph();
      const node = lowerRowTest(expression, names, graph);
      compiled.set(key, own = { evaluator: new Evaluator(graph, [node]), node });
    }
    const { evaluator, node } = own;
    const found = new Float64Array(rows);
    for (let begin = 0; begin < rows; begin += BLOCK_ROWS) {
      const count = Math.min(BLOCK_ROWS, rows - begin);
      const block = values.map((column) => column.subarray(begin, begin + count));
      evaluator.begin({ columns: block, starts: Uint32Array.of(0, count), cells: 1, rows: count });
      found.set(evaluator.valuesOf(node).subarray(0, count), begin);
    }
    return found;
  };
}
