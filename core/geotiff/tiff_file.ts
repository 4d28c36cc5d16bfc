/**
 * The structure of a TIFF: its header, its directories and their fields. Classic TIFF and BigTIFF, of either
 * byte order. What a hostile file says of counts and places is held against its size and against limits
 * before memory is taken.
 */
import { mergeRanges } from "../access/read_plan.ts";
import type { Source } from "../access/source.ts";
import { damagedTiff } from "./damaged.ts";
import { bytesOfType, fieldNumbers, fieldText, type TiffField } from "./fields.ts";
import { FRONT_BYTES, FrontBytes } from "./front_bytes.ts";
import { TAG } from "./tags.ts";

/** Directories of a file: levels, masks and pages. */
const MOST_DIRECTORIES = 1024;
/** Fields of a directory; TIFF defines some hundreds. */
const MOST_FIELDS = 4096;
/** Bytes of a field that is read whole. Places of tiles are read by parts. */
const LONGEST_FIELD = 16 * 1024 * 1024;
/** Places of tiles up to this much are fetched with the directories that they lie between. */
const LONGEST_FRONT = 4 * 1024 * 1024;

/** Values up to this are fetched with their neighbours. */
const SHORT_FIELD = 16 * 1024;
const PLACES: readonly number[] = [
  TAG.TileOffsets,
  TAG.TileByteCounts,
  TAG.StripOffsets,
  TAG.StripByteCounts,
];

const GHOST = "GDAL_STRUCTURAL_METADATA_SIZE=";

export interface TiffDirectory {
  /** Where it lies. */
  readonly offset: number;
  readonly fields: ReadonlyMap<number, TiffField>;
}

export class TiffFile {
  readonly #front: FrontBytes;

  private constructor(
    readonly source: Source,
    front: FrontBytes,
    readonly littleEndian: boolean,
    readonly bigTiff: boolean,
    /** The block of text behind the header by which GDAL tells of the file's layout; null for none. */
    readonly layoutText: string | null,
    readonly directories: readonly TiffDirectory[],
  ) {
    this.#front = front;
  }

  /** Reads the header and all directories. Throws for bytes that are no TIFF, or a damaged one. */
  static async open(source: Source, signal?: AbortSignal): Promise<TiffFile> {
    const front = new FrontBytes(source);
    const head = await front.bytes(0, Math.min(16, source.sizeBytes), signal, FRONT_BYTES);
    const { littleEndian, bigTiff, first } = readHeader(source.name, head);
    const layoutText = await readLayoutText(front, source.sizeBytes, bigTiff ? 16 : 8, signal);
    const directories: TiffDirectory[] = [];
    const seen = new Set<number>();
    for (let offset = first; offset !== 0;) {
      if (seen.has(offset)) {
        throw damagedTiff(source.name, `its directories go in a circle at byte ${offset}`);
      }
      if (seen.size === MOST_DIRECTORIES) {
        throw damagedTiff(source.name, `it has more than ${MOST_DIRECTORIES} directories`);
      }
      seen.add(offset);
      const atLeast = layoutText === null ? undefined : reach(directories[0]);
      const read = await readDirectory(source.name, front, offset, littleEndian, bigTiff, signal, atLeast);
      directories.push(read.directory);
      offset = read.next;
    }
    if (directories.length === 0) throw damagedTiff(source.name, "it has no image directory");
    return new TiffFile(source, front, littleEndian, bigTiff, layoutText, directories);
  }

  /**
   * Fetches what of a directory's values is not there yet, but for the places of blocks and long texts, side
   * by side: reading them one by one would cost a round each where they lie apart.
   */
  async fetch(directory: TiffDirectory, signal?: AbortSignal): Promise<void> {
    const { sizeBytes } = this.source;
    const missing = [...directory.fields.values()].filter((field) =>
      !PLACES.includes(field.tag) && field.sizeBytes <= SHORT_FIELD &&
      field.offset + field.sizeBytes <= sizeBytes && this.#front.kept(field.offset, field.sizeBytes) === null
    );
    const ranges = missing.map((field) => ({ offset: field.offset, length: field.sizeBytes }));
    const spans = mergeRanges(ranges, SHORT_FIELD, LONGEST_FIELD);
    await Promise.all(spans.map(({ offset, length }) => this.#front.bytes(offset, length, signal)));
  }

  /** Numbers of a field, null where the directory has none. */
  async numbers(directory: TiffDirectory, tag: number, signal?: AbortSignal): Promise<number[] | null> {
    const field = directory.fields.get(tag);
    if (field === undefined) return null;
    return fieldNumbers(await this.#fieldBytes(field, signal), field.type, this.littleEndian);
  }

  /** The first number of a field. */
  async number(directory: TiffDirectory, tag: number, signal?: AbortSignal): Promise<number | null> {
    const field = directory.fields.get(tag);
    if (field === undefined || field.count === 0) return null;
    return (await this.part(field, 0, 1, signal))[0];
  }

  async text(directory: TiffDirectory, tag: number, signal?: AbortSignal): Promise<string | null> {
    const field = directory.fields.get(tag);
    return field === undefined ? null : fieldText(await this.#fieldBytes(field, signal));
  }

  async bytes(directory: TiffDirectory, tag: number, signal?: AbortSignal): Promise<Uint8Array | null> {
    const field = directory.fields.get(tag);
    return field === undefined ? null : await this.#fieldBytes(field, signal);
  }

  /** Numbers `start` to `start + count` of a field. */
  async part(field: TiffField, start: number, count: number, signal?: AbortSignal): Promise<number[]> {
    const size = field.sizeBytes / field.count;
    const bytes = await this.#front.bytes(field.offset + start * size, count * size, signal);
    return fieldNumbers(bytes, field.type, this.littleEndian);
  }

  #fieldBytes(field: TiffField, signal?: AbortSignal): Promise<Uint8Array> {
    if (field.sizeBytes > LONGEST_FIELD) {
      const { tag, sizeBytes } = field;
      throw damagedTiff(this.source.name, `its field ${tag} has ${sizeBytes} bytes, more than any has`);
    }
    return this.#front.bytes(field.offset, field.sizeBytes, signal);
  }
}

interface Header {
  readonly littleEndian: boolean;
  readonly bigTiff: boolean;
  readonly first: number;
}

function readHeader(name: string, head: Uint8Array): Header {
  const mark = String.fromCharCode(...head.subarray(0, 2));
  const littleEndian = mark === "II";
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const version = head.length >= 8 && (littleEndian || mark === "MM") ? view.getUint16(2, littleEndian) : 0;
  if (version === 42) return { littleEndian, bigTiff: false, first: view.getUint32(4, littleEndian) };
  if (version === 43 && head.length >= 16 && view.getUint16(4, littleEndian) === 8) {
    return { littleEndian, bigTiff: true, first: fieldNumbers(head.subarray(8, 16), 16, littleEndian)[0] };
  }
  throw damagedTiff(name, "its first bytes are not those of a TIFF");
}

/** The text has a fixed head that counts the rest. */
async function readLayoutText(
  front: FrontBytes,
  sizeBytes: number,
  at: number,
  signal?: AbortSignal,
): Promise<string | null> {
  const headBytes = GHOST.length + "000000 bytes\n".length;
  if (at + headBytes > sizeBytes) return null;
  const head = fieldText(await front.bytes(at, headBytes, signal));
  const length = Number(/^GDAL_STRUCTURAL_METADATA_SIZE=(\d{6}) bytes\n$/.exec(head)?.[1] ?? NaN);
  if (!(at + headBytes + length <= sizeBytes)) return null;
  return head + fieldText(await front.bytes(at + headBytes, length, signal));
}

/**
 * How much to fetch where a directory lies beyond the front: those that follow have a third of the first
 * one's tiles between them. Only files that say so have their directories side by side.
 */
function reach(first: TiffDirectory | undefined): number | undefined {
  if (first === undefined) return undefined;
  const places = (first.fields.get(TAG.TileOffsets)?.sizeBytes ?? 0) +
    (first.fields.get(TAG.TileByteCounts)?.sizeBytes ?? 0);
  return Math.min(FRONT_BYTES + places / 2, LONGEST_FRONT);
}

async function readDirectory(
  name: string,
  front: FrontBytes,
  offset: number,
  littleEndian: boolean,
  bigTiff: boolean,
  signal: AbortSignal | undefined,
  atLeast: number | undefined,
): Promise<{ directory: TiffDirectory; next: number }> {
  const [countBytes, entryBytes, pointerBytes] = bigTiff ? [8, 20, 8] : [2, 12, 4];
  const pointerType = bigTiff ? 16 : 4;
  const number = (bytes: Uint8Array, type: number) => fieldNumbers(bytes, type, littleEndian)[0];
  const count = number(await front.bytes(offset, countBytes, signal, atLeast), bigTiff ? 16 : 3);
  if (count === 0 || count > MOST_FIELDS) {
    throw damagedTiff(name, `its directory at byte ${offset} has ${count} fields`);
  }
  const start = offset + countBytes;
  const bytes = await front.bytes(start, count * entryBytes + pointerBytes, signal, atLeast);
  const fields = new Map<number, TiffField>();
  for (let i = 0; i < count; i++) {
    const entry = bytes.subarray(i * entryBytes, (i + 1) * entryBytes);
    const tag = number(entry.subarray(0, 2), 3);
    const type = number(entry.subarray(2, 4), 3);
    const values = number(entry.subarray(4, 4 + pointerBytes), pointerType);
    const size = bytesOfType(type);
    if (size === null || fields.has(tag)) continue;
    const at = 4 + pointerBytes;
    const inside = values * size <= pointerBytes;
    fields.set(tag, {
      tag,
      type,
      count: values,
      offset: inside ? start + i * entryBytes + at : number(entry.subarray(at), pointerType),
      sizeBytes: values * size,
    });
  }
  const next = number(bytes.subarray(count * entryBytes), pointerType);
  return { directory: { offset, fields }, next };
}
