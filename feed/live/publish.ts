/** From the ledger to the live catalog: parts that changed are written again, then the next manifest. */
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { writeCatalog } from "../../catalog/write/write.ts";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import { GranaryError } from "../../core/errors.ts";
import { temporaryRoot } from "../../core/files/folders.ts";
import { dayText } from "../ledger/days.ts";
import { type Engine, numberOf, textOf } from "../ledger/engine.ts";
import {
  LIVE_PARTS,
  type Manifest,
  type ManifestPart,
  newestManifestIn,
} from "../../catalog/file/live_manifest.ts";
import { removeOld, writeManifest } from "./manifest.ts";
import { liveRows, type PartKey } from "./rows.ts";

/** Parts that were replaced stay for readers so long. */
const KEEP_MS = 3_600_000;
/** So often a publisher begins again when another one was faster. */
const MOST_TRIES = 5;
const CHUNK_BYTES = 8 * 1024 * 1024;

interface Published {
  /** The manifest's number; unchanged when nothing was dirty. */
  number: number;
  /** Parts that were written. */
  written: number;
  parts: number;
  rows: number;
}

/** What a feed's catalog is made of and where it goes. */
interface PublishRequest {
  engine: Engine;
  feed: string;
  target: ObjectTarget;
  cellOrder: number;
}

/** Brings the catalog at `target` to the ledger's state. A crash leaves the former state and parts unused. */
export async function publishParts(request: PublishRequest): Promise<Published> {
  for (let tries = 1;; tries += 1) {
    const published = await publishOnce(request);
    if (published !== null) return published;
    if (tries === MOST_TRIES) {
      throw new GranaryError(
        "io",
        `${request.target.name}: other processes publish all the time (publish again)`,
      );
    }
  }
}

/** Null when another publisher wrote the next manifest first. */
async function publishOnce({ engine, feed, target, cellOrder }: PublishRequest): Promise<Published | null> {
  const former = await newestManifestIn(target);
  const dirty = await engine.transaction((sql) =>
    sql.all(
      former === null
        ? "SELECT collection, day, dirty FROM part WHERE feed = $1 ORDER BY collection, day"
        : "SELECT collection, day, dirty FROM part WHERE feed = $1 AND dirty > 0 ORDER BY collection, day",
      [feed],
    )
  );
  const parts = new Map((former?.parts ?? []).map((part) => [keyOf(part), part]));
  for (const row of dirty) {
    const key = { collection: textOf(row, "collection"), day: numberOf(row, "day") };
    const part = await writePart(engine, feed, target, cellOrder, key);
    if (part === null) parts.delete(keyOf(key));
    else parts.set(keyOf(key), part);
  }
  const sorted = [...parts].sort(([a], [b]) => a < b ? -1 : 1).map(([, part]) => part);
  const rows = sorted.reduce((sum, part) => sum + part.rows, 0);
  const number = (former?.number ?? 0) + (dirty.length > 0 || former === null ? 1 : 0);
  if (number !== former?.number) {
    const manifest: Manifest = { version: 1, number, feed, cellOrder, parts: sorted };
    if (!await writeManifest(target, manifest)) return null;
    await engine.transaction(async (sql) => {
      for (const row of dirty) {
        // What was marked while the part was written stays marked.
        await sql.all(
          "UPDATE part SET dirty = dirty - $1 WHERE feed = $2 AND collection = $3 AND day = $4",
          [numberOf(row, "dirty"), feed, textOf(row, "collection"), numberOf(row, "day")],
        );
      }
    });
    await removeOld(target, KEEP_MS);
  }
  return { number, written: dirty.length, parts: sorted.length, rows };
}

const keyOf = ({ collection, day }: PartKey) => `${collection} ${String(day).padStart(8, "0")}`;

/** One part, named for what is in it; null when nothing is live in it any more. */
async function writePart(
  engine: Engine,
  feed: string,
  target: ObjectTarget,
  cellOrder: number,
  key: PartKey,
): Promise<ManifestPart | null> {
  const folder = fs.mkdtempSync(path.join(temporaryRoot(), "granary-part-"));
  try {
    const file = path.join(folder, "part.parquet");
    const { rows } = await writeCatalog(file, liveRows(engine, feed, key), { cellOrder });
    if (rows === 0) return null;
    const name = `${LIVE_PARTS}${encodeURIComponent(key.collection)}/${dayText(key.day)}`;
    return { ...key, file: await putPart(target, name, file), rows };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Puts a file under a name that tells what is in it. */
async function putPart(target: ObjectTarget, name: string, file: string): Promise<string> {
  const hash = crypto.createHash("sha256");
  for (const chunk of chunksOf(file)) hash.update(chunk);
  const key = `${name}_${hash.digest("hex").slice(0, 16)}.parquet`;
  const sizeBytes = fs.statSync(file).size;
  await target.putChunks(key, sizeBytes, later(chunksOf(file)), { replace: true });
  return key;
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
  return (await writeCatalog(file, liveRows(engine, feed), { cellOrder })).rows;
}
