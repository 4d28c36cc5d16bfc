/**
 * Which parts of a live catalog are written whole now, and of which only the news go beside them into one small
 * file: so that a publication costs by what is new, however many parts it falls on, and parts take their news in
 * a few at a time.
 */
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
