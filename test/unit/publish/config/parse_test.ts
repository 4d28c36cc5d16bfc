import assert from "node:assert/strict";
import { parseDataset } from "../../../../publish/config/parse.ts";
import { namePattern } from "../../../../publish/config/name_pattern.ts";
import { GranaryError } from "../../../../core/errors.ts";

const WHOLE = `
dataset: OMTO3d.003
discover:
  - {from: cmr, short_name: OMTO3d, version: "003", since: 30d}
  - {from: local, path: granules, match: "*.he5"}
convert:
  variables: ["**/ColumnAmountO3"]
  overviews: average
  time: {from: [cmr, file, name], name: "_(?<year>\\\\d{4})m(?<month>\\\\d\\\\d)(?<day>\\\\d\\\\d)_"}
collection: {title: Ozone, license: CC0-1.0}
publish:
  - {to: s3://bucket/omto3d/}
  - {to: https://stac.example.org, api: transactions, token: env:STAC_TOKEN, stac: "1.0"}
retry: {attempts: 3, give_up_after: 7d}
`;

function refusal(text: string): string {
  try {
    parseDataset(text, "d.yaml");
  } catch (error) {
    assert.ok(error instanceof GranaryError && error.exitCode === 2, String(error));
    return error.message;
  }
  return assert.fail("nothing was refused");
}

Deno.test("a dataset is read with its defaults, and its secret stays a name", () => {
  const dataset = parseDataset(WHOLE, "d.yaml");
  assert.equal(dataset.name, "OMTO3d.003");
  assert.deepEqual(dataset.discover.map(({ from }) => from), ["cmr", "local"]);
  assert.deepEqual([dataset.convert.values, dataset.convert.overviews, dataset.convert.compress], [
    "stored",
    "average",
    "deflate",
  ]);
  assert.equal(dataset.output, "s3://bucket/omto3d/");
  assert.deepEqual(dataset.targets[1], {
    kind: "transactions",
    to: "https://stac.example.org",
    secret: "STAC_TOKEN",
    oauth: null,
    stac: "1.0.0",
  });
  assert.deepEqual(dataset.retry, { attempts: 3, giveUpAfterDays: 7 });
});

const FAULTS: readonly [string, string, RegExp][] = [
  ["dataset: OMTO3d.003", "dataset: a b", /d\.yaml:2:\d+: dataset: wanted a name/],
  ["from: local", "from: nowhere", /d\.yaml:5:\d+: .*discover/],
  ["since: 30d", "since: 30 days", /d\.yaml:4:\d+: .*wanted a number of days such as 30d/],
  ["short_name: OMTO3d, ", "", /names no collection \(wanted short_name or concept_id\)/],
  ["token: env:STAC_TOKEN", "token: secret-itself", /wanted env:NAME/],
  ["api: transactions, ", "", /says? which interface|is the address of a server/],
  [
    "- {to: s3://bucket/omto3d/}",
    "- {to: items.ndjson, format: ndjson}",
    /names no folder and no s3:\/\/ prefix/,
  ],
  ["overviews: average", "overviews: middling", /d\.yaml:\d+:\d+: convert\.overviews: found "middling"/],
  ["overviews: average", "overviewz: average", /unknown key "overviewz".*did you mean "overviews"/],
  ["(?<year>", "(?<decade>", /has a group "decade"/],
];

for (const [from, to, message] of FAULTS) {
  Deno.test(`"${to || `without ${from}`}" is refused with its place`, () => {
    assert.ok(WHOLE.includes(from));
    assert.match(refusal(WHOLE.replace(from, to)), message);
  });
}

Deno.test("a pattern tells the time of a name, by its finest unit", () => {
  const pattern = namePattern(String.raw`_(?<year>\d{4})m(?<month>\d\d)(?<day>\d\d)_`);
  assert.deepEqual(pattern.time("OMI-Aura_L3-OMTO3d_2016m0331_v003.he5"), {
    milliseconds: Date.UTC(2016, 2, 31),
    unit: "day",
  });
  assert.equal(pattern.time("OMI-Aura_L3-OMTO3d_2016m0231_v003.he5"), undefined); // no such day
  assert.equal(pattern.time("another.he5"), undefined);
  const days = namePattern(String.raw`A(?<year>\d{4})(?<doy>\d{3})\.`);
  assert.deepEqual(days.time("MOD11.A2024060.h5"), { milliseconds: Date.UTC(2024, 1, 29), unit: "day" });
});

Deno.test("a pattern that repeats repetitions takes no time without end", () => {
  const pattern = namePattern(String.raw`(?<year>(\d+)+)$`);
  assert.equal(pattern.time("2".repeat(900) + "x"), undefined);
});

Deno.test("patterns that look around, or say nothing, are refused", () => {
  for (
    const [pattern, message] of [
      [String.raw`(?<year>\d{4})(?=_)`, /looks around/],
      [String.raw`(?<year>\d{4})\1`, /refers back/],
      ["(?<month>..)", /no group \(\?<year>/],
      ["(?<year>[", /without its "\]"/],
      ["x".repeat(300), /has 300 characters/],
    ] as const
  ) assert.throws(() => namePattern(pattern), message, pattern);
});
