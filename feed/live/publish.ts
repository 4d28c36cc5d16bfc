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
import { makeScratchFolder } from "../../core/files/leftovers.ts";
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
import {
  type ChangedPart,
  JOIN_LIMITS,
  type JoinLimits,
  partsToJoin,
  partsToWrite,
  PUBLISH_LIMITS,
  type PublishLimits,
} from "./plan.ts";
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
  /** Where they differ from the usual ones. */
  limits?: Readonly<Partial<PublishLimits & JoinLimits>>;
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
  const files = new Set(parts.flatMap(({ file }) => file?.name ?? []));
  return { number, written, parts: files.size, beside: news?.rows ?? 0 };
}

const keyOf = ({ collection, day }: PartKey) => `${collection} ${String(day).padStart(8, "0")}`;

/** The manifest of the ledger's state, once its files are there; null where the former one shows it. */
async function nextManifest(
  sql: Statements,
  { feed, target, cellOrder, limits: given }: PublishRequest,
  former: Manifest | null,
): Promise<{ manifest: Manifest; written: number } | null> {
  const limits = { ...PUBLISH_LIMITS, ...JOIN_LIMITS, ...given };
  const ledger = await ledgerId(sql);
  // Numbers of changes mean nothing in another ledger; cells of another order are other rows.
  const usable = former?.ledger === ledger && former.feed === feed && former.cellOrder === cellOrder;
  const parts = new Map((usable ? former.parts : []).map((part) => [keyOf(part), part]));
  const states = new Map((await partStates(sql, feed)).map((state) => [keyOf(state), state]));
  const isNews = [...states].some(([key, { changes }]) => changes > (parts.get(key)?.seen ?? 0));
  if (usable && !isNews) return null;

  const changed = await changedParts(sql, feed, states, parts);
  const changedKeys = new Set(changed.map(keyOf));
  const ordered = [...parts].sort(([a], [b]) => a < b ? -1 : 1).map(([, part]) => part);
  const joined = partsToJoin(ordered, (part) => changedKeys.has(keyOf(part)), limits);
  const chosen = [...partsToWrite(changed, limits), ...joined];
  const whole = await withNamesakes(sql, feed, chosen, states, parts);
  let written = 0;
  for (const days of filesToWrite(whole, parts, new Set(joined.map(keyOf)))) {
    const file = await writeFile(target, rowsOfDays(sql, feed, days), cellOrder, partName(days));
    if (file !== null) written += 1;
    for (const { collection, day, changes } of days) {
      parts.set(keyOf({ collection, day }), { collection, day, file, written: changes, seen: changes });
    }
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
  const all = [...parts].sort(([a], [b]) => a < b ? -1 : 1).map(([, part]) => part);
  const files = all.flatMap(({ file }) => file?.name ?? []);
  const manifest: Manifest = {
    version: new Set(files).size < files.length ? 3 : 2,
    number: (former?.number ?? 0) + 1,
    feed,
    ledger,
    cellOrder,
    parts: all,
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

/** Days by the files that they are written to: alone, with those of their former file, or joined now. */
function filesToWrite(
  whole: ReadonlyMap<string, PartState>,
  parts: ReadonlyMap<string, ManifestPart>,
  joined: ReadonlySet<string>,
): PartState[][] {
  const fileOf = (state: PartState) =>
    joined.has(keyOf(state)) ? "" : parts.get(keyOf(state))?.file?.name ?? keyOf(state);
  const sorted = [...whole].sort(([a], [b]) => a < b ? -1 : 1).map(([, state]) => state);
  return [...Map.groupBy(sorted, fileOf).values()];
}

async function* rowsOfDays(
  sql: Statements,
  feed: string,
  days: readonly PartKey[],
): AsyncGenerator<GranuleRow> {
  for (const day of days) yield* partRows(sql, feed, day);
}

/**
 * With a part the days of its file are written, and those that hold other granules of its new names are written, too: until now the names were hidden in
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
  const byFile = Map.groupBy(parts.values(), ({ file }) => file?.name ?? null);
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    const state = states.get(keyOf(key));
    if (state === undefined || whole.has(keyOf(key))) continue;
    whole.set(keyOf(key), state);
    const name = parts.get(keyOf(key))?.file?.name;
    if (name !== undefined) waiting.push(...byFile.get(name) ?? []);
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

function partName(days: readonly PartKey[]): string {
  const [{ collection, day }] = days;
  const last = days.length === 1 ? "" : `_${dayText(days[days.length - 1].day)}`;
  return `${LIVE_PARTS}${encodeURIComponent(collection)}/${dayText(day)}${last}`;
}

/** A catalog file, named for what is in it; null when there is nothing. */
async function writeFile(
  target: ObjectTarget,
  rows: AsyncIterable<GranuleRow>,
  cellOrder: number,
  name: string,
): Promise<ManifestFile | null> {
  const folder = makeScratchFolder("part");
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
