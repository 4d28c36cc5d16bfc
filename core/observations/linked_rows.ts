/**
 * Datasets of another rate than a group's rows: of segments that have stretches of rows each, of coarser rows that have
 * the same number each, or of one value.
 */
import { GranaryError } from "../errors.ts";
import type { Hdf5File } from "../hdf5/contract.ts";
import { packingOf } from "../hdf5/packing.ts";
import { toFloat64, toValues } from "../hdf5/values.ts";
import type { Values } from "../values.ts";
import type { Column, DatasetFilter, RowLink, RowRange } from "./contract.ts";
import { type GroupColumns, openGroup } from "./group_columns.ts";
import { type DatasetPath, datasetPath } from "./groups.ts";
import { applyFilter } from "./row_filter.ts";
import { takeRanges } from "./row_ranges.ts";

/** A row of the group that no row of the other dataset belongs to. */
const NONE = -1;

/** A column or filter that has a link. */
export type Linked<T extends { link?: RowLink }> = T & { link: RowLink };

interface Level {
  columns: GroupColumns;
  /** For each row of the group the row of the level. */
  rowOf: Int32Array;
}

/** The linked datasets of one group, each read once. */
export class LinkedRows {
  readonly #levels = new Map<string, Level>();

  constructor(
    readonly file: Hdf5File,
    /** Columns and filters that are linked. */
    readonly templates: readonly Linked<Pick<Column, "path" | "link">>[],
    readonly group: string,
    /** Rows of the group in the file. */
    readonly rows: number,
  ) {}

  /** A column in the rows of `ranges` (null: all); NaN where no row of the level belongs to one. */
  column(
    { path, link }: Linked<Pick<Column, "path" | "link">>,
    ranges: readonly RowRange[] | null,
    exact: boolean,
  ): Values {
    const at = datasetPath(path, this.group);
    if (link.kind === "broadcast") return this.#broadcast(at, rowsIn(ranges, this.rows));
    const { columns, rowOf } = this.#level(link);
    const raw = columns.read(at, null);
    const values = toValues(raw, columns.packing(at));
    if (exact) columns.checkExact(at, raw, values);
    return spread(values, ranges === null ? rowOf : takeRanges(rowOf, ranges));
  }

  /** Clears `passes[i]` where the level's row fails the filter, or there is none. */
  filter(
    passes: Uint8Array,
    filter: Linked<DatasetFilter>,
    ranges: readonly RowRange[] | null,
  ): void {
    const at = datasetPath(filter.path, this.group);
    if (filter.link.kind === "broadcast") {
      applyFilter(passes, this.#broadcast(at, passes.length), PLAIN, filter);
      return;
    }
    const { columns, rowOf } = this.#level(filter.link);
    const own = new Uint8Array(columns.rows).fill(1);
    applyFilter(own, columns.read(at, null), columns.packing(at), filter);
    const taken = ranges === null ? rowOf : takeRanges(rowOf, ranges);
    for (let i = 0; i < passes.length; i++) if (taken[i] === NONE || own[taken[i]] === 0) passes[i] = 0;
  }

  #broadcast({ path }: DatasetPath, rows: number): Values {
    const dataset = this.file.dataset(path);
    if (dataset === undefined) throw this.#error(`has no dataset ${path} (check the config's paths)`);
    if (dataset.shape.some((length) => length !== 1)) {
      throw this.#error(
        `${path} has ${dataset.shape.join(" x ")} values (wanted one, for link: {broadcast: true})`,
      );
    }
    const raw = dataset.readWindow(dataset.shape.map(() => 0), dataset.shape.map(() => 1));
    const values = toValues(raw, packingOf(this.file.name, dataset, () => false));
    return new (values.constructor as new (length: number) => Values)(rows).fill(values[0]);
  }

  #level(link: Exclude<RowLink, { kind: "broadcast" }>): Level {
    const key = JSON.stringify(link);
    let level = this.#levels.get(key);
    if (level === undefined) this.#levels.set(key, level = this.#open(link, key));
    return level;
  }

  #open(link: Exclude<RowLink, { kind: "broadcast" }>, key: string): Level {
    const paths = this.templates
      .filter((one) => JSON.stringify(one.link) === key)
      .map(({ path }) => datasetPath(path, this.group).path);
    const ends = link.kind === "ranges"
      ? [link.begin, link.count].map((path) => datasetPath(path, this.group))
      : [];
    const wanted = [...new Set([...ends.map(({ path }) => path), ...paths])];
    const columns = openGroup(this.file, wanted);
    if (columns === undefined) throw this.#error(`has no dataset ${wanted[0]} (check the config's paths)`);
    columns.prefetch(wanted.map((path) => ({ path, column: null })), null);
    if (ends.length === 0) return { columns, rowOf: this.#repeated(columns.rows, wanted[0]) };
    const [begin, count] = ends.map((at) => toFloat64(columns.read(at, null)));
    return { columns, rowOf: this.#stretches(begin, count, (link as { base: number }).base, ends[0].path) };
  }

  #repeated(levelRows: number, path: string): Int32Array {
    const each = this.rows / levelRows;
    if (!Number.isInteger(each)) {
      throw this.#error(`${path} has ${levelRows} rows, of which the group's ${this.rows} are no multiple`);
    }
    return Int32Array.from({ length: this.rows }, (_, i) => Math.floor(i / each));
  }

  #stretches(begin: Float64Array, count: Float64Array, base: number, path: string): Int32Array {
    const rowOf = new Int32Array(this.rows).fill(NONE);
    for (let s = 0; s < begin.length; s++) {
      if (!(count[s] > 0)) continue;
      const first = begin[s] - base, end = first + count[s];
      if (!(first >= 0 && end <= this.rows)) {
        throw this.#error(
          `${path}[${s}] is ${begin[s]} with a count of ${count[s]}, and there are ${this.rows} rows` +
            ` (wanted stretches of them, from ${base} on)`,
        );
      }
      rowOf.fill(s, first, end);
    }
    return rowOf;
  }

  #error(what: string): GranaryError {
    return new GranaryError("granule", `${this.file.name}: ${what}`, { details: { name: this.file.name } });
  }
}

/** The packing of numbers that are physical already. */
export const PLAIN = { dtype: "<f8", fills: [], scale: 1, offset: 0, valid: null, warnings: [] };

function spread(values: Values, rowOf: Int32Array): Values {
  const into = new (values.constructor as new (length: number) => Values)(rowOf.length);
  for (let i = 0; i < rowOf.length; i++) into[i] = rowOf[i] === NONE ? NaN : values[rowOf[i]];
  return into;
}

function rowsIn(ranges: readonly RowRange[] | null, all: number): number {
  return ranges === null ? all : ranges.reduce((sum, { count }) => sum + count, 0);
}
