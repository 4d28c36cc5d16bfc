/**
 * Granules that hold the same observations: the same bytes under two names, a reprocessing beside what it
 * replaces, a subset beside its whole, one file at two providers. Counted twice they would make every sum
 * wrong without a word, so there is one rule for all that read a catalog. Pure.
 */
import { compareProcessings, processedName } from "../products/processings.ts";
import { compareGranules } from "./file/row_order.ts";
import type { GranuleRow } from "./granule.ts";

/** The columns that the rule looks at. */
export type DuplicateColumns = Pick<
  GranuleRow,
  | "id"
  | "collection"
  | "provider"
  | "revision"
  | "start_datetime"
  | "end_datetime"
  | "bbox"
  | "path"
  | "size_bytes"
  | "checksum"
>;

/** What is done about duplicates: one of each is taken, all are, or they are an error. */
export const DUPLICATE_RULES = ["fold", "keep", "refuse"] as const;
export type DuplicateRule = (typeof DUPLICATE_RULES)[number];

/** A granule whose observations another has too. Positions in the rows that were looked at. */
interface Duplicate {
  row: number;
  /** The granule to take instead: the whole, the latest processing, else the first in canonical order. */
  instead: number;
  /** What `row` is to `instead`, as a phrase that ends before its name: `has the bytes of`. */
  what: string;
}

/**
 * Finds duplicates, in the order of the rows; at most one entry a row. Two rows are taken to hold the same
 * observations where size and checksum are equal, where their names say so by the form of their product
 * (ids and paths alike), or where one collection has one file at each of several providers with equal size,
 * times and box. Parts that were cut of one granule are no duplicates of each other, and versions of a
 * product are none.
 */
export function findDuplicates(rows: readonly DuplicateColumns[]): Duplicate[] {
  const groups = new Groups(rows.length);
  const firstOf = new Map<string, number>();
  const join = (key: string, r: number) => {
    const first = firstOf.get(key);
    if (first === undefined) firstOf.set(key, r);
    else groups.join(first, r);
  };
  const derived: [whole: string, row: number][] = [];
  rows.forEach((row, r) => {
    if (row.checksum !== null && row.size_bytes !== null) join(`bytes ${row.size_bytes} ${row.checksum}`, r);
    for (const name of row.id === row.path ? [row.id] : [row.id, row.path]) {
      const parts = processedName(name);
      if (parts === undefined) continue;
      const whole = `name ${parts.observation}`;
      if (parts.derived !== null) derived.push([whole, r]);
      join(parts.derived === null ? whole : `${whole} in ${parts.derived}`, r);
    }
  });
  for (const [whole, r] of derived) if (firstOf.has(whole)) groups.join(firstOf.get(whole)!, r);
  for (const members of sameTimeAndPlace(rows)) for (const r of members) groups.join(members[0], r);
  return groups.ofSeveral().flatMap((members) => {
    const instead = members.reduce((best, r) => isBetter(rows[r], rows[best]) ? r : best);
    return members.filter((r) => r !== instead)
      .map((row) => ({ row, instead, what: relation(rows[row], rows[instead]) }));
  }).sort((a, b) => a.row - b.row);
}

/** Rows of one collection with equal size, times and box, where no two are at one provider. */
function sameTimeAndPlace(rows: readonly DuplicateColumns[]): number[][] {
  if (rows.every(({ provider }) => provider === rows[0].provider)) return [];
  const found = new Map<string, number[]>();
  rows.forEach(({ collection, start_datetime: start, end_datetime: end, bbox, size_bytes: size }, r) => {
    if (start === null || end === null || bbox === null || size === null) return;
    const key = JSON.stringify([collection, start, end, bbox.xmin, bbox.ymin, bbox.xmax, bbox.ymax, size]);
    const members = found.get(key);
    if (members === undefined) found.set(key, [r]);
    else members.push(r);
  });
  // Several files of a pass at one provider hold different things.
  return [...found.values()].filter((members) =>
    members.length > 1 && new Set(members.map((r) => rows[r].provider)).size === members.length
  );
}

/** The rows that are left where one of each is taken, and why in words. */
export function foldDuplicates(
  rows: readonly DuplicateColumns[],
): { left: ReadonlySet<number>; what: string } {
  const found = findDuplicates(rows);
  return { left: new Set(found.map(({ row }) => row)), what: describeDuplicates(found, rows) };
}

/** Duplicates that are named in a sentence; the others are counted. */
const NAMED = 3;

/** `a.h5 has the bytes of b.h5; c.h5 is a subset of d.h5; and 4 more`. */
export function describeDuplicates(
  duplicates: readonly Duplicate[],
  rows: readonly Pick<DuplicateColumns, "id" | "collection" | "provider">[],
): string {
  const named = duplicates.slice(0, NAMED).map(({ row, instead, what }) => {
    const [one, other] = [rows[row], rows[instead]];
    const sameName = one.id === other.id;
    const name = ({ id, collection, provider }: typeof one) =>
      sameName ? `${id} (${collection}, ${provider})` : id;
    return `${name(one)} ${what} ${name(other)}`;
  });
  const more = duplicates.length - named.length;
  return [...named, ...more > 0 ? [`and ${more} more`] : []].join("; ");
}

/** The most that a name says: of the path where the id is not the file's name. */
function nameOf(row: DuplicateColumns): ReturnType<typeof processedName> {
  return processedName(row.id) ?? processedName(row.path);
}

function isBetter(a: DuplicateColumns, b: DuplicateColumns): boolean {
  const [one, other] = [nameOf(a), nameOf(b)];
  const [derived, otherDerived] = [one, other].map((name) => (name?.derived ?? null) !== null);
  if (derived !== otherDerived) return otherDerived;
  const processing = compareProcessings(one?.processing ?? [], other?.processing ?? []);
  if (processing !== 0) return processing > 0;
  const revision = (a.revision ?? -1) - (b.revision ?? -1);
  if (revision !== 0) return revision > 0;
  return (compareGranules(a, b) || Number(a.provider > b.provider) - Number(a.provider < b.provider)) < 0;
}

function relation(row: DuplicateColumns, instead: DuplicateColumns): string {
  const sameBytes = row.checksum !== null && row.checksum === instead.checksum &&
    row.size_bytes === instead.size_bytes;
  if (sameBytes) return "has the bytes of";
  const [one, other] = [nameOf(row), nameOf(instead)];
  if ((one?.derived ?? null) !== null && (other?.derived ?? null) === null) return "is a subset of";
  if (compareProcessings(one?.processing ?? [], other?.processing ?? []) < 0) {
    return "is an earlier processing of";
  }
  return "holds the observations of";
}

/** Rows in groups that grow by joining. */
class Groups {
  readonly #above: Int32Array;

  constructor(count: number) {
    this.#above = Int32Array.from({ length: count }, (_, i) => i);
  }

  #top(r: number): number {
    let top = r;
    while (this.#above[top] !== top) top = this.#above[top];
    while (this.#above[r] !== top) [r, this.#above[r]] = [this.#above[r], top];
    return top;
  }

  join(a: number, b: number): void {
    const [one, other] = [this.#top(a), this.#top(b)];
    this.#above[Math.max(one, other)] = Math.min(one, other);
  }

  /** Groups of more than one, members ascending. */
  ofSeveral(): number[][] {
    const members = new Map<number, number[]>();
    for (let r = 0; r < this.#above.length; r++) {
      const top = this.#top(r);
      if (top === r) continue;
      const group = members.get(top);
      if (group === undefined) members.set(top, [top, r]);
      else group.push(r);
    }
    return [...members.values()];
  }
}
