/**
 * From the ledger to the live catalog: parts that changed are written again, news that would make too many of them
 * go beside them into one file, then comes the next manifest. All of it shows one state of the ledger, and the
 * former manifest says what of that state is published: the ledger keeps no account of its catalogs.
 */
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import type { GranuleRow } from "../../catalog/granule.ts";
import { writeCatalog } from "../../catalog/write/write.ts";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import { GranaryError } from "../../core/errors.ts";
import { temporaryRoot } from "../../core/files/folders.ts";
import { dayText } from "../ledger/days.ts";
import type { Engine, Statements } from "../ledger/engine.ts";
import type { PartKey } from "../ledger/parts.ts";
import { ledgerId } from "../ledger/schema.ts";
import {
  LIVE_PARTS,
  type Manifest,
  type ManifestFile,
  type ManifestPart,
  newestManifestIn,
} from "../../catalog/file/live_manifest.ts";
import { removeOld, writeManifest } from "./manifest.ts";
import { type ChangedPart, partsToWrite, PUBLISH_LIMITS, type PublishLimits } from "./plan.ts";
import {
  changedNames,
  countChanged,
  liveRows,
  namedRows,
  partRows,
  partsOfNamesakes,
  type PartState,
  partStates,
  sharedNames,
} from "./rows.ts";

/** Parts that were replaced stay for readers so long. */
const KEEP_MS = 3_600_000;
/** So often a publisher begins again when another one was faster. */
const MOST_TRIES = 5;
const CHUNK_BYTES = 8 * 1024 * 1024;

interface Published {
  /** The manifest's number; unchanged when nothing was new. */
  number: number;
  /** Files that were written. */
  written: number;
  parts: number;
  /** Rows that wait beside their parts. */
  beside: number;
}

/** What a feed's catalog is made of and where it goes. */
interface PublishRequest {
  engine: Engine;
  feed: string;
  target: ObjectTarget;
  cellOrder: number;
  limits?: Readonly<PublishLimits>;
}

/** Brings the catalog at `target` to the ledger's state. A crash leaves the former state and parts unused. */
export async function publishParts(request: PublishRequest): Promise<Published> {
  for (let tries = 1;; tries += 1) {
    const former = await newestManifestIn(request.target);
    const next = await request.engine.snapshot((sql) => nextManifest(sql, request, former));
    if (next === null) return published(former as Manifest, 0);
    if (await writeManifest(request.target, next.manifest)) {
      await removeOld(request.target, KEEP_MS);
      return published(next.manifest, next.written);
    }
    if (tries === MOST_TRIES) {
      throw new GranaryError(
        "io",
        `${request.target.name}: other processes publish all the time (publish again)`,
      );
    }
  }
}

function published({ number, parts, news }: Manifest, written: number): Published {
  const files = parts.filter(({ file }) => file !== null);
  return { number, written, parts: files.length, beside: news?.rows ?? 0 };
}

const keyOf = ({ collection, day }: PartKey) => `${collection} ${String(day).padStart(8, "0")}`;

/** The manifest of the ledger's state, once its files are there; null where the former one shows it. */
async function nextManifest(
  sql: Statements,
  { feed, target, cellOrder, limits = PUBLISH_LIMITS }: PublishRequest,
  former: Manifest | null,
): Promise<{ manifest: Manifest; written: number } | null> {
  const ledger = await ledgerId(sql);
  // Numbers of changes mean nothing in another ledger; cells of another order are other rows.
  const usable = former?.ledger === ledger && former.feed === feed && former.cellOrder === cellOrder;
  const parts = new Map((usable ? former.parts : []).map((part) => [keyOf(part), part]));
  const states = new Map((await partStates(sql, feed)).map((state) => [keyOf(state), state]));
  const isNews = [...states].some(([key, { changes }]) => changes > (parts.get(key)?.seen ?? 0));
  if (usable && !isNews) return null;

  const changed = await changedParts(sql, feed, states, parts);
  const whole = await withNamesakes(sql, feed, partsToWrite(changed, limits), states, parts);
  let written = 0;
  for (const state of whole.values()) {
    const file = await writeFile(target, partRows(sql, feed, state), cellOrder, partName(state));
    if (file !== null) written += 1;
    const { collection, day, changes } = state;
    parts.set(keyOf(state), { collection, day, file, written: changes, seen: changes });
  }
  const beside = changed.filter((part) => !whole.has(keyOf(part)));
  const names = await namesBeside(sql, feed, beside, parts);
  const news = names.size === 0
    ? null
    : await writeFile(target, rowsBeside(sql, feed, names), cellOrder, `${LIVE_PARTS}news/news`);
  if (news !== null) written += 1;
  for (const { collection, day } of beside) {
    const key = keyOf({ collection, day });
    const part = parts.get(key) ?? { collection, day, file: null, written: 0 };
    parts.set(key, { ...part, seen: states.get(key)?.changes ?? part.written });
  }
  const manifest: Manifest = {
    version: 2,
    number: (former?.number ?? 0) + 1,
    feed,
    ledger,
    cellOrder,
    parts: [...parts].sort(([a], [b]) => a < b ? -1 : 1).map(([, part]) => part),
    news,
    hidden: hiddenNames(names),
  };
  return { manifest, written };
}

/** The parts whose files do not show all that the ledger has. */
async function changedParts(
  sql: Statements,
  feed: string,
  states: ReadonlyMap<string, PartState>,
  parts: ReadonlyMap<string, ManifestPart>,
): Promise<ChangedPart[]> {
  const changed: ChangedPart[] = [];
  for (const [key, state] of states) {
    const part = parts.get(key);
    const written = part?.written ?? 0;
    if (state.changes <= written) continue;
    changed.push({
      collection: state.collection,
      day: state.day,
      rows: part?.file?.rows ?? 0,
      news: await countChanged(sql, feed, state, written),
      whole: state.moved > written && part !== undefined && part.file !== null,
    });
  }
  return changed;
}

/**
 * With a part those that hold other granules of its new names are written, too: until now the names were hidden in
 * all files, and from now on one of these may show a granule that is no longer the newest of its name.
 */
async function withNamesakes(
  sql: Statements,
  feed: string,
  chosen: readonly PartKey[],
  states: ReadonlyMap<string, PartState>,
  parts: ReadonlyMap<string, ManifestPart>,
): Promise<Map<string, PartState>> {
  const whole = new Map<string, PartState>();
  const waiting = [...chosen];
  const anyFile = [...parts.values()].some(({ file }) => file !== null);
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    const state = states.get(keyOf(key));
    if (state === undefined || whole.has(keyOf(key))) continue;
    whole.set(keyOf(key), state);
    if (anyFile) {
      waiting.push(...await partsOfNamesakes(sql, feed, key, parts.get(keyOf(key))?.written ?? 0));
    }
  }
  return whole;
}

/** By collection, the names whose newest rows go beside the parts; `shown` where a file may hold an older one. */
type NamesBeside = ReadonlyMap<string, ReadonlyMap<string, { shown: boolean }>>;

async function namesBeside(
  sql: Statements,
  feed: string,
  beside: readonly PartKey[],
  parts: ReadonlyMap<string, ManifestPart>,
): Promise<NamesBeside> {
  const names = new Map<string, Map<string, { shown: boolean }>>();
  for (const key of beside) {
    const found = names.get(key.collection) ?? new Map<string, { shown: boolean }>();
    names.set(key.collection, found);
    const changed = await changedNames(sql, feed, key, parts.get(keyOf(key))?.written ?? 0);
    for (const [name, { shown }] of changed) {
      found.set(name, { shown: shown || found.get(name)?.shown === true });
    }
  }
  for (const [collection, found] of names) {
    for (const name of await sharedNames(sql, feed, collection, [...found.keys()])) {
      found.set(name, { shown: true });
    }
  }
  return names;
}

async function* rowsBeside(sql: Statements, feed: string, names: NamesBeside): AsyncGenerator<GranuleRow> {
  for (const [collection, found] of names) yield* namedRows(sql, feed, collection, [...found.keys()]);
}

function hiddenNames(names: NamesBeside): Record<string, string[]> {
  const hidden: Record<string, string[]> = {};
  for (const [collection, found] of [...names].sort(([a], [b]) => a < b ? -1 : 1)) {
    const shown = [...found].filter(([, { shown }]) => shown).map(([name]) => name).sort();
    if (shown.length > 0) hidden[collection] = shown;
  }
  return hidden;
}

const partName = ({ collection, day }: PartKey) =>
  `${LIVE_PARTS}${encodeURIComponent(collection)}/${dayText(day)}`;

/** A catalog file, named for what is in it; null when there is nothing. */
async function writeFile(
  target: ObjectTarget,
  rows: AsyncIterable<GranuleRow>,
  cellOrder: number,
  name: string,
): Promise<ManifestFile | null> {
  const folder = fs.mkdtempSync(path.join(temporaryRoot(), "granary-part-"));
  try {
    const file = path.join(folder, "part.parquet");
    const written = await writeCatalog(file, rows, { cellOrder });
    if (written.rows === 0) return null;
    const hash = crypto.createHash("sha256");
    for (const chunk of chunksOf(file)) hash.update(chunk);
    const key = `${name}_${hash.digest("hex").slice(0, 16)}.parquet`;
    const { sizeBytes } = written;
    await target.putChunks(key, sizeBytes, later(chunksOf(file)), { replace: true });
    return { name: key, rows: written.rows, bytes: sizeBytes };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function* chunksOf(file: string): Generator<Uint8Array> {
  const fd = fs.openSync(file, "r");
  try {
    const chunk = new Uint8Array(CHUNK_BYTES);
    for (let count; (count = fs.readSync(fd, chunk)) > 0;) yield chunk.subarray(0, count);
  } finally {
    fs.closeSync(fd);
  }
}

async function* later<T>(values: Iterable<T>): AsyncGenerator<T> {
  yield* values;
}

/** The whole catalog as one file. */
export async function publishFile(
  engine: Engine,
  feed: string,
  file: string,
  cellOrder: number,
): Promise<number> {
  const { rows } = await engine.snapshot((sql) => writeCatalog(file, liveRows(sql, feed), { cellOrder }));
  return rows;
}
