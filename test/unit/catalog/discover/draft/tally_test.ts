import assert from "node:assert/strict";
import { printable, Tally } from "../../../../../catalog/discover/draft/tally.ts";

Deno.test("a tally survives JSON and adds up", () => {
  const one = new Tally();
  one.add("granule", "no data link", "G1");
  one.add("link", "browse image", null, 35);
  const two = new Tally();
  two.merge(JSON.parse(JSON.stringify(one)));
  two.merge(one);
  assert.equal(two.count("granule", "no data link"), 2);
  assert.equal(two.count("link"), 70);
  assert.deepEqual(two.toJSON().examples, { "no data link": ["G1"] });
});

Deno.test("a tally that was tampered with adds nothing", () => {
  const tally = new Tally();
  tally.merge({ granules: { a: -1, b: "many", c: 1.5 }, links: [1], examples: { a: "x" } });
  tally.merge(null);
  assert.equal(tally.count("granule") + tally.count("link"), 0);
});

Deno.test("reasons are bounded", () => {
  const tally = new Tally();
  for (let i = 0; i < 1000; i += 1) tally.add("link", `reason ${i}`);
  assert.ok(Object.keys(tally.toJSON().links).length <= 65);
  assert.equal(tally.count("link"), 1000);
});

Deno.test("names from outside are printed without control characters", () => {
  const tally = new Tally();
  tally.add("granule", "no data link", "G\u001b[31m\n\u202e");
  const shown = tally.lines().join("");
  for (const hidden of ["\u001b", "\n", "\u202e"]) assert.ok(!shown.includes(hidden));
  assert.equal(printable("é x"), "é x");
});
