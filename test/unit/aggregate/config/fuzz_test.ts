import assert from "node:assert/strict";
import fc from "fast-check";
import { GranaryError } from "../../../../core/errors.ts";
import { parseConfig } from "../../../../aggregate/config/parse.ts";
import { presetText } from "../../../../products/presets/index.ts";

const CASES = 500;
const TEXT = presetText("gedi_l2a").slice(0, 1_400) + "\noutput: {grid: {child_order: 9}}\n";

/** Parses, or fails with an input error that begins with the file's name: nothing else may happen. */
function survives(text: string): void {
  try {
    parseConfig(text, "fuzz.yaml");
  } catch (error) {
    assert.ok(
      error instanceof GranaryError && error.tag === "input",
      String((error as Error).stack),
    );
    assert.ok(error.message.startsWith("fuzz.yaml"), error.message);
    assert.ok(error.message.length < 20_000, `${error.message.length} characters`);
  }
}

Deno.test(`${CASES} configs with cut, doubled and changed parts are parsed or refused, never worse`, () => {
  const edit = fc.record({
    at: fc.nat({ max: TEXT.length - 1 }),
    length: fc.nat({ max: 40 }),
    by: fc.oneof(
      fc.constantFrom(
        "",
        " ",
        "\t",
        "\n",
        ":",
        "- ",
        "[",
        "]",
        "{",
        "}",
        "&a ",
        "*a",
        "!!set ",
        "|",
        ">",
        "#",
        "'",
        '"',
        "? ",
        "<<: ",
      ),
      fc.constantFrom(
        "null",
        "~",
        ".nan",
        "-.inf",
        "0x1F",
        "1e400",
        "yes",
        "2019-01-01",
        "__proto__",
        "constructor",
        "%",
        "@",
        "`",
      ),
      fc.string({ unit: "binary", maxLength: 6 }),
    ),
  });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      let text = TEXT;
      for (const { at, length, by } of edits) text = text.slice(0, at) + by + text.slice(at + length);
      survives(text);
    }),
    { seed: 77, numRuns: CASES },
  );
});

Deno.test(`${CASES} random texts as configs are refused, never worse`, () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => survives(text)),
    { seed: 78, numRuns: CASES },
  );
});

Deno.test(`${CASES} random expressions are compiled or refused, never worse`, () => {
  const word = fc.constantFrom(
    ..."x w np.sum np.mean np.sqrt np.where ( ) ( ) , + - * / ** % > < == & | ~ = 1 0.5 1e9 np. .".split(" "),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 25 }), (words) => {
      const expression = JSON.stringify(words.join(" "));
      survives(
        "data_source: {groups: [a], coordinates: {latitude: y, longitude: z}, variables: {x: x, w: w}}\n" +
          `aggregation: {variables: {v: {expression: ${expression}}}}\noutput: {grid: {child_order: 9}}\n`,
      );
    }),
    { seed: 79, numRuns: CASES },
  );
});
