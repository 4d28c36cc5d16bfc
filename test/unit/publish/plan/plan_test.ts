import assert from "node:assert/strict";
import type { GranuleRow } from "../../../../catalog/granule.ts";
import { parseDataset } from "../../../../publish/config/parse.ts";
import type { Dataset } from "../../../../publish/dataset.ts";
import { configKey, identityKey, recordName } from "../../../../publish/plan/identity.ts";
import { discoveredOf, planDataset } from "../../../../publish/plan/plan.ts";
import type { ConvertRecord } from "../../../../publish/records.ts";

const DATASET = parseDataset(
  "dataset: D\ndiscover: [{from: local, path: g}]\npublish: [{to: out}]\nretry: {give_up_after: 10d}\n",
  "d.yaml",
);
const NOW = Date.UTC(2024, 5, 1);
const DAY = 86_400_000;

function row(id: string, over: Partial<GranuleRow> = {}): GranuleRow {
  return {
    id,
    collection: "C.1",
    provider: "p",
    concept_id: null,
    revision: 1,
    start_datetime: 0,
    end_datetime: 0,
    datetime: null,
    geometry: new Uint8Array(3),
    bbox: null,
    cell_order: 8,
    cells: new BigUint64Array(2),
    s3_base: null,
    https_base: null,
    local_base: "/g/",
    path: id,
    s3_credentials: null,
    s3_region: null,
    s3_endpoint: null,
    s3_access: null,
    size_bytes: 5,
    checksum: null,
    assets: [],
    properties: {},
    ...over,
  };
}

const done = (granule: GranuleRow, dataset: Dataset = DATASET): ConvertRecord => ({
  kind: "convert",
  collection: granule.collection,
  id: granule.id,
  done: {
    identity: identityKey(granule),
    config: configKey(dataset),
    created: "2024-01-01T00:00:00.000Z",
    updated: "2024-01-01T00:00:00.000Z",
    outputs: [{ key: `cogs/${granule.id}/v.tif`, sizeBytes: 7, sha256: "00" }],
    items: [{ id: granule.id, year: "2024" }],
    itemsHash: "t",
    gone: { items: [], outputs: [] },
  },
  failure: null,
  notes: [],
});

const failed = (granule: GranuleRow, permanent: boolean, first: number): ConvertRecord => ({
  ...done(granule),
  done: null,
  failure: {
    identity: identityKey(granule),
    config: configKey(DATASET),
    plan: "before",
    reason: "why",
    permanent,
    tries: 1,
    first: new Date(first).toISOString(),
    last: new Date(first).toISOString(),
  },
});

async function plan(rows: readonly GranuleRow[], records: readonly ConvertRecord[], over = {}) {
  return await planDataset({
    dataset: DATASET,
    rows: (async function* () {
      yield* rows;
    })(),
    records: new Map(records.map((record) => [recordName(record), record])),
    outputs: new Map(records.map(({ id }) => [`cogs/${id}/v.tif`, 7])),
    outbox: new Set(records.map((record) => `${recordName(record)}-t`)),
    setAside: {},
    now: NOW,
    former: null,
    retry: false,
    keepOld: false,
    overwrite: false,
    ...over,
  });
}

const whys = ({ convert }: Awaited<ReturnType<typeof plan>>) => convert.map(({ row, why }) => [row.id, why]);

Deno.test("a plan is what was discovered minus what is done, by identity", async () => {
  const [a, b, c] = ["a", "b", "c"].map((id) => row(id));
  const made = await plan([a, b, row("b2"), { ...c, revision: 2 }], [done(a), done(b), done(c)]);
  assert.deepEqual(whys(made), [["b2", "new"], ["c", "source"]]);
  assert.equal(made.kept, 2);
  assert.equal(discoveredOf(made), 4);
  assert.deepEqual(
    (await plan([{ ...a, local_base: "/elsewhere/" }], [done(a)])).convert,
    [],
    "a place is no part",
  );
  assert.deepEqual(whys(await plan([{ ...a, size_bytes: 6 }], [done(a)])), [["a", "source"]]);
});

Deno.test("files of another time or tag are another source, where nothing better is stated", async () => {
  const bare = row("a", { revision: null, properties: { etag: "1", last_modified: "x" } });
  const touched = { ...bare, properties: { etag: "2" } };
  assert.deepEqual(whys(await plan([touched], [done(bare)])), [["a", "source"]]);
  const summed = { ...bare, checksum: "md5:00" };
  assert.deepEqual((await plan([{ ...summed, properties: { etag: "2" } }], [done(summed)])).convert, []);
});

Deno.test("a changed config makes all again, unless what is there may stay", async () => {
  const a = row("a");
  const dataset = { ...DATASET, convert: { ...DATASET.convert, compress: "zstd" as const } };
  assert.deepEqual(whys(await plan([a], [done(a)], { dataset })), [["a", "config"]]);
  assert.deepEqual(whys(await plan([a], [done(a)], { dataset, keepOld: true })), []);
  const words = { ...DATASET, collection: { ...DATASET.collection, title: "other" }, targets: [] };
  assert.deepEqual(whys(await plan([a], [done(a)], { dataset: words })), [], "words change no file");
});

Deno.test("a TIFF of others in a new granule's folder stays, unless it is to be replaced", async () => {
  const [a, b] = [row("a"), row("b")];
  const outputs = new Map([["cogs/a/mine.tif", 1], ["cogs/b/v.tif.aux.xml", 1]]);
  const made = await plan([a, b], [], { outputs });
  assert.deepEqual(whys(made), [["b", "new"]]);
  assert.match(made.failed[0].reason, /^cogs\/a\/mine\.tif is there already, and no run of here made it/);
  assert.equal(discoveredOf(made), 2);
  assert.deepEqual(whys(await plan([a, b], [], { outputs, overwrite: true })), [["a", "new"], ["b", "new"]]);
  // A run that was killed left it there.
  const former = await plan([a, b], []);
  assert.deepEqual(whys(await plan([a, b], [], { outputs, former })), [["a", "new"], ["b", "new"]]);
});

Deno.test("files or items that are gone are made again", async () => {
  const a = row("a");
  assert.deepEqual(whys(await plan([a], [done(a)], { outputs: new Map() })), [["a", "outputs"]]);
  assert.deepEqual(whys(await plan([a], [done(a)], { outputs: new Map([["cogs/a/v.tif", 6]]) })), [[
    "a",
    "outputs",
  ]]);
  assert.deepEqual(whys(await plan([a], [done(a)], { outbox: new Set() })), [["a", "outputs"]]);
});

Deno.test("what failed for good waits for a change; what may pass is tried until it is given up", async () => {
  const a = row("a");
  const permanent = await plan([a], [failed(a, true, NOW - DAY)]);
  assert.deepEqual([permanent.convert, permanent.failed.length], [[], 1]);
  assert.deepEqual(whys(await plan([{ ...a, revision: 2 }], [failed(a, true, NOW)])), [["a", "new"]]);
  assert.deepEqual(whys(await plan([a], [failed(a, false, NOW - DAY)])), [["a", "retry"]]);
  assert.equal((await plan([a], [failed(a, false, NOW - 11 * DAY)])).failed.length, 1);
  assert.deepEqual(whys(await plan([a], [failed(a, true, NOW)], { retry: true })), [["a", "retry"]]);
  assert.deepEqual(whys(await plan([a], [failed(a, true, NOW)], { retry: ["b"] })), []);
  assert.deepEqual(whys(await plan([a], [failed(a, true, NOW)], { retry: ["a"] })), [["a", "retry"]]);
});

Deno.test("on_source_change: keep leaves what is done", async () => {
  const a = row("a");
  const dataset = { ...DATASET, onSourceChange: "keep" as const };
  assert.deepEqual(whys(await plan([{ ...a, revision: 2 }], [done(a)], { dataset })), []);
});

Deno.test("what a plan did not come to keeps its time in the next", async () => {
  const a = row("a");
  const first = await plan([a], []);
  const second = await plan([a, row("b")], [], { former: first, now: NOW + DAY });
  assert.equal(second.convert[0].planned, first.created);
  assert.equal(second.convert[1].planned, second.created);
  assert.notEqual(first.key, second.key);
  assert.deepEqual(second.convert[0].row.geometry, null, "footprints stay in the catalog");
});

Deno.test("two granules of one id do not take each other's place", async () => {
  const made = await plan([row("a"), row("a", { collection: "other" })], []);
  assert.deepEqual([whys(made), made.failed.length], [[["a", "new"]], 1]);
  assert.match(made.failed[0].reason, /its items would be called a, as those of another granule of C\.1/);
  assert.equal(discoveredOf(made), 2);
});
