import assert from "node:assert/strict";
import { GranaryError } from "../../../../core/errors.ts";
import { compileStatistics } from "../../../../aggregate/statistics/compile.ts";
import { expression, named, NAMES } from "./cells.ts";

function refusal(text: string): string {
  try {
    compileStatistics([{ ...expression(text), name: "v" }], NAMES);
  } catch (error) {
    assert.ok(error instanceof GranaryError && error.tag === "input", String(error));
    return error.message;
  }
  assert.fail(`${text} was accepted`);
}

const REFUSED: readonly (readonly [string, string])[] = [
  ["np.mean(y)", 'column 9: unknown column "y" (did you mean "x"?)'],
  ["np.mean(h_li)", 'column 9: unknown column "h_li" (wanted one of x, w)'],
  ["np.sqr(np.sum(x))", 'column 1: unknown function "np.sqr" (did you mean "sqrt"?)'],
  ["np.sum(x.real)", 'column 8: attribute access "x.real" is not supported'],
  ["x.sum()", 'column 1: unknown function "x.sum"'],
  ["(x + w).sum()", "column 8: attributes of values are not supported"],
  ["np.sum(x[0])", "column 9: subscripts are not supported"],
  ["np.sum('x')", "column 8: text has no place"],
  ["__import__('os').system('ls')", "text has no place"],
  ["__import__(x)", 'column 1: unknown function "__import__"'],
  ["eval(x)", 'unknown function "eval"'],
  ["constructor(x)", 'unknown function "constructor"'],
  ["np.__proto__(x)", 'unknown function "np.__proto__"'],
  ["toString", 'unknown column "toString"'],
  ["x = 3", 'column 3: "=" assigns'],
  ["lambda: x", '":" is not arithmetic'],
  ["np.sum(x) if 1 else 2", '"if" is not expected here'],
  ["np.sum(x", 'column 9: wanted ")" for the "(" of column 7, found "end of the expression"'],
  ["np.sum(x))", 'column 10: ")" is not expected here'],
  ["np.sum(x) +", 'wanted a number, a column or a function, found "end of the expression"'],
  ["", "wanted a number, a column or a function"],
  ["np.sum(x,)  w", '"w" is not expected here'],
  ["x + w", "it gives one value a row, not one a cell"],
  ["1 + 2", "it uses no column"],
  ["np.sum(x > 0 > w)", 'column 14: ">" follows a comparison'],
  ["np.sum(x) == 1 == 2", 'column 16: "==" follows a comparison'],
  ["np.mean(x) > 0", "a comparison is not a number"],
  ["np.sum(x) + (x > 0)", "column 14: a comparison is not a number"],
  ["np.sum(x > 0 & w < 1)", 'column 18: "<" follows a comparison: these do not chain'],
  ["np.sum(x > 0 & w)", '"&" joins comparisons, and this is not one'],
  ["np.where(x, 1, 2)", "np.where wants a comparison first"],
  ["np.sum(np.sum(x))", "np.sum wants values a row, and this is one value a cell already"],
  ["np.sum(3)", "and this is a number"],
  ["np.sqrt(x, w)", "np.sqrt takes one argument, found 2"],
  ["np.quantile(x)", 'np.quantile is missing its argument "q"'],
  ["np.quantile(x, 1.5)", "q must be a number from 0 to 1"],
  ["np.quantile(x, w)", "q must be a number from 0 to 1"],
  ["np.quantile(x, q=0.5, q=0.5)", 'has the argument "q" twice'],
  ["np.quantile(x, qq=0.5)", 'takes no argument "qq" (wanted a, q, weights)'],
  ["np.quantile(q=0.5, x)", "a positional argument follows a named one"],
  ["np.var(x, ddof=-1)", "ddof must be a number from 0"],
  ["np.std(x, axis=0)", 'takes no argument "axis"'],
  ["np.nanmean(x / w)", "np.nanmean takes a column only"],
  ["np.sum(x * 1e999)", "column 12: the number is out of a float64's range"],
  ["np.mean", "np.mean is a function: write np.mean(x)"],
  ["x(3)", '"x" is a column, not a function'],
  ["np.sum(x) ; 1", '";" is not arithmetic'],
  ["np.sum(x)\u00a0+ $", '"$" is not arithmetic'],
  [`${"(".repeat(200)}x${")".repeat(200)}`, "nested deeper than 64 levels"],
  [`np.sum(${"-".repeat(300)}x)`, "nested deeper than 64 levels"],
  [`np.sum(${"x + ".repeat(900)}x)`, "is too long (at most 2000)"],
];

for (const [text, problem] of REFUSED) {
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  Deno.test(`"${shown}" is refused with its place and the reason`, () => {
    const message = refusal(text);
    assert.ok(message.startsWith('variable "v": expression: '), message);
    assert.ok(message.includes(problem), `${message}\nwanted: ${problem}`);
  });
}

Deno.test("parameters of named functions are refused by name", () => {
  const cases: [ReturnType<typeof named>, string][] = [
    [named("quantile", "x"), "params.q: q must be a number from 0 to 1, found none"],
    [named("quantile", "x", { q: "half" }), 'found "half"'],
    [named("var", "x", { ddoff: 1 }), 'var has no parameter "ddoff" (did you mean "ddof"?)'],
    [named("min", "x", { q: 1 }), 'min has no parameter "q" (it takes none)'],
    [named("average", "x", { weights: "np.sum(w)" }), '"np.sum(w)" does not give one value a row'],
    [named("average", "x", { weights: "1 / v" }), 'column 5: unknown column "v"'],
    [named("mean", "np.mean(x)"), 'source: "np.mean(x)" does not give one value a row'],
    [named("mean", "x > 0"), "a comparison is not a number"],
  ];
  for (const [statistic, problem] of cases) {
    assert.throws(() => compileStatistics([statistic], NAMES), (error: Error) => {
      assert.ok(error.message.includes(problem), error.message);
      return true;
    });
  }
});

Deno.test("bare names, numpy's prefix and numpy written out mean the same", () => {
  const texts = ["sum(abs(x)) / len(x)", "np.sum(np.abs(x)) / np.size(x)", "numpy.mean(numpy.absolute(x))"];
  const reducer = compileStatistics(texts.map(expression), NAMES);
  const values = reducer.reduce([Float64Array.of(-1, 2, -6), new Float64Array(3)], Uint32Array.of(0, 3));
  assert.deepEqual(values.map((each) => each[0]), [3, 3, 3]);
});
