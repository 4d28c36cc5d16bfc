/** The datasets of one group of a granule, opened together and read by row ranges. */
import { GranaryError } from "../errors.ts";
import type { DatasetRows, Hdf5Dataset, Hdf5File, Hdf5Values, Room } from "../hdf5/contract.ts";
import type { Values } from "../values.ts";
import type { RowRange } from "./contract.ts";
import { type DatasetPath, shortList } from "./groups.ts";
import { takeRanges } from "./row_ranges.ts";
import { type Packing, packingOf } from "../hdf5/packing.ts";
import { withSign } from "../hdf5/values.ts";

/**
 * Opens the datasets at `paths`; undefined where the file has none of them. Throws a granule error where it
 * has some and is without others, or where they differ in length. Every element of the `flat` ones is a row.
 */
export function openGroup(
  file: Hdf5File,
  paths: readonly string[],
  flat: ReadonlySet<string> = new Set(),
): GroupColumns | undefined {
  const datasets = new Map<string, Hdf5Dataset>();
  const absent: string[] = [];
  for (const path of paths) {
    const dataset = file.dataset(path);
    if (dataset === undefined) absent.push(path);
    else datasets.set(path, dataset);
  }
  if (datasets.size === 0) return undefined;
  if (absent.length > 0) {
    const path = absent[0];
    const parent = path.slice(0, path.lastIndexOf("/")) || "/";
    const out = file.linkOut(path);
    if (out !== undefined) throw granuleError(file, `${path} is ${out} (name another dataset)`, { absent });
    const within = file.dataset(parent);
    if (within !== undefined) {
      throw granuleError(
        file,
        `has no dataset ${path}: ${parent} is a dataset of ${within.dtype} values, and members of ` +
          `it are not read (name a dataset of numbers)`,
        { absent },
      );
    }
    const beside = file.list(parent);
    throw granuleError(
      file,
      `has no dataset ${path}${absent.length > 1 ? ` (nor ${absent.length - 1} more)` : ""}; ` +
        (beside === undefined ? `there is no group ${parent}` : `${parent} has ${shortList(beside)}`) +
        ` (check the config's paths)`,
      { absent },
    );
  }
  return new GroupColumns(file, datasets, flat);
}

/** The open datasets of one group, by path. */
export class GroupColumns {
  readonly rows: number;
  /** Whether every element of its datasets of two dimensions is a row. */
  readonly isFlat: boolean;
  readonly file: Hdf5File;
  readonly #datasets: Map<string, Hdf5Dataset>;
  readonly #packings = new Map<string, Packing>();
  #netcdf: boolean | undefined;
  #room: Room | undefined;

  constructor(file: Hdf5File, datasets: Map<string, Hdf5Dataset>, flat: ReadonlySet<string> = new Set()) {
    this.file = file;
    this.isFlat = flat.size > 0;
    const rowsOf = ({ path, shape }: Hdf5Dataset) =>
      flat.has(path) && shape.length === 2 ? shape[0] * shape[1] : shape[0];
    this.#datasets = datasets;
    let first: Hdf5Dataset | undefined;
    for (const dataset of datasets.values()) {
      first ??= dataset;
      const rows = rowsOf(dataset);
      if (rows === undefined) {
        throw granuleError(
          file,
          `${dataset.path} is a single value (wanted one value a row; name another dataset)`,
        );
      }
      if (rows !== rowsOf(first)) {
        throw granuleError(
          file,
          `${first.path} has ${rowsOf(first)} rows and ${dataset.path} has ${rows} ` +
            `(wanted datasets of one length; name datasets at the same rate)`,
        );
      }
    }
    this.rows = rowsOf(first!);
  }

  /** Takes in another dataset of the same rows. */
  adopt(dataset: Hdf5Dataset): void {
    this.#datasets.set(dataset.path, dataset);
  }

  /** Has what is read from now on put into the memory that `room` gives, where it can be. */
  readInto(room: Room | undefined): void {
    this.#room = room;
  }

  /** Bytes of the stored elements of one row of all of these. */
  rowBytes(all: readonly DatasetPath[]): number {
    return all.reduce((sum, { path }) => sum + elementBytes(this.#datasets.get(path)!), 0);
  }

  packing(at: DatasetPath): Packing {
    let packing = this.#packings.get(at.path);
    if (packing === undefined) {
      const netcdf = () => this.#netcdf ??= this.file.attributes("/")?._NCProperties !== undefined;
      packing = packingOf(this.file.name, this.#datasets.get(at.path)!, netcdf);
      this.#packings.set(at.path, packing);
    }
    return packing;
  }

  /** What the attributes of the datasets that were read say and nothing follows from. */
  get warnings(): string[] {
    return [...this.#packings.values()].flatMap(({ warnings }) => warnings);
  }

  /** Fetches what will be read, all of it at once. Columns of wide datasets are read in parts, each by itself. */
  prefetch(all: readonly DatasetPath[], ranges: readonly RowRange[] | null): void {
    this.file.prefetch?.(this.reads(all, ranges));
  }

  /** The reads of all of these at once. */
  reads(all: readonly DatasetPath[], ranges: readonly RowRange[] | null): DatasetRows[] {
    const paths = new Set(all.filter(({ column, flat }) => column === null && !flat).map(({ path }) => path));
    const rows = ranges ?? [{ start: 0, count: this.rows }];
    return [...paths].flatMap((path) => rows.map(({ start, count }) => ({ path, start, count })));
  }

  /** The stored elements of the rows in `ranges` (null: all), one a row, in the sign that `_Unsigned` gives. */
  read(at: DatasetPath, ranges: readonly RowRange[] | null): Hdf5Values {
    return withSign(this.#readStored(at, ranges), this.packing(at).dtype);
  }

  #readStored(at: DatasetPath, ranges: readonly RowRange[] | null): Hdf5Values {
    const dataset = this.#datasets.get(at.path)!;
    this.#checkColumn(dataset, at);
    const all = ranges ?? [{ start: 0, count: this.rows }];
    if (at.flat) return takeRanges(dataset.read(0, dataset.shape[0]), all);
    if (at.column === null && all.length === 1) return dataset.read(all[0].start, all[0].count, this.#room);
    let rows = 0;
    for (const { count } of all) rows += count;
    let result: Hdf5Values | undefined;
    let filled = 0;
    for (const { start, count } of all) {
      for (const part of blocks(dataset, at.column, start, count)) {
        result ??= new (part.constructor as new (length: number) => Hdf5Values)(rows);
        result.set(part as never, filled);
        filled += part.length;
      }
    }
    return result ?? dataset.read(0, 0);
  }

  /** Throws where a stored integer that is a value is not the float64 that it became. */
  checkExact(at: DatasetPath, raw: Hdf5Values, values: Values): void {
    if (!(raw instanceof BigInt64Array || raw instanceof BigUint64Array)) return;
    const { scale, offset } = this.packing(at);
    if (scale !== 1 || offset !== 0) return;
    for (let i = 0; i < raw.length; i += 1) {
      const value = values[i];
      if (!(Math.abs(value) >= 2 ** 53) || BigInt(value) === raw[i]) continue;
      throw granuleError(
        this.file,
        `${at.path} holds the integer ${raw[i]}, which numbers of 64 bits round to ${BigInt(value)} ` +
          `(past 2^53 only count is exact: take its other statistics out of the config)`,
        { path: at.path },
      );
    }
  }

  #checkColumn({ path, shape, dtype }: Hdf5Dataset, { column, flat }: DatasetPath): void {
    if (!/^[<>|][iuf][1248]$/.test(dtype)) {
      throw granuleError(this.file, `${path} holds ${dtype} values (wanted numbers; name another dataset)`);
    }
    if (flat) {
      if (shape.length === 2) return;
      throw granuleError(
        this.file,
        `${path}[:,:] is not there: it has ${shape.length} dimensions (wanted two)`,
      );
    }
    if (column === null && shape.length !== 1) {
      throw granuleError(
        this.file,
        `${path} has ${shape.length} dimensions, ${shape.join(" x ")} (wanted one value a row` +
          `${shape.length === 2 ? `; name one column of it, as ${path}[:,0]` : ""})`,
      );
    }
    if (column !== null && (shape.length !== 2 || column >= shape[1])) {
      throw granuleError(
        this.file,
        `${path}[:,${column}] is not there: its shape is ${shape.join(" x ") || "a single value"} ` +
          `(wanted two dimensions${shape.length === 2 ? ` and an index below ${shape[1]}` : ""})`,
      );
    }
  }
}

/** Of types that are no numbers, any: they are refused when they are read. */
function elementBytes({ dtype }: Hdf5Dataset): number {
  return Number(dtype.slice(-1)) || 8;
}

/** Bytes of a two-dimensional dataset that are held at once while one column is taken from it. */
const COLUMN_BLOCK_BYTES = 8 << 20;

/** Rows `[start, start + count)` of a dataset or of one column of it, in bounded parts. */
function* blocks(
  dataset: Hdf5Dataset,
  column: number | null,
  start: number,
  count: number,
): Generator<Hdf5Values> {
  if (column === null) {
    if (count > 0) yield dataset.read(start, count);
    return;
  }
  const width = dataset.shape[1];
  const chunkRows = dataset.chunks?.[0] ?? 1;
  const fit = Math.max(1, Math.floor(COLUMN_BLOCK_BYTES / (8 * width)));
  const step = Math.max(chunkRows, fit - fit % chunkRows);
  for (let from = start; from < start + count;) {
    // Blocks end where chunks do, so that no chunk is decoded twice.
    const to = Math.min(start + count, from - from % chunkRows + step);
    const block = dataset.read(from, to - from);
    const part = new (block.constructor as new (length: number) => Hdf5Values)(to - from);
    for (let i = 0; i < part.length; i += 1) part[i] = block[i * width + column];
    yield part;
    from = to;
  }
}

function granuleError(file: Hdf5File, what: string, details: Record<string, unknown> = {}): GranaryError {
  return new GranaryError("granule", `${file.name}: ${what}`, { details: { name: file.name, ...details } });
}
