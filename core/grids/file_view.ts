/** A file as grids are looked for in it: datasets by name from a group, as netCDF and CF resolve names. */
import type { Hdf5Dataset, Hdf5File } from "../hdf5/contract.ts";
import { type Packing, packingOf } from "../hdf5/packing.ts";
import type { Attributes } from "./axes.ts";

/** The mark of a dimension scale that netCDF keeps for a dimension without a coordinate variable. */
const NO_VARIABLE = "This is a netCDF dimension but not a netCDF variable";

const FILL_ATTRIBUTES = ["_FillValue", "missing_value", "MissingValue"] as const;

export class FileView {
  readonly file: Hdf5File;
  readonly paths: readonly string[];
  readonly #known: ReadonlySet<string>;
  readonly #groups = new Map<string, string[]>();
  #netcdf: boolean | undefined;

  /** Looks through the file's datasets. */
  constructor(file: Hdf5File) {
    this.file = file;
    this.paths = file.datasets();
    this.#known = new Set(this.paths);
    for (const path of this.paths) {
      const group = this.#groups.get(groupOf(path));
      if (group === undefined) this.#groups.set(groupOf(path), [path]);
      else group.push(path);
    }
  }

  get name(): string {
    return this.file.name;
  }

  /** The dataset of a path that {@linkcode resolve} or `paths` gave. */
  dataset(path: string): Hdf5Dataset {
    const dataset = this.file.dataset(path);
    if (dataset === undefined) throw new Error(`${this.name}: ${path} is listed and not there`);
    return dataset;
  }

  attributes(path: string): Attributes {
    return this.dataset(path).attributes();
  }

  packing(path: string): Packing {
    const netcdf = () => this.#netcdf ??= this.file.attributes("/")?._NCProperties !== undefined;
    return packingOf(this.name, this.dataset(path), netcdf);
  }

  /**
   * As {@linkcode packing}, for cells: marks of no value are those that the file states. Where a netCDF file
   * was written without any, its library's default is none of them.
   */
  gridPacking(path: string): Packing {
    const packing = this.packing(path);
    const { fillValue } = this.dataset(path);
    const attributes = this.attributes(path);
    const stated = fillValue !== null || FILL_ATTRIBUTES.some((name) => attributes[name] !== undefined);
    return stated ? packing : { ...packing, fills: [] };
  }

  /**
   * The path of the dataset that `name` means in `group`: an absolute path as it is, others in the group or
   * the nearest one around it (CF, section 2.7.2). Undefined where there is none.
   */
  resolve(name: string, group: string): string | undefined {
    if (name.startsWith("/")) return this.#known.has(name) ? name : undefined;
    for (let around = group;; around = groupOf(around)) {
      const path = `${around === "/" ? "" : around}/${name}`;
      if (this.#known.has(path)) return path;
      if (around === "/") return undefined;
    }
  }

  /** Paths of the datasets that lie in `group` itself. */
  inGroup(group: string): readonly string[] {
    return this.#groups.get(group) ?? [];
  }

  /** Whether a path is a variable: not only the scale that netCDF keeps for a dimension. */
  isVariable(path: string): boolean {
    const mark = this.attributes(path).NAME;
    return !(typeof mark === "string" && mark.startsWith(NO_VARIABLE));
  }
}

/** `/a/b` of `/a/b/c`, `/` of `/c`. */
export function groupOf(path: string): string {
  const end = path.lastIndexOf("/");
  return end <= 0 ? "/" : path.slice(0, end);
}

/** `c` of `/a/b/c`. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Whether elements of the type are numbers. */
export function isNumeric(dtype: string): boolean {
  return /^[<>|][iuf][1248]$/.test(dtype);
}

export function isText(dtype: string): boolean {
  return /string/.test(dtype);
}
