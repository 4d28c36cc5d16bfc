/**
 * A catalog in memory, as far as choosing granules needs it: times, boxes and collections as typed arrays in
 * the order that granules are drawn in. The whole rows of those that are chosen come from the file, and are
 * kept; a tile whose granules were chosen before asks the file nothing.
 */
import type { DuckDBDataChunk } from "@duckdb/node-api";
import { Semaphore } from "../../core/concurrency.ts";
import { boundingBox, singleParts, unionBox } from "../../core/geometry/geometry.ts";
import type { BoundingBox } from "../../core/geometry/box.ts";
import { decodeWkb } from "../../core/geometry/wkb.ts";
import { BoxIndex } from "./box_index.ts";
import type { CatalogFilesOptions } from "../../catalog/file/catalog_files.ts";
import { type Catalog, openCatalog } from "../../catalog/file/open_catalog.ts";
import type { GranuleRow } from "../../catalog/granule.ts";
import { Problem } from "../http/problem.ts";

/** Rows that are kept whole. */
const ROWS_KEPT = 20_000;
/** Conditions whose answers are kept. */
const FILTERS_KEPT = 64;
/** A wider box is that of a footprint on both sides of the antimeridian, and says nothing: its parts do. */
const WIDEST_BOX_DEGREES = 180;

interface CollectionSummary {
  collection: string;
  /** The provider's own id of the collection, where the catalog has it. */
  conceptId: string | null;
  granules: number;
  /** Milliseconds since 1970; null where no granule has a time. */
  start: number | null;
  end: number | null;
  bbox: BoundingBox | null;
}

interface IndexQuery {
  /** Milliseconds since 1970: granules that end at or after `start` and start at or before `end`. */
  start: number | null;
  end: number | null;
  /** Boxes of longitude and latitude that do not cross the antimeridian; null for anywhere. */
  boxes: readonly BoundingBox[] | null;
  /** Numbers of collections; null for all. */
  collections: ReadonlySet<number> | null;
}

export class CatalogIndex {
  readonly collections: readonly CollectionSummary[];
  readonly size: number;
  readonly #catalog: Catalog;
  readonly #near: BoxIndex;
  /** One connection answers one question at a time. */
  readonly #turn = new Semaphore(1);
  readonly #rows = new Map<number, GranuleRow>();
  readonly #filtered = new Map<string, Promise<ReadonlySet<number>>>();
  #users = 0;
  #retired = false;

  private constructor(
    catalog: Catalog,
    /** By rank: the granules' order. */
    readonly arrays: {
      fileRow: Float64Array;
      start: Float64Array;
      end: Float64Array;
      collection: Uint32Array;
      /** Boxes of parts: `xmin, ymin, xmax, ymax` each; those of rank r are `firstBox[r] .. firstBox[r + 1]`. */
      boxes: Float64Array;
      firstBox: Uint32Array;
    },
    collections: readonly CollectionSummary[],
  ) {
    this.#catalog = catalog;
    this.collections = collections;
    this.size = arrays.fileRow.length;
    this.#near = new BoxIndex(arrays.boxes, arrays.firstBox);
  }

  static async load(place: string, options: CatalogFilesOptions = {}): Promise<CatalogIndex> {
    const catalog = await openCatalog(place, options);
    try {
      const { arrays, collections } = await read(catalog);
      return new CatalogIndex(catalog, arrays, collections);
    } catch (error) {
      catalog.close();
      throw error;
    }
  }

  /** Ranks of the granules that a query takes, ascending. */
  find(query: IndexQuery): number[] {
    const { start, end, collection, boxes, firstBox } = this.arrays;
    const found: number[] = [];
    const near = query.boxes === null ? null : this.#near.near(query.boxes);
    const count = near?.length ?? this.size;
    for (let i = 0; i < count; i++) {
      const rank = near === null ? i : near[i];
      if (query.collections !== null && !query.collections.has(collection[rank])) continue;
      // A granule without a time is in no interval.
      if (query.start !== null && !(end[rank] >= query.start)) continue;
      if (query.end !== null && !(start[rank] <= query.end)) continue;
      if (query.boxes !== null && !touches(boxes, firstBox[rank], firstBox[rank + 1], query.boxes)) continue;
      found.push(rank);
    }
    return found;
  }

  /** The whole rows of ranks, in their order. */
  async rows(ranks: readonly number[]): Promise<GranuleRow[]> {
    const missing = ranks.filter((rank) => !this.#rows.has(rank));
    if (missing.length > 0) await this.#fetch(missing);
    const rows = ranks.map((rank) => {
      const row = this.#rows.get(rank);
      if (row === undefined) {
        throw new Error(`${this.#catalog.name}: row ${this.arrays.fileRow[rank]} is gone`);
      }
      return row;
    });
    for (const [i, rank] of ranks.entries()) {
      this.#rows.delete(rank);
      this.#rows.set(rank, rows[i]);
    }
    for (const rank of this.#rows.keys()) {
      if (this.#rows.size <= ROWS_KEPT) break;
      this.#rows.delete(rank);
    }
    return rows;
  }

  #fetch(ranks: readonly number[]): Promise<void> {
    return this.#reading(async () => {
      const rankOf = new Map(ranks.map((rank) => [this.arrays.fileRow[rank], rank]));
      const list = [...rankOf.keys()].join(", ");
      for await (const { rows, fileRows } of this.#catalog.rows(`file_row_number IN (${list})`)) {
        for (const [i, row] of rows.entries()) {
          const rank = rankOf.get(fileRows[i]);
          if (rank !== undefined) this.#rows.set(rank, row);
        }
      }
    });
  }

  /** Asks the file, in turn. A file that was written over while it was open is no fault of who asks. */
  async #reading<T>(ask: () => Promise<T>): Promise<T> {
    const leave = await this.#turn.acquire(1);
    try {
      return await ask();
    } catch (error) {
      throw new Problem(
        503,
        "the catalog's file cannot be read just now (it was damaged, or is being written)",
        { "retry-after": "5" },
        { cause: error },
      );
    } finally {
      leave();
    }
  }

  /** Ranks that fulfil a condition that granary wrote itself, with its values bound. Answers are kept. */
  ranksWhere(condition: string, values: (string | number)[]): Promise<ReadonlySet<number>> {
    const key = JSON.stringify([condition, values]);
    let ranks = this.#filtered.get(key);
    if (ranks === undefined) {
      ranks = this.#ranksWhere(condition, values);
      ranks.catch(() => this.#filtered.delete(key));
      for (const oldest of this.#filtered.keys()) {
        if (this.#filtered.size < FILTERS_KEPT) break;
        this.#filtered.delete(oldest);
      }
    } else this.#filtered.delete(key);
    this.#filtered.set(key, ranks);
    return ranks;
  }

  #ranksWhere(condition: string, values: (string | number)[]): Promise<ReadonlySet<number>> {
    return this.#reading(async () => {
      const reader = await this.#catalog.duck.connection.runAndReadAll(
        `SELECT file_row_number FROM ${this.#catalog.table} WHERE ${condition}`,
        values,
      );
      const wanted = new Set(reader.getRows().map(([row]) => Number(row)));
      const ranks = new Set<number>();
      for (let rank = 0; rank < this.size; rank++) if (wanted.has(this.arrays.fileRow[rank])) ranks.add(rank);
      return ranks;
    });
  }

  /** Uses the index; it stays open until the last user is done, also when another has taken its place. */
  async use<T>(work: () => Promise<T>): Promise<T> {
    this.#users += 1;
    try {
      return await work();
    } finally {
      this.#users -= 1;
      this.#closeIfDone();
    }
  }

  /** Closes the catalog as soon as nobody uses it. */
  retire(): void {
    this.#retired = true;
    this.#closeIfDone();
  }

  #closeIfDone(): void {
    if (this.#retired && this.#users === 0) this.#catalog.close();
  }
}

function touches(boxes: Float64Array, from: number, to: number, wanted: readonly BoundingBox[]): boolean {
  for (let i = from; i < to; i++) {
    const at = 4 * i;
    for (const { xmin, ymin, xmax, ymax } of wanted) {
      if (boxes[at] <= xmax && boxes[at + 2] >= xmin && boxes[at + 1] <= ymax && boxes[at + 3] >= ymin) {
        return true;
      }
    }
  }
  return false;
}

/** Growing columns of a first pass over the file. */
interface Columns {
  fileRow: number[];
  start: number[];
  end: number[];
  collection: number[];
  boxes: number[];
  firstBox: number[];
}

async function read(catalog: Catalog) {
  const columns: Columns = { fileRow: [], start: [], end: [], collection: [], boxes: [], firstBox: [0] };
  const numbers = new Map<string, number>();
  const summaries: CollectionSummary[] = [];
  const numberOf = (collection: string, conceptId: string | null) => {
    const key = `${collection}\n${conceptId ?? ""}`;
    let number = numbers.get(key);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(key, number);
      summaries.push({ collection, conceptId, granules: 0, start: null, end: null, bbox: null });
    }
    return number;
  };
  const result = await catalog.duck.connection.stream(
    `SELECT file_row_number, collection, json_extract_string(properties, '$.collection_concept_id'),
       epoch_us(coalesce(start_datetime, datetime, end_datetime)),
       epoch_us(coalesce(end_datetime, datetime, start_datetime)),
       bbox.xmin, bbox.ymin, bbox.xmax, bbox.ymax,
       CASE WHEN bbox.xmax - bbox.xmin > ${WIDEST_BOX_DEGREES} THEN geometry END
     FROM ${catalog.table}
     ORDER BY coalesce(start_datetime, datetime, end_datetime) NULLS LAST, collection, id`,
  );
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    addChunk(chunk, columns, summaries, numberOf);
  }
  return {
    arrays: {
      fileRow: Float64Array.from(columns.fileRow),
      start: Float64Array.from(columns.start),
      end: Float64Array.from(columns.end),
      collection: Uint32Array.from(columns.collection),
      boxes: Float64Array.from(columns.boxes),
      firstBox: Uint32Array.from(columns.firstBox),
    },
    collections: summaries,
  };
}

interface BlobVector {
  getItemBytes(row: number): Uint8Array | null;
}

function addChunk(
  chunk: DuckDBDataChunk,
  columns: Columns,
  summaries: CollectionSummary[],
  numberOf: (collection: string, conceptId: string | null) => number,
): void {
  const vectors = Array.from({ length: 10 }, (_, i) => chunk.getColumnVector(i));
  const geometry = vectors[9] as unknown as BlobVector;
  const time = (vector: number, row: number) => {
    const micros = vectors[vector].getItem(row) as bigint | null;
    return micros === null ? NaN : Number(micros) / 1000;
  };
  for (let row = 0; row < chunk.rowCount; row++) {
    const number = numberOf(vectors[1].getItem(row) as string, vectors[2].getItem(row) as string | null);
    const [start, end] = [time(3, row), time(4, row)];
    const [xmin, ymin, xmax, ymax] = [5, 6, 7, 8].map((i) => vectors[i].getItem(row) as number | null);
    columns.fileRow.push(Number(vectors[0].getItem(row)));
    columns.collection.push(number);
    columns.start.push(start);
    columns.end.push(end);
    const summary = summaries[number];
    summary.granules += 1;
    if (!Number.isNaN(start)) summary.start = Math.min(summary.start ?? Infinity, start);
    if (!Number.isNaN(end)) summary.end = Math.max(summary.end ?? -Infinity, end);
    if (xmin !== null && ymin !== null && xmax !== null && ymax !== null) {
      const box = { xmin, ymin, xmax, ymax };
      const wide = geometry.getItemBytes(row);
      for (const part of wide === null ? [box] : partBoxes(wide, box)) {
        columns.boxes.push(part.xmin, part.ymin, part.xmax, part.ymax);
      }
      summary.bbox = unionBox(summary.bbox ?? undefined, box);
    }
    columns.firstBox.push(columns.boxes.length / 4);
  }
}

/** Boxes of a footprint's parts; the whole one where its geometry cannot be read. */
function partBoxes(wkb: Uint8Array, whole: BoundingBox): BoundingBox[] {
  const parts = [...singleParts(decodeWkb(wkb))].flatMap((part) => boundingBox(part) ?? []);
  return parts.length === 0 ? [whole] : parts;
}
