/** What a live catalog shows is what the ledger holds, whichever files its rows are in. */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { FolderTarget } from "../../../../core/access/folder_target.ts";
import { newestManifest } from "../../../../catalog/file/live_manifest.ts";
import { openCatalog } from "../../../../catalog/file/open_catalog.ts";
import { mergeCatalogs } from "../../../../catalog/write/merge.ts";
import type { Engine } from "../../../../feed/ledger/engine.ts";
import { openLedger } from "../../../../feed/ledger/open.ts";
import { ensureFeed } from "../../../../feed/ledger/progress.ts";
import { registerAbsent, registerDeletions, registerOffers } from "../../../../feed/ledger/register.ts";
import { type ChangedPart, partsToJoin, partsToWrite } from "../../../../feed/live/plan.ts";
import { publishParts } from "../../../../feed/live/publish.ts";
import { madeOffer } from "../../../support/feed_offers.ts";

const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 0, 1);
/** So few that news stay beside their parts in a world of a dozen granules. */
const FEW = { rewrittenRows: 3, fileRows: 1, mostNews: 6, mostFiles: 2, joinedRows: 4, youngDays: 1 };

async function inLedger(work: (engine: Engine, folder: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-publish-"));
  const engine = await openLedger({ address: path.join(folder, "ledger.sqlite") });
  try {
    await engine.transaction((sql) => ensureFeed(sql, "f", 0, "{}"));
    await work(engine, folder);
  } finally {
    await engine.close();
    fs.rmSync(folder, { recursive: true });
  }
}

const publish = (engine: Engine, folder: string, limits?: Partial<typeof FEW>) =>
  publishParts({
    engine,
    feed: "f",
    target: new FolderTarget(folder),
    cellOrder: 8,
    ...(limits && { limits }),
  });

/** `collection id start version` of all rows, sorted. */
async function rowsOf(place: string): Promise<string[]> {
  const catalog = await openCatalog(place, { threads: 1 });
  try {
    const rows: string[] = [];
    for await (const { rows: some } of catalog.rows()) {
      rows.push(
        ...some.map((row) => `${row.collection} ${row.id} ${row.start_datetime} ${row.properties.version}`),
      );
    }
    assert.equal(await catalog.count(), rows.length);
    const [[seen]] = (await catalog.duck.connection.runAndReadAll("SELECT count(*) FROM granules")).getRows();
    assert.equal(Number(seen), rows.length, "the views show what the table does");
    return rows.sort();
  } finally {
    catalog.close();
  }
}

interface Row {
  collection: string;
  id: string;
  start: number;
  revised: number;
  state: "live" | "filtered" | "deleted" | "absent";
}

/** The newest live row of each name. */
function shownOf(model: ReadonlyMap<string, Row>): string[] {
  const newest = new Map<string, { source: string; row: Row }>();
  for (const [source, row] of model) {
    if (row.state !== "live") continue;
    const name = `${row.collection} ${row.id}`;
    const known = newest.get(name);
    if (
      known === undefined || row.revised > known.row.revised ||
      (row.revised === known.row.revised && source > known.source)
    ) newest.set(name, { source, row });
  }
  return [...newest].map(([name, { row }]) => `${name} ${row.start} ${row.revised}`).sort();
}

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("offer" as const),
      source: fc.integer({ min: 0, max: 11 }),
      // Mostly a granule keeps its name and day; one name may live under two ids.
      name: fc.oneof({ weight: 5, arbitrary: fc.constant(-1) }, fc.integer({ min: 0, max: 5 })),
      day: fc.oneof({ weight: 5, arbitrary: fc.constant(-1) }, fc.integer({ min: 0, max: 4 })),
      out: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("delete" as const), source: fc.integer({ min: 0, max: 11 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("absent" as const), source: fc.integer({ min: 0, max: 11 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("publish" as const) }) },
);

Deno.test("after any history the catalog shows each name once, as the ledger has it newest", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 30 }), async (steps) => {
      await inLedger(async (engine, folder) => {
        const model = new Map<string, Row>();
        const live = path.join(folder, "live");
        const check = async () => {
          await publish(engine, live, FEW);
          const expected = shownOf(model);
          if (expected.length > 0) assert.deepEqual(await rowsOf(live), expected);
          else await assert.rejects(openCatalog(live), /holds no granule yet/);
        };
        for (const [index, one] of steps.entries()) {
          if (one.kind === "publish") {
            await check();
            continue;
          }
          const source = `source-${one.source}`;
          const former = model.get(source);
          const revised = START + 100 * DAY_MS + index;
          await engine.transaction(async (sql) => {
            if (one.kind === "offer") {
              const row: Row = {
                collection: "C.1",
                id: one.name === -1 ? former?.id ?? `own-${one.source}` : `shared-${one.name}`,
                start: one.day === -1
                  ? former?.start ?? START + (one.source % 5) * DAY_MS
                  : START + one.day * DAY_MS,
                revised,
                state: one.out ? "filtered" : "live",
              };
              model.set(source, row);
              const { id, start } = row;
              const leftOut = one.out ? "out" : null;
              const properties = { version: revised };
              await registerOffers(sql, "f", [
                madeOffer({ id, start, sourceId: source, revised, leftOut, properties }),
              ], 0);
            } else if (one.kind === "delete") {
              if (former !== undefined) model.set(source, { ...former, state: "deleted", revised });
              const { collection = "C.1", id = "unknown" } = former ?? {};
              await registerDeletions(sql, "f", [{ sourceId: source, at: revised, collection, id }], 0);
              if (former === undefined) {
                model.set(source, { collection, id, start: 0, revised, state: "deleted" });
              }
            } else {
              if (former?.state === "live" || former?.state === "filtered") {
                model.set(source, { ...former, state: "absent" });
              }
              await registerAbsent(sql, "f", [source]);
            }
          });
        }
        await check();
        if (shownOf(model).length === 0) return;
        const merged = path.join(folder, "merged.parquet");
        await mergeCatalogs([live], merged, { threads: 1 });
        assert.deepEqual(await rowsOf(merged), shownOf(model));
      });
    }),
    { numRuns: 4 },
  );
});

Deno.test("new granules of many days are one small file beside the parts; readers see no difference", async () => {
  await inLedger(async (engine, folder) => {
    const live = path.join(folder, "live");
    const register = (offers: ReturnType<typeof madeOffer>[]) =>
      engine.transaction((sql) => registerOffers(sql, "f", offers, 0));
    const old = (day: number) =>
      [0, 1, 2].map((i) => madeOffer({ id: `old-${day}-${i}`, start: START + day * DAY_MS }));
    await register(Array.from({ length: 20 }, (_, day) => old(day)).flat());
    const limits = { rewrittenRows: 0, fileRows: 1, mostNews: 30 };
    const first = await publish(engine, live, limits);
    assert.ok(first.beside <= 30);
    const before = newestManifest(live)!;
    await register(
      Array.from({ length: 10 }, (_, day) => madeOffer({ id: `new-${day}`, start: START + day * DAY_MS })),
    );
    const second = await publish(engine, live, limits);
    assert.deepEqual([second.number, second.written], [2, 1]);
    const after = newestManifest(live)!;
    assert.deepEqual(after.parts.map(({ file }) => file), before.parts.map(({ file }) => file));
    assert.deepEqual(after.hidden, {}, "what is new hides nothing");
    assert.equal((await rowsOf(live)).length, 70);
    // One that is revised, and one that is deleted, are hidden where they stand.
    await register([{
      ...madeOffer({ id: "old-0-0", start: START, changed: START + 1, properties: { version: 2 } }),
    }]);
    await engine.transaction((sql) =>
      registerDeletions(sql, "f", [{
        sourceId: "old-1-0",
        at: START + 99 * DAY_MS,
        collection: "C.1",
        id: "old-1-0",
      }], 0)
    );
    await publish(engine, live, limits);
    const rows = await rowsOf(live);
    assert.equal(rows.length, 69);
    assert.equal(rows.filter((row) => row.includes(" old-0-0 ") && row.endsWith(" 2")).length, 1);
    assert.equal(rows.filter((row) => row.includes(" old-1-0 ")).length, 0);
    // When the limits allow it, the parts take all in again.
    await register([madeOffer({ id: "last", start: START })]);
    assert.equal((await publish(engine, live, { ...limits, rewrittenRows: 1000 })).beside, 0);
    assert.deepEqual(newestManifest(live)!.hidden, {});
    assert.equal((await rowsOf(live)).length, 70);
  });
});

Deno.test("readers beside a publisher see whole states: no error, no row twice, no day missing", async () => {
  await inLedger(async (engine, folder) => {
    const live = path.join(folder, "live");
    const days = 8;
    const limits = { rewrittenRows: 12, fileRows: 1, mostNews: 20 };
    const round = (index: number) =>
      Array.from({ length: days }, (_, day) => [
        // One more of each day, and one of each that is revised again and again.
        madeOffer({ id: `${day}-${index}`, start: START + day * DAY_MS }),
        madeOffer({
          id: `${day}`,
          start: START + day * DAY_MS,
          revised: START + index,
          properties: { version: index },
        }),
      ]).flat();
    const publishRound = async (index: number) => {
      await engine.transaction((sql) => registerOffers(sql, "f", round(index), 0));
      await publish(engine, live, limits);
    };
    await publishRound(1);
    let ended = false;
    const publishing = (async () => {
      for (let index = 2; index <= 12; index++) await publishRound(index);
    })().finally(() => ended = true);
    let states = 0;
    for (; !ended || states < 3; states++) {
      const rows = await rowsOf(live);
      const names = rows.map((row) => row.split(" ")[1]);
      assert.equal(new Set(names).size, names.length, "no row twice");
      assert.equal(new Set(names.map((name) => name.split("-")[0])).size, days, "no day missing");
      assert.equal(names.length % days, 0, "of each publication all or nothing");
      assert.equal(
        new Set(rows.filter((row) => /^C.1 \d+ /.test(row)).map((row) => row.split(" ")[3])).size,
        1,
      );
    }
    await publishing;
    assert.equal((await rowsOf(live)).length, days * 13);
  });
});

Deno.test("a catalog of another ledger is made anew, and one published without news stays as it is", async () => {
  await inLedger(async (engine, folder) => {
    const live = path.join(folder, "live");
    await engine.transaction((sql) => registerOffers(sql, "f", [madeOffer({ id: "a", start: START })], 0));
    assert.equal((await publish(engine, live)).number, 1);
    // What is offered again says nothing new.
    await engine.transaction((sql) => registerOffers(sql, "f", [madeOffer({ id: "a", start: START })], 0));
    assert.equal((await publish(engine, live)).number, 1);
    await inLedger(async (other) => {
      await other.transaction((sql) => registerOffers(sql, "f", [madeOffer({ id: "b", start: START })], 0));
      assert.equal((await publish(other, live)).number, 2);
    });
    assert.deepEqual(await rowsOf(live), [`C.1 b ${START} undefined`]);
  });
});

Deno.test("old days are joined when files are many, a few at a time, and taken apart by no news", async () => {
  await inLedger(async (engine, folder) => {
    const live = path.join(folder, "live");
    const limits = { mostFiles: 6, joinedRows: 8, youngDays: 2 };
    const offers = Array.from(
      { length: 40 },
      (_, i) => madeOffer({ id: `g${i}`, start: START + (i % 20) * DAY_MS, properties: { version: 1 } }),
    );
    const register = (some: typeof offers) => engine.transaction((sql) => registerOffers(sql, "f", some, 0));
    await register(offers);
    const files = () => {
      const { parts, version } = newestManifest(live)!;
      const names = parts.flatMap(({ file }) => file?.name ?? []);
      return { version, days: parts.length, files: new Set(names).size };
    };
    await publish(engine, live, { ...limits, rewrittenRows: 1000, fileRows: 1 });
    assert.deepEqual(files(), { version: 2, days: 20, files: 20 });
    const wanted = new Map(offers.map((one, i) => [one.id, `C.1 ${one.id} ${START + (i % 20) * DAY_MS} 1`]));
    const held = await openCatalog(live, { threads: 1 });
    for (let round = 0; round < 8; round += 1) {
      // Of the newest day; and of an old one, whose joined file is written whole with all its days.
      const news = { start: START + (round % 2 === 0 ? 19 : 1) * DAY_MS, id: `news${round}` };
      await register([madeOffer({ ...news, properties: { version: 1 } })]);
      wanted.set(news.id, `C.1 ${news.id} ${news.start} 1`);
      await publish(engine, live, { ...limits, rewrittenRows: 100, fileRows: 1 });
      assert.deepEqual(await rowsOf(live), [...wanted.values()].sort());
    }
    const after = files();
    assert.equal(after.version, 3);
    assert.ok(after.days === 20 && after.files <= 10, JSON.stringify(after));
    // Who opened the former state reads it on.
    assert.equal(await held.count(), 40);
    held.close();
  });
});

Deno.test("neighbours are joined that are old, unchanged and fit", () => {
  const part = fc.record({ days: fc.integer({ min: 1, max: 3 }), rows: fc.nat(9000), changed: fc.boolean() });
  const limits = { mostFiles: 5, joinedRows: 10_000, youngDays: 3 };
  fc.assert(fc.property(fc.array(part, { maxLength: 30 }), fc.nat(30), (made, border) => {
    let day = 0;
    const changed = new Set<number>();
    const parts = made.flatMap((one, index) =>
      Array.from({ length: one.days }, () => {
        if (one.changed) changed.add(day);
        const file = { name: `f${index}`, rows: one.rows, bytes: 1 };
        return { collection: index < border ? "A" : "B", day: day++, file, written: 1, seen: 1 };
      })
    );
    const joined = partsToJoin(parts, (one) => changed.has(one.day), limits);
    if (made.length <= limits.mostFiles) return assert.deepEqual(joined, []);
    const total = made.reduce((sum, { rows }) => sum + rows, 0);
    const names = new Map(joined.map(({ file }) => [file!.name, file!.rows]));
    assert.ok(names.size !== 1);
    assert.ok([...names.values()].reduce((sum, rows) => sum + rows, 0) <= Math.max(10_000, total / 2.5));
    // Whole files, of neighbours, of one collection.
    assert.deepEqual(joined, parts.filter(({ file }) => names.has(file!.name)));
    for (const [i, one] of joined.entries()) {
      assert.ok(!changed.has(one.day) && one.collection === joined[0].collection);
      assert.equal(one.day, joined[0].day + i);
      const newest = parts.findLast(({ collection }) => collection === one.collection)!.day;
      assert.ok(one.day <= newest - limits.youngDays);
    }
  }));
});

Deno.test("news go into the parts where they cost least, and never pile up beside them", () => {
  const part = fc.record({
    collection: fc.constantFrom("A", "B"),
    day: fc.nat(1000),
    rows: fc.nat(30_000),
    news: fc.integer({ min: 1, max: 8000 }),
    whole: fc.boolean(),
  });
  const limits = { rewrittenRows: 20_000, fileRows: 1500, mostNews: 20_000 };
  fc.assert(
    fc.property(
      fc.uniqueArray(part, { selector: ({ collection, day }) => `${collection}${day}` }),
      (parts) => {
        const written = new Set(partsToWrite(parts, limits));
        const cost = (some: Iterable<ChangedPart>) =>
          [...some].reduce((sum, { rows, news }) => sum + rows + news + limits.fileRows, 0);
        const beside = parts.filter((one) => !written.has(one)).reduce((sum, { news }) => sum + news, 0);
        assert.ok(beside <= limits.mostNews);
        assert.ok(parts.every((one) => !one.whole || written.has(one)));
        const asked = parts.filter(({ whole }) => !whole);
        const few = asked.reduce((sum, { news }) => sum + news, 0) <= limits.mostNews;
        const chosen = [...written].filter(({ whole }) => !whole);
        if (few) assert.ok(cost(chosen) <= limits.rewrittenRows, "a publication costs by its limits");
      },
    ),
  );
});
