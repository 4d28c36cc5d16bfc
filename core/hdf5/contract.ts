/** What the engine asks of the reading room: one HDF5 granule as columns of observations. */
import type { ElementValues } from "../element_types.ts";

/** Attribute and element values as JavaScript has them; 64-bit integers are bigint. */
export type Hdf5Scalar = number | bigint | string;

export type Hdf5Values = ElementValues;

/** An open HDF5 file, by whichever reader. Paths are absolute, `/gt1l/land_ice_segments/h_li`. */
export interface Hdf5File {
  readonly name: string;
  /** Names in a group, in name order; undefined where there is no such group. */
  list(groupPath: string): string[] | undefined;
  /** The dataset, or undefined where there is none. Throws a granule error on bytes that are not HDF5. */
  dataset(path: string): Hdf5Dataset | undefined;
  /** Attributes of a group or dataset; undefined where there is no such object. */
  attributes(path: string): Record<string, Hdf5Scalar | Hdf5Scalar[]> | undefined;
  /**
   * What stands at a path that leads to nothing in this file: a link to another file (none is followed) or
   * a soft link to what is not there, as a phrase. Undefined for other paths.
   */
  linkOut(path: string): string | undefined;
  /** Paths of every dataset, in path order: each object once, by hard links alone, so that circles end. */
  datasets(): string[];
  /**
   * Paths of the dimension scales of a dataset, a list for each dimension (netCDF's DIMENSION_LIST); an
   * empty list where a dimension has none. Undefined where there is no such dataset.
   */
  dimensionScales(path: string): string[][] | undefined;
  /**
   * Paths of the objects that an attribute of object references names; null for a reference that leads to
   * nothing. Undefined where the object has no such attribute.
   */
  references(path: string, attribute: string): (string | null)[] | undefined;
  /** Fetches what will be read next, all of it at once; a reader may do nothing. */
  prefetch?(reads: readonly (DatasetRows | DatasetWindow)[]): void;
  /** What was done so far, where the reader counts. */
  readonly counters?: { readonly chunksDecoded: number };
  close(): void;
}

/** Rows `[start, start + count)` of a dataset that will be read. */
export interface DatasetRows {
  readonly path: string;
  readonly start: number;
  readonly count: number;
}

/** The elements from `start` on, `count` of them along each dimension, of a dataset that will be read. */
export interface DatasetWindow {
  readonly path: string;
  readonly start: readonly number[];
  readonly count: readonly number[];
}

/** Where elements of a window go. The last dimension's lie one behind the other. */
export interface ElementPlace {
  readonly bytes: Uint8Array;
  /** The byte of the first element. */
  readonly at: number;
  /** Bytes to the next element along each dimension; negative where it lies before. */
  readonly strides: readonly number[];
}

/** Gives memory for so many bytes, at a place that fits every element, whatever it holds; undefined where it has none. */
export type Room = (bytes: number) => Uint8Array | undefined;

export interface Hdf5Dataset {
  readonly path: string;
  readonly shape: readonly number[];
  /** numpy's spelling: `<f8`, `|i1`; `string`, `compound` and the like for what is not numeric. */
  readonly dtype: string;
  readonly chunks: readonly number[] | null;
  /** In the order of writing: `shuffle`, `deflate(6)`, `fletcher32`. */
  readonly filters: readonly string[];
  readonly storedBytes: number;
  /** The fill value that the writer set as a creation property; null where it set none. Not _FillValue. */
  readonly fillValue: number | bigint | null;
  attributes(): Record<string, Hdf5Scalar | Hdf5Scalar[]>;
  /** numpy's spelling of the attributes' types, for those that are numbers. */
  attributeTypes?(): Record<string, string>;
  /**
   * Elements `[start, start + count)` of the first dimension, row-major, native byte order. A reader puts them into the
   * memory that `room` gives where it can.
   */
  read(start: number, count: number, room?: Room): Hdf5Values;
  /**
   * The elements from `start` on, `count` of them along each dimension, row-major; one element for a scalar
   * dataset, whose `start` and `count` are empty. Only the chunks that it touches are fetched and decoded.
   */
  readWindow(start: readonly number[], count: readonly number[]): Hdf5Values;
  /**
   * As {@linkcode readWindow}, to a place. False, and nothing is read, where elements have to be gathered or changed
   * first. What is thrown may leave parts of the window there.
   */
  readWindowTo?(start: readonly number[], count: readonly number[], place: ElementPlace): boolean;
  /** As {@linkcode readWindow}, for text of fixed or variable length; without arguments all of it. */
  readText(start?: readonly number[], count?: readonly number[]): string[];
}
