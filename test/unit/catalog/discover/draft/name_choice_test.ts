import assert from "node:assert/strict";
import { nameChoice } from "../../../../../catalog/discover/draft/name_choice.ts";

Deno.test("a choice of names is a glob, in which two stars may be no folder, or an expression between slashes", () => {
  const cases: readonly [choice: string, name: string, fits: boolean][] = [
    ["*.nc", "a/b.nc", true],
    ["**/*.nc", "b.nc", true],
    ["**/*.nc", "x/y/b.nc", true],
    ["**/b.nc", "xb.nc", false],
    ["2024/**/b_*.nc", "2024/b_1.nc", true],
    ["2024/**/b_*.nc", "2024/01/b_1.nc", true],
    ["2024/**/b_*.nc", "2023/b_1.nc", false],
    ["/_20\\d\\dm/", "x/a_2024m01.he5", true],
    ["/^_20/", "x_20", false],
  ];
  for (const [choice, name, fits] of cases) {
    assert.equal(nameChoice(choice, "match")(name), fits, `${choice} ${name}`);
  }
  assert.throws(() => nameChoice("/(?=x)/", "match"), /^GranaryError: match: /);
});
