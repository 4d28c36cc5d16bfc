/**
 * Which parts of a live catalog are written whole now, and of which only the news go beside them into one small
 * file: so that a publication costs by what is new, however many parts it falls on, and parts take their news in
 * a few at a time.
 */
import type { ManifestPart } from "../../catalog/file/live_manifest.ts";
import type { PartKey } from "../ledger/parts.ts";

export interface PublishLimits {
  /** Rows that a publication may write again to take news in. */
  rewrittenRows: number;
  /** A file of its own costs as much as so many rows. */
  fileRows: number;
  /** More news than these do not stay beside their parts. */
  mostNews: number;
}

export const PUBLISH_LIMITS: Readonly<PublishLimits> = {
  rewrittenRows: 8_000,
  fileRows: 1500,
  mostNews: 10_000,
};

export interface ChangedPart extends PartKey {
  /** Rows of its file; 0 where it has none. */
  rows: number;
  /** Granules that changed since that was written. */
  news: number;
  /** Whether it has to be written whole, whatever that costs. */
  whole: boolean;
}

export interface JoinLimits {
  /** With more files than these, old ones are joined. */
  mostFiles: number;
  /** A joined file holds at most so many rows, or the share of one in half of `mostFiles`. */
  joinedRows: number;
  /** The newest days of a collection stay alone. */
  youngDays: number;
}

export const JOIN_LIMITS: Readonly<JoinLimits> = { mostFiles: 200, joinedRows: 10_000, youngDays: 30 };

/**
 * Parts to write into one file together, so that files stay few: the longest row of neighbours of one collection that
 * fit. None of `changed`, which waits for its news, and none of the newest days, which are still written again.
 */
export function partsToJoin(
  parts: readonly ManifestPart[],
  isChanged: (part: ManifestPart) => boolean,
  { mostFiles, joinedRows, youngDays }: Readonly<JoinLimits>,
): ManifestPart[] {
  const files = filesOf(parts);
  if (files.length <= mostFiles) return [];
  const total = files.reduce((sum, { rows }) => sum + rows, 0);
  const mostRows = Math.max(joinedRows, total / (mostFiles / 2));
  const newest = new Map<string, number>();
  for (const { collection, day } of parts) {
    newest.set(collection, Math.max(day, newest.get(collection) ?? day));
  }
  const isSettled = ({ collection, days }: PartFile) =>
    days.every((part) => !isChanged(part) && part.day <= (newest.get(collection) ?? 0) - youngDays);

  let longest: PartFile[] = [];
  let run: PartFile[] = [];
  let rows = 0;
  for (const file of files) {
    const fits = rows + file.rows <= mostRows && run[0]?.collection === file.collection;
    if (!isSettled(file)) [run, rows] = [[], 0];
    else if (fits) [run, rows] = [[...run, file], rows + file.rows];
    else [run, rows] = [[file], file.rows];
    if (run.length > longest.length) longest = run;
  }
  return longest.length < 2 ? [] : longest.flatMap(({ days }) => days);
}

/** A file of one day or of several. */
interface PartFile {
  collection: string;
  rows: number;
  days: ManifestPart[];
}

function filesOf(parts: readonly ManifestPart[]): PartFile[] {
  const files = new Map<string, PartFile>();
  for (const part of parts) {
    const { collection, file } = part;
    if (file === null) continue;
    const known = files.get(file.name);
    if (known === undefined) files.set(file.name, { collection, rows: file.rows, days: [part] });
    else known.days.push(part);
  }
  return [...files.values()];
}

/** The parts to write whole, of all that hold news. */
export function partsToWrite(
  parts: readonly ChangedPart[],
  { rewrittenRows, fileRows, mostNews }: Readonly<PublishLimits>,
): ChangedPart[] {
  const cost = (part: ChangedPart) => fileRows + part.rows + part.news;
  // What takes in most news for the rows that are written comes first.
  const ordered = parts.filter(({ whole }) => !whole).sort((a, b) =>
    b.news / cost(b) - a.news / cost(a) ||
    (a.collection < b.collection ? -1 : a.collection > b.collection ? 1 : 0) ||
    a.day - b.day
  );
  const written = parts.filter(({ whole }) => whole);
  let rewritten = 0;
  let left = ordered.reduce((sum, { news }) => sum + news, 0);
  const tooMany = left > mostNews;
  for (const part of ordered) {
    const fits = rewritten + cost(part) <= rewrittenRows;
    const mustGo = tooMany && left > mostNews / 2;
    if (!fits && !mustGo) continue;
    written.push(part);
    rewritten += cost(part);
    left -= part.news;
  }
  return written;
}
