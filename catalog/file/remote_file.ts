/**
 * A catalog's file that lies elsewhere, as a file of this machine with holes: as long as the one there, with its
 * footer in place, and with those columns and row groups that were asked for. DuckDB fails on a hole (what a page begins with
 * has required fields, and zeros are none of them), so that nothing is ever read from one.
 */
import fs from "node:fs";
import path from "node:path";
import type { ByteRange, Source } from "../../core/access/source.ts";
import { mergeRanges } from "../../core/access/read_plan.ts";
import { Semaphore } from "../../core/concurrency.ts";
import { inputError } from "../../core/errors.ts";
import { makeScratchFolder } from "../../core/files/leftovers.ts";
import { type Duck, sqlString } from "../../core/tables/duckdb.ts";
import { PARQUET_MAGIC } from "../../core/tables/parquet_magic.ts";
import { formatBytes } from "../../core/units.ts";
import { meets, type RowSpan } from "./row_spans.ts";

/** The last bytes of a Parquet file: the footer's length, and its magic. */
const TAIL_BYTES = 8;
/** What is asked for at the end of a file first: the footer of a catalog of a million granules is within it. */
const FIRST_TAIL_BYTES = 256 * 1024;
const MAX_FOOTER_BYTES = 256 * 1024 * 1024;
/** Files up to this come whole: their columns lie nearer to each other than a request is worth. */
export const WHOLE_BYTES = 512 * 1024;
/** What lies between two columns is asked for too where it is no longer than this. */
const GAP_BYTES = 64 * 1024;
const LONGEST_REQUEST_BYTES = 8 * 1024 * 1024;
/** Bytes that are held before they are written. */
const HELD_BYTES = 64 * 1024 * 1024;

interface Chunk extends ByteRange {
  /** The top of the path in the file's schema. */
  column: string;
  /** Those of its row group. */
  of: RowSpan;
}

export class RemoteFile {
  /** The file with holes. */
  readonly file: string;
  /** What the file there is called in messages. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly #source: Source;
  readonly #folder: string;
  readonly #fd: number;
  readonly #turn = new Semaphore(1);
  #isWhole = false;
  /** Where the columns' bytes lie that are not here yet; unknown of a file that came whole. */
  #missing: Chunk[] | undefined;

  private constructor(source: Source, folder: string) {
    this.#source = source;
    this.#folder = folder;
    this.name = source.name;
    this.sizeBytes = source.sizeBytes;
    this.file = path.join(folder, "remote.parquet");
    this.#fd = fs.openSync(this.file, "wx+", 0o600);
  }

  /**
   * Opens what `source` reads, by its last bytes, and closes it when the file is closed or cannot be opened.
   * Throws an input error where that is no Parquet file.
   */
  static async open(source: Source, scratch: string | undefined): Promise<RemoteFile> {
    const folder = makeScratchFolder("remote", scratch);
    let remote: RemoteFile | undefined;
    try {
      remote = new RemoteFile(source, folder);
      await remote.#readFooter();
      return remote;
    } catch (error) {
      if (remote === undefined) {
        fs.rmSync(folder, { recursive: true, force: true });
        await source.close();
      } else remote.close();
      throw error;
    }
  }

  async #readFooter(): Promise<void> {
    const { name, sizeBytes } = this;
    if (sizeBytes < PARQUET_MAGIC.length + TAIL_BYTES) throw noParquet(name);
    if (text(await this.#source.read(0, PARQUET_MAGIC.length)) !== PARQUET_MAGIC) throw noParquet(name);
    fs.ftruncateSync(this.#fd, sizeBytes);
    fs.writeSync(this.#fd, new TextEncoder().encode(PARQUET_MAGIC), 0, PARQUET_MAGIC.length, 0);
    const tail = sizeBytes <= WHOLE_BYTES ? sizeBytes : FIRST_TAIL_BYTES;
    const bytes = await this.#fetch({ offset: sizeBytes - tail, length: tail });
    if (text(bytes.subarray(-PARQUET_MAGIC.length)) !== PARQUET_MAGIC) throw noParquet(name);
    const footer = new DataView(bytes.buffer, bytes.byteOffset).getUint32(tail - TAIL_BYTES, true) +
      TAIL_BYTES;
    if (footer > sizeBytes || footer > MAX_FOOTER_BYTES) {
      throw inputError(
        `${name}: says that its footer has ${formatBytes(footer)}, of a file of ${formatBytes(sizeBytes)}` +
          " (is the file damaged? copy or build it again)",
      );
    }
    if (footer > tail) await this.#fetch({ offset: sizeBytes - footer, length: footer - tail });
    this.#isWhole = tail === sizeBytes;
  }

  /** Learns by the footer where the columns lie; `duck` reads one such file at a time. */
  async locate(duck: Duck): Promise<void> {
    if (!this.#isWhole) this.#missing ??= await this.#chunks(duck);
  }

  /**
   * Brings the columns that `isWanted` names, of the row groups that `spans` meet or of all; what came before is not
   * asked for again.
   */
  async fill(
    isWanted: (column: string) => boolean,
    spans: readonly RowSpan[] | null,
    signal?: AbortSignal,
  ): Promise<void> {
    const leave = await this.#turn.acquire(1);
    try {
      if (this.#missing === undefined) return;
      const wanted = this.#missing.filter(({ column, of }) =>
        isWanted(column) && (spans === null || spans.some((span) => meets(span, of)))
      );
      await this.#bring(mergeRanges(wanted, GAP_BYTES, LONGEST_REQUEST_BYTES), signal);
      const brought = new Set(wanted);
      this.#missing = this.#missing.filter((chunk) => !brought.has(chunk));
    } finally {
      leave();
    }
  }

  close(): void {
    fs.closeSync(this.#fd);
    fs.rmSync(this.#folder, { recursive: true, force: true });
    // Lets go of memory; nothing of it can be waited for, or fail.
    void this.#source.close();
  }

  /** Where the file's columns and their filters lie, by its footer. */
  async #chunks({ connection }: Duck): Promise<Chunk[]> {
    const reader = await connection.runAndReadAll(
      `SELECT path_in_schema, row_group_id, row_group_num_rows::DOUBLE,
         coalesce(least(dictionary_page_offset, data_page_offset), data_page_offset)::DOUBLE,
         total_compressed_size::DOUBLE, bloom_filter_offset::DOUBLE, bloom_filter_length::DOUBLE
       FROM parquet_metadata(${sqlString(this.file)}) ORDER BY row_group_id, column_id`,
    );
    const chunks: Chunk[] = [];
    let group: unknown, of = { first: 0, rows: 0 };
    for (const [place, groupOfRow, rows, ...places] of reader.getRows()) {
      const [column] = String(place).split(", ");
      const [offset, length, filter, filterLength] = places as [number, number, number?, number?];
      if (groupOfRow !== group) of = { first: of.first + of.rows, rows: rows as number };
      group = groupOfRow;
      chunks.push({ column, of, offset, length });
      // A length is not always told; what follows is then brought with it.
      if (filter != null) chunks.push({ column, of, offset: filter, length: filterLength ?? GAP_BYTES });
    }
    return chunks.map((chunk) => this.#within(chunk));
  }

  /** Offsets come from outside. */
  #within(chunk: Chunk): Chunk {
    const offset = Math.min(Math.max(0, chunk.offset), this.sizeBytes);
    return { ...chunk, offset, length: Math.min(Math.max(0, chunk.length), this.sizeBytes - offset) };
  }

  async #bring(spans: readonly ByteRange[], signal: AbortSignal | undefined): Promise<void> {
    for (let from = 0; from < spans.length;) {
      let to = from;
      for (let held = 0; to < spans.length && (to === from || held + spans[to].length <= HELD_BYTES); to++) {
        held += spans[to].length;
      }
      await Promise.all(spans.slice(from, to).map((span) => this.#fetch(span, signal)));
      from = to;
    }
  }

  async #fetch({ offset, length }: ByteRange, signal?: AbortSignal): Promise<Uint8Array> {
    const bytes = await this.#source.read(offset, length, signal);
    for (let at = 0; at < length;) at += fs.writeSync(this.#fd, bytes, at, length - at, offset + at);
    return bytes;
  }
}

function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function noParquet(name: string): Error {
  return inputError(`${name}: is not a Parquet file (wanted a catalog that granary catalog build made)`);
}
