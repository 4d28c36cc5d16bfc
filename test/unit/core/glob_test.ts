import assert from "node:assert/strict";
import { compileGlob, globMatches } from "../../../core/glob.ts";

Deno.test("a glob reads stars, question marks and sets", () => {
  const cases: readonly [glob: string, text: string, matches: boolean][] = [
    ["ATL06.*", "ATL06.006", true],
    ["ATL06.*", "xATL06.006", false],
    ["*.he5", "a/b/c.he5", true],
    ["**/ColumnAmountO3", "/HDFEOS/GRIDS/x/Data Fields/ColumnAmountO3", true],
    ["gt[1-3][lr]", "gt2r", true],
    ["gt[1-3][lr]", "gt4r", false],
    ["gt[!1-3]l", "gt4l", true],
    ["a?c", "abc", true],
    ["a?c", "ac", false],
    ["*a*b*", "xxaxxbxx", true],
    ["*ab", "aab", true],
    ["a+(b)", "a+(b)", true],
    ["", "", true],
    ["*", "", true],
    ["[", "[", true],
    ["A", "a", false],
  ];
  for (const [glob, text, matches] of cases) {
    assert.equal(globMatches(glob, text), matches, `${glob} ${text}`);
  }
});

Deno.test("a glob of many stars takes no time without end", () => {
  assert.equal(compileGlob("*a".repeat(60) + "b")("a".repeat(5000)), false);
});
