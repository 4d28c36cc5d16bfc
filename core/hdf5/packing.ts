/**
 * What a dataset's attributes say of its stored numbers: the one owner of that rule, for observations and
 * for grids. It follows the netCDF User Guide's attribute conventions and CF 2.5.1 and 8.1. An attribute
 * that cannot be followed is refused by name; one that has no effect is reported.
 */
import { GranaryError } from "../errors.ts";
import type { Hdf5Dataset, Hdf5Scalar } from "./contract.ts";

export interface Packing {
  /** The type that the stored elements are read as: `_Unsigned` may change it. */
  readonly dtype: string;
  /** Elements that mean "no value", in that type. */
  readonly fills: readonly (number | bigint)[];
  readonly scale: number;
  readonly offset: number;
  /** Values outside are no values; of the stored numbers, or of physical ones. */
  readonly valid: { readonly min: number; readonly max: number; readonly physical: boolean } | null;
  /** What the attributes say and nothing follows from. */
  readonly warnings: readonly string[];
}

/** Default fill values of netCDF by type, without those of one byte, which are ordinary values. */
const NETCDF_FILLS: Readonly<Record<string, number | bigint>> = {
  i2: -32767,
  u2: 65535,
  i4: -2147483647,
  u4: 4294967295,
  i8: -9223372036854775806n,
  u8: 18446744073709551614n,
  f4: 9.969209968386869e36,
  f8: 9.969209968386869e36,
};

/** The default fills of netCDF's types of one byte, which its libraries do not take for missing. */
const NETCDF_BYTE_FILLS: Readonly<Record<string, number>> = { i1: -127, u1: 255 };

/** The numbers of an attribute that is not there. */
const NONE: readonly number[] = [];

type PackedDataset = Pick<Hdf5Dataset, "path" | "dtype" | "attributes" | "fillValue" | "attributeTypes">;

/** The packing of `dataset` of the file `name`, of which `netcdf` says whether netCDF wrote it. */
export function packingOf(name: string, dataset: PackedDataset, netcdf: () => boolean): Packing {
  const attributes = dataset.attributes();
  const warnings: string[] = [];
  const refuse = (attribute: string, why: string): never => {
    throw new GranaryError(
      "granule",
      `${name}: ${dataset.path}: its attribute ${attribute} ${why} (granary follows it or reads nothing: ` +
        `name another dataset, or repair the attribute)`,
      { details: { name, path: dataset.path, attribute } },
    );
  };
  const numbers = (attribute: string): readonly (number | bigint)[] => {
    const value = attributes[attribute];
    if (value === undefined) return NONE;
    return (Array.isArray(value) ? value : [value]).flatMap((one) => {
      if (typeof one !== "string") return [one];
      return numbersInText(one) ?? refuse(attribute, `is the text "${one.slice(0, 40)}", which is no number`);
    });
  };
  const single = (attribute: string): number | undefined => {
    const stated = numbers(attribute);
    if (stated.length === 0) return undefined;
    const found = stated.map(Number);
    if (found.some((value) => value !== found[0])) {
      refuse(attribute, `has ${found.length} values (wanted one for the dataset)`);
    }
    if (!Number.isFinite(found[0])) refuse(attribute, `is ${found[0]}`);
    return found[0];
  };

  const dtype = readAs(dataset.dtype, attributes._Unsigned, refuse);
  const scale = single("scale_factor") ?? 1;
  const offset = single("add_offset") ?? 0;
  if (scale === 0) refuse("scale_factor", "is 0, which would make all values one");

  const fills = new Set<number | bigint>();
  for (const attribute of ["_FillValue", "missing_value", "MissingValue"]) {
    for (const value of numbers(attribute)) {
      const fill = inElementType(value, dtype, true);
      if (fill !== undefined) {
        fills.add(fill);
        // netCDF4 takes the same bits as well.
        if (dtype === dataset.dtype && inElementType(value, dtype, false) === undefined) {
          warnings.push(
            `${dataset.path}: its ${attribute} ${value} has the other sign of its ${
              typeName(dtype)
            }: taken as ${fill}`,
          );
        }
      } else if (!Number.isNaN(Number(value))) {
        warnings.push(
          `${dataset.path}: no ${typeName(dtype)} can be its ${attribute} ${value}: it marks nothing`,
        );
      }
    }
  }
  if (attributes._FillValue === undefined) {
    for (const fill of unstatedFills(dataset, dtype, netcdf)) fills.add(fill);
  }
  return { dtype, fills: [...fills], scale, offset, valid: validRange(), warnings };

  /** valid_range, or valid_min and valid_max, by the rule of the netCDF User Guide. */
  function validRange(): Packing["valid"] {
    const range = numbers("valid_range");
    if (range.length !== 0 && range.length !== 2) {
      refuse("valid_range", `has ${range.length} values (wanted two)`);
    }
    const names = range.length === 2 ? ["valid_range"] : ["valid_min", "valid_max"];
    const [low, high] = range.length === 2 ? range : [single("valid_min"), single("valid_max")];
    if (low === undefined && high === undefined) return null;
    const scaled = scale !== 1 || offset !== 0;
    const types = scaled ? dataset.attributeTypes?.() ?? {} : {};
    const physical = scaled && names.some((one) => isUnpackedType(types[one], types, dtype));
    const limit = (value: number | bigint | undefined, none: number): number => {
      if (value === undefined || Number.isNaN(Number(value))) return none;
      if (physical) return Number(value);
      const wrapped = dtype === dataset.dtype ? undefined : inElementType(value, dtype, true);
      // A limit of a float32 dataset that was written as float64 means the float32 next to it.
      const stored = dtype.endsWith("f4") ? Math.fround(Number(value)) : Number(wrapped ?? value);
      return stored;
    };
    return { min: limit(low, -Infinity), max: limit(high, Infinity), physical };
  }
}

/**
 * Whether a limit is in unpacked units: its type is the wider of scale_factor's and add_offset's, and wider
 * than the elements'.
 */
function isUnpackedType(
  type: string | undefined,
  types: Readonly<Record<string, string>>,
  dtype: string,
): boolean {
  if (type === undefined) return false;
  const widths = [types.scale_factor, types.add_offset].filter((one) => one !== undefined);
  const wider = widths.sort((a, b) => rank(b) - rank(a))[0];
  return wider !== undefined && rank(type) === rank(wider) && rank(wider) > rank(dtype);
}

/** The order of types from narrow to wide: integers by size, then floats. */
function rank(dtype: string): number {
  return (dtype.includes("f") ? 10 : 0) + Number(dtype.slice(-1));
}

/** The element type under `_Unsigned`, which classic netCDF has in place of unsigned types. */
function readAs(
  dtype: string,
  unsigned: Hdf5Scalar | Hdf5Scalar[] | undefined,
  refuse: (attribute: string, why: string) => never,
): string {
  const value = Array.isArray(unsigned) ? unsigned[0] : unsigned;
  if (value === undefined || !/[iu]/.test(dtype)) return dtype;
  const text = String(value).trim().toLowerCase();
  if (["true", "1", "t", "yes"].includes(text)) return dtype.replace("i", "u");
  if (["false", "0", "f", "no"].includes(text)) return dtype.replace("u", "i");
  return refuse("_Unsigned", `is ${JSON.stringify(String(value).slice(0, 40))} (wanted "true" or "false")`);
}

/** What marks unwritten elements where no _FillValue says so. */
function unstatedFills(dataset: PackedDataset, dtype: string, netcdf: () => boolean): (number | bigint)[] {
  const type = dtype.slice(1);
  const fills: (number | bigint)[] = [];
  const created = dataset.fillValue;
  const { _Netcdf4Dimid: dimension, _Netcdf4Coordinates: coordinates } = dataset.attributes();
  // netCDF sets a creation fill: without one the file's own mark, which costs a read, is not asked for.
  const marked = dimension !== undefined || coordinates !== undefined || (created !== null && netcdf());
  if (marked && NETCDF_FILLS[type] !== undefined) fills.push(NETCDF_FILLS[type]);
  // Writers set zero as a matter of course, and zeros are values.
  if (created === null || Number(created) === 0) return fills;
  if (marked && NETCDF_BYTE_FILLS[dataset.dtype.slice(1)] === created) return fills;
  const fill = inElementType(created, dtype, dtype !== dataset.dtype);
  if (fill !== undefined) fills.push(fill);
  return fills;
}

const NUMBER = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(?:f|d|b|ub|s|us|l|ul|ll|ull)?$/i;

/** Numbers written as text, `-999`, `0.01f`, `[0, 100]`; undefined where it is something else. */
function numbersInText(text: string): (number | bigint)[] | undefined {
  const parts = text.trim().replace(/^\[(.*)\]$/s, "$1").split(/[\s,;]+/).filter((part) => part !== "");
  const values: (number | bigint)[] = [];
  for (const part of parts) {
    if (/^[+-]?(nan|inf(inity)?)$/i.test(part)) {
      values.push(/nan/i.test(part) ? NaN : part.startsWith("-") ? -Infinity : Infinity);
      continue;
    }
    const digits = NUMBER.exec(part)?.[1];
    if (digits === undefined) return undefined;
    const value = Number(digits);
    values.push(
      /^[+-]?\d+$/.test(digits) && !Number.isSafeInteger(value) ? BigInt(digits.replace("+", "")) : value,
    );
  }
  return values;
}

/**
 * A value as an element of `dtype` would hold it; undefined where no element can equal it. `wrapped` takes
 * -1 for 255 and 255 for -1 where the dataset's sign is not that of its type.
 */
function inElementType(value: number | bigint, dtype: string, wrapped: boolean): number | bigint | undefined {
  const bits = 8 * Number(dtype.slice(-1));
  if (dtype.includes("f")) {
    const number = Number(value);
    const held = bits === 32 ? Math.fround(number) : number;
    return Number.isFinite(held) || !Number.isFinite(number) ? held : undefined;
  }
  if (typeof value === "number" && !Number.isInteger(value)) return undefined;
  const integer = BigInt(value);
  const unsigned = dtype.includes("u");
  const own = unsigned ? BigInt.asUintN(bits, integer) : BigInt.asIntN(bits, integer);
  const other = unsigned ? BigInt.asIntN(bits, integer) : BigInt.asUintN(bits, integer);
  if (own !== integer && !(wrapped && other === integer)) return undefined;
  return bits === 64 ? own : Number(own);
}

function typeName(dtype: string): string {
  const kind = dtype.includes("f") ? "float" : dtype.includes("u") ? "uint" : "int";
  return `${kind}${8 * Number(dtype.slice(-1))}`;
}
