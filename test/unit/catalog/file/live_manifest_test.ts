import assert from "node:assert/strict";
import { parseManifest } from "../../../../catalog/file/live_manifest.ts";

const SOUND = {
  version: 3,
  number: 1,
  feed: "f",
  ledger: "l",
  cellOrder: 8,
  parts: [{
    collection: "C.1",
    day: 20_000,
    file: { name: "parts/C.1/a.parquet", rows: 1, bytes: 9 },
    written: 1,
    seen: 1,
  }],
  news: null,
  hidden: { "C.1": ["a"] },
};

const parse = (manifest: unknown) =>
  parseManifest("m.json", new TextEncoder().encode(JSON.stringify(manifest)));

Deno.test("a manifest is taken as it was written, and one of version 1 as it was written then", () => {
  assert.deepEqual(parse(SOUND), SOUND);
  const first = { version: 1, number: 2, feed: "f", cellOrder: 8 };
  const parts = [{ collection: "C.1", day: 3, file: "parts/C.1/b.parquet", rows: 5 }];
  assert.deepEqual(parse({ ...first, parts }).parts.map(({ file }) => file?.name), ["parts/C.1/b.parquet"]);
});

Deno.test("what is no manifest is refused by its name, with what to do", () => {
  const changes: unknown[] = [
    ...[null, [], 7, {}, { version: 3 }, { version: "3" }],
    ...[{ parts: 5 }, { parts: [{}] }, { parts: [null] }, { hidden: null }, { hidden: { "C.1": [1] } }]
      .map((change) => ({ ...SOUND, ...change })),
    ...[{ news: {} }, { news: "a" }, { number: null }, { cellOrder: 0.5 }].map((change) => ({
      ...SOUND,
      ...change,
    })),
    { ...SOUND, parts: [{ ...SOUND.parts[0], file: { name: 7 } }] },
    { ...SOUND, version: 1 },
  ];
  for (const change of changes) {
    assert.throws(() => parse(change), {
      tag: "input",
      message: /^m\.json: is no manifest .*publish the catalog again/,
    }, JSON.stringify(change));
  }
  assert.throws(() => parse({ ...SOUND, version: 4 }), {
    message: /^m\.json: a manifest of version 4, of which this granary knows 1 to 3 \(update granary here/,
  });
});
