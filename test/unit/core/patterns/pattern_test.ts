import assert from "node:assert/strict";
import fc from "fast-check";
import { Pattern } from "../../../../core/patterns/pattern.ts";

const CASES: readonly [pattern: string, texts: readonly string[]][] = [
  ["^OMI-Aura_L3-(.*)\\.he5$", [
    "OMI-Aura_L3-OMSO2e_2024m0101.he5",
    "xOMI-Aura_L3-.he5",
    "OMI-Aura_L3-.he5x",
  ]],
  ["_(?<year>\\d{4})m(?<month>\\d\\d)(?<day>\\d\\d)_", [
    "OMTO3d_2026m1008_v003",
    "a_2026m108_",
    "_0000m0000_",
  ]],
  ["a|ab|abc", ["abc", "xab", "x"]],
  ["(a|ab)(c|bcd)(d*)", ["abcd", "abbcdd"]],
  ["a*?b", ["aaab", "b"]],
  ["(a+)(a*)", ["aaaa"]],
  ["(a+?)(a*)", ["aaaa"]],
  ["x{2,3}", ["x", "xx", "xxxx"]],
  ["x{2,3}?", ["xxxx"]],
  ["(?:ab)+c", ["ababc", "ac"]],
  ["[^\\d_-]+", ["12ab-_", "---"]],
  ["[a-c\\]]+", ["xab]c"]],
  ["[\\s\\S]*?\\.tif$", ["a.tif", "a.tif.aux", "tif"]],
  ["(a)|(b)", ["b", "a"]],
  ["(x?)*y", ["xxy", "y"]],
  ["^$", ["", "a"]],
  ["é.ü", ["xé☃ü"]],
];

Deno.test("a pattern finds what the engine's own search finds", () => {
  for (const [source, texts] of CASES) {
    const own = new Pattern(source);
    const peer = new RegExp(source, "u");
    for (const text of texts) {
      const [found, wanted] = [own.exec(text), peer.exec(text)];
      assert.equal(found?.text, wanted?.[0], `${source} in "${text}"`);
      if (found === null || wanted === null || source === "(x?)*y") continue;
      assert.deepEqual([...found.groups], wanted.slice(1), `${source} in "${text}"`);
      assert.deepEqual({ ...found.named }, { ...wanted.groups });
    }
  }
});

Deno.test("random patterns of letters, choices and repetitions find what the engine finds", () => {
  const leaf = fc.constantFrom("a", "b", ".", "[ab]", "[^a]", "ab");
  const { node } = fc.letrec((tie) => ({
    node: fc.oneof(
      { depthSize: "small" },
      leaf,
      fc.tuple(tie("node"), tie("node")).map(([x, y]) => `${x}${y}`),
      fc.tuple(tie("node"), tie("node")).map(([x, y]) => `(?:${x}|${y})`),
      fc.tuple(leaf, fc.constantFrom("*", "+", "?", "*?", "{1,2}")).map(([x, q]) => `(?:${x})${q}`),
    ),
  }));
  fc.assert(
    fc.property(
      node as fc.Arbitrary<string>,
      fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 12 }),
      (source, text) => {
        if (source.length > 200) return;
        assert.equal(new Pattern(source).exec(text)?.text, new RegExp(source, "u").exec(text)?.[0]);
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("a pattern that would keep a searching engine busy for years ends at once", () => {
  const text = "a".repeat(1500);
  // Each would take more than 2 to the 1500 steps by going back.
  assert.equal(new Pattern("(a*)*b").test(text), false);
  assert.equal(new Pattern("(a|a)+b$").test(text), false);
  assert.equal(new Pattern(".*.*.*.*.*x").test(text), false);
  assert.equal(new Pattern("a").test("a".repeat(5000)), false, "longer than names are");
});

Deno.test("what is not done is refused with the reason", () => {
  const refusals: readonly [string, RegExp][] = [
    ["(?=a)", /looks around/],
    ["(?<!a)", /looks around/],
    ["(a)\\1", /refers back/],
    ["a**", /repeats a repetition/],
    ["*a", /repeats nothing/],
    ["(a", /without its "\)"/],
    ["a)", /closes nothing/],
    ["[a", /without its "\]"/],
    ["a{3,1}", /no range/],
    ["(?:(?:(?:a{100}){100}){100})", /repeats too much/],
    ["\\q", /not known/],
    ["a\\", /backslash/],
    ["x".repeat(201), /at most 200/],
  ];
  for (const [source, reason] of refusals) {
    assert.throws(
      () => new Pattern(source),
      (error) => error instanceof SyntaxError && reason.test(error.message),
      source,
    );
  }
});
