/** From the ledger to the live catalog: parts that changed are written again, then the next manifest. */
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { writeCatalog } from "../../catalog/write/write.ts";
import { dayText } from "../ledger/days.ts";
import { type Engine, numberOf, textOf } from "../ledger/engine.ts";
import {
  LIVE_PARTS,
  type Manifest,
  type ManifestPart,
  newestManifest,
} from "../../catalog/file/live_folder.ts";
import { removeOld, writeManifest } from "./manifest.ts";
import { liveRows, type PartKey } from "./rows.ts";

/** Parts that were replaced stay for readers so long. */
const KEEP_MS = 3_600_000;

interface Published {
  /** The manifest's number; unchanged when nothing was dirty. */
  number: number;
  /** Parts that were written. */
  written: number;
  parts: number;
  rows: number;
}

/** Brings the catalog in `folder` to the ledger's state. A crash leaves the former state and parts unused. */
export async function publishParts(
  engine: Engine,
  feed: string,
  folder: string,
  cellOrder: number,
): Promise<Published> {
  fs.mkdirSync(path.join(folder, LIVE_PARTS), { recursive: true });
  const former = newestManifest(folder);
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
    const part = await writePart(engine, feed, folder, cellOrder, key);
    if (part === null) parts.delete(keyOf(key));
    else parts.set(keyOf(key), part);
  }
  const sorted = [...parts].sort(([a], [b]) => a < b ? -1 : 1).map(([, part]) => part);
  const rows = sorted.reduce((sum, part) => sum + part.rows, 0);
  const number = (former?.number ?? 0) + (dirty.length > 0 || former === null ? 1 : 0);
  if (number !== former?.number) {
    const manifest: Manifest = { version: 1, number, feed, cellOrder, parts: sorted };
    writeManifest(folder, manifest);
    await engine.transaction(async (sql) => {
      for (const row of dirty) {
        // What was marked while the part was written stays marked.
        await sql.all(
          "UPDATE part SET dirty = dirty - $1 WHERE feed = $2 AND collection = $3 AND day = $4",
          [numberOf(row, "dirty"), feed, textOf(row, "collection"), numberOf(row, "day")],
        );
      }
    });
  }
  removeOld(folder, KEEP_MS);
  return { number, written: dirty.length, parts: sorted.length, rows };
}

const keyOf = ({ collection, day }: PartKey) => `${collection} ${String(day).padStart(8, "0")}`;

/** One part, named for what is in it; null when nothing is live in it any more. */
async function writePart(
  engine: Engine,
  feed: string,
  folder: string,
  cellOrder: number,
  key: PartKey,
): Promise<ManifestPart | null> {
  const subfolder = path.join(LIVE_PARTS, encodeURIComponent(key.collection));
  fs.mkdirSync(path.join(folder, subfolder), { recursive: true });
  const temporary = path.join(folder, subfolder, `.${crypto.randomUUID()}.tmp`);
  try {
    const { rows } = await writeCatalog(temporary, liveRows(engine, feed, key), { cellOrder });
    if (rows === 0) return null;
    const hash = crypto.createHash("sha256").update(fs.readFileSync(temporary)).digest("hex").slice(0, 16);
    const name = `${dayText(key.day)}_${hash}.parquet`;
    fs.renameSync(temporary, path.join(folder, subfolder, name));
    return { ...key, file: [...subfolder.split(path.sep), name].join("/"), rows };
  } finally {
    fs.rmSync(temporary, { force: true });
  }
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
