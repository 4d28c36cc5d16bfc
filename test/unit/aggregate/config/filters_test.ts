import assert from "node:assert/strict";
import fc from "fast-check";
import { stringify } from "yaml";
import { configMapping } from "../../../../aggregate/config/format.ts";
import { parseConfig } from "../../../../aggregate/config/parse.ts";
import { rowTests } from "../../../../aggregate/statistics/row_test.ts";
import type { RowFilter } from "../../../../core/observations/contract.ts";
import { applyCondition, filterPaths, filterText } from "../../../../core/observations/row_condition.ts";

type Node = Record<string, unknown>;

function pipelineOf(filters: readonly Node[]) {
  const config = {
    data_source: {
      groups: ["g"],
      coordinates: { latitude: "/{group}/lat", longitude: "/{group}/lon" },
      variables: { a: "/{group}/a", b: "/{group}/b" },
      filters,
    },
    aggregation: { variables: { n: { function: "count", source: "a" } } },
    output: { grid: { child_order: 8 } },
  };
  return parseConfig(stringify(config), "my.yaml").pipeline;
}

const NAN = Number.NaN;
const A = [0, 1, 2, 3, -1, NAN, 2, NAN];
const B = [5, 4, 3, 2, 1, 1, NAN, NAN];

function passes(filters: readonly RowFilter[]): number[] {
  const test = rowTests();
  const result = new Uint8Array(A.length).fill(1);
  for (const filter of filters) {
    applyCondition(result, filter, {
      read: (path) => Float64Array.from(path.endsWith("a") ? A : B),
      packing: () => ({ dtype: "<f8", fills: [], scale: 1, offset: 0, valid: null, warnings: [] }),
      checkExact: () => {},
      given: () => new Float64Array(A.length),
      linked: () => new Float64Array(A.length),
      linkedFilter: () => {},
    }, test);
  }
  return [...result];
}

/** True, false, or undefined where a value is missing: the logic of SQL. */
type Truth = boolean | undefined;

function truthOf(node: Node, a: number, b: number): Truth {
  const turned = (truth: Truth): Truth => truth === undefined ? undefined : !truth;
  const own = (): Truth => {
    if (node.not !== undefined) return turned(truthOf(node.not as Node, a, b));
    for (const join of ["all", "any"] as const) {
      if (node[join] === undefined) continue;
      const parts = (node[join] as Node[]).map((one) => truthOf(one, a, b));
      if (parts.includes(join === "any")) return join === "any";
      return parts.includes(undefined) ? undefined : join === "all";
    }
    if (node.expression !== undefined) {
      if (node.expression === EXPRESSIONS[0]) {
        return Number.isNaN(a + b) ? undefined : (a > 0 && !(b === 3)) || a + b < 1;
      }
      return Number.isNaN(a) ? undefined : Math.abs(a) >= 2;
    }
    const value = String(node.dataset).endsWith("a") ? a : b;
    if (Number.isNaN(value)) return undefined;
    if (node.op === "between") return value >= 1 && value <= 3;
    if (node.op === "in") return value === 1 || value === 2;
    return node.op === "lt" ? value < Number(node.value) : (value & 3) === 3;
  };
  return node.keep === false ? turned(own()) : own();
}

const EXPRESSIONS = ["a > 0 and not (b == 3) or a + b < 1", "np.abs(a) >= 2"];

const leaf = fc.constantFrom<Node[]>(
  { dataset: "/{group}/a", op: "between", value: [1, 3] },
  { dataset: "/{group}/b", op: "in", values: [1, 2] },
  { dataset: "/{group}/b", op: "lt", value: 4, keep: false },
  { dataset: "/{group}/a", op: "lt", value: 2 },
  { dataset: "/{group}/a", op: "bits_all", value: 3, raw: true },
  ...EXPRESSIONS.map((expression) => ({ expression })),
  { expression: EXPRESSIONS[0], keep: false },
);
const { tree } = fc.letrec<{ tree: Node }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.record({ all: fc.array(tie("tree"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ any: fc.array(tie("tree"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: tie("tree") }),
    fc.record({ any: fc.array(tie("tree"), { minLength: 1, maxLength: 2 }), keep: fc.constant(false) }),
  ),
}));

Deno.test("properties: any nesting of filters passes the rows of which SQL's logic says true", () => {
  fc.assert(
    fc.property(tree, (filter) => {
      const pipeline = pipelineOf([filter]);
      const { filters } = pipeline.dataSource;
      assert.deepEqual(passes(filters), A.map((a, i) => truthOf(filter, a, B[i]) === true ? 1 : 0));
      const again = parseConfig(stringify(configMapping(pipeline)), "again.yaml").pipeline;
      assert.deepEqual(again.dataSource.filters, filters, "as config show prints it");
    }),
    { numRuns: 150 },
  );
});

Deno.test("an expression reads the columns that it names, and people are told what is joined", () => {
  const { filters } = pipelineOf([
    { any: [{ expression: "a > 0" }, { not: { dataset: "/{group}/b", op: "eq", value: 1 } }] },
  ]).dataSource;
  assert.deepEqual(filterPaths(filters[0]), ["/{group}/a", "/{group}/b"]);
  assert.equal(filterText(filters[0]), "(a > 0 or /{group}/b ne 1)");
});

Deno.test("filters that are no comparison, or two things at once, are refused with their place", () => {
  const refused: [Node, RegExp][] = [
    [{ expression: "a + 1" }, /filters\[0\]\.expression: a filter wants a comparison/],
    [{ expression: "1 < 2" }, /compares two numbers/],
    [{ expression: "a > np.mean(a)" }, /a filter decides by one row/],
    [{ expression: "a > 0 && b > 0" }, /column 8/],
    [{ expression: "c > 0" }, /unknown column "c"/],
    [{ expression: "a // 2 > 0" }, /"\/\/" is not supported/],
    [{ expression: "a > 0", op: "eq" }, /op goes with a dataset/],
    [{ expression: "a > 0", dataset: "b" }, /has dataset and expression \(keep one\)/],
    [{ dataset: "b" }, /the key "op" is missing/],
    [{ op: "eq", value: 1 }, /the key "dataset" is missing/],
    [{ any: [] }, /at least 1 items/],
    [{ any: [{ dataset: "/{g}/b", op: "eq", value: 1 }] }, /filters\[0\]\.any\[0\]\.dataset: .*\{g\}/],
    [{ not: { dataset: "b", op: "in", value: 3 } }, /filters\[0\]\.not: op in wants value: a list/],
    [{ any: [{ dataset: "b", opp: "eq" }] }, /unknown key "opp"/],
  ];
  for (const [filter, message] of refused) assert.throws(() => pipelineOf([filter]), message);
});
