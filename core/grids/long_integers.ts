/** Variables of 64-bit integers: read as int32 or float64, where that holds every value of theirs. */
import type { Packing } from "../hdf5/packing.ts";
import { toFloat64, withSign } from "../hdf5/values.ts";
import { type ElementRule, longRule } from "./elements.ts";
import { formatBytes } from "../units.ts";
import type { Hdf5Session } from "./hdf5_session.ts";
import { NoGrid } from "./refusal.ts";

/** The largest variable that is looked through when a file is opened. */
const MOST_BYTES = 256 << 20;

/** Bytes looked through in one step, about. */
const STEP_BYTES = 16 << 20;

const INT32 = { least: -(2 ** 31), most: 2 ** 31 - 1 } as const;

/**
 * How the elements of the variable at `path` are read, with a note that says so: looks through all of them.
 * Throws NoGrid where neither type holds them, or they are too many to look through.
 */
export async function longIntegers(
  session: Hdf5Session,
  path: string,
  packing: Packing,
  signal?: AbortSignal,
): Promise<{ rule: ElementRule; note: string }> {
  const { shape, chunks } = await session.run((file) => {
    const dataset = file.dataset(path);
    if (dataset === undefined) throw new Error(`${path} is listed and not there`);
    return { shape: dataset.shape, chunks: dataset.chunks };
  }, signal);
  const rowBytes = shape.slice(1).reduce((product, size) => product * size, 8);
  if (rowBytes * shape[0] > MOST_BYTES) {
    throw new NoGrid(
      "dtype",
      `its values are integers of 64 bits, and ${
        formatBytes(rowBytes * shape[0])
      } are too many to look whether a ` +
        `smaller type holds them (at most ${formatBytes(MOST_BYTES)}: convert it to int32, as with ncap2)`,
    );
  }
  const fills = packing.fills.map(Number);
  const chunkRows = chunks?.[0] ?? 1;
  const rows = Math.max(1, Math.floor(STEP_BYTES / rowBytes / chunkRows)) * chunkRows;
  let least = Infinity, most = -Infinity;
  let rounded: bigint | undefined;
  for (let from = 0; from < shape[0]; from += rows) {
    const count = Math.min(rows, shape[0] - from);
    const [values, raw] = await session.run((file) => {
      const raw = withSign(file.dataset(path)?.read(from, count) ?? new BigInt64Array(0), packing.dtype);
      return [toFloat64(raw), raw] as const;
    }, signal);
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      const beyond = Math.abs(value) > Number.MAX_SAFE_INTEGER;
      if (fills.includes(value) && !(beyond && !packing.fills.some((fill) => raw[i] === fill))) continue;
      if (value < least) least = value;
      if (value > most) most = value;
      if (beyond && BigInt(value) !== raw[i]) rounded ??= BigInt(raw[i]);
    }
  }
  const fits = least >= INT32.least && most <= INT32.most;
  if (rounded !== undefined) {
    throw new NoGrid(
      "dtype",
      `its values are integers of 64 bits, of which neither int32 nor float64 holds ${rounded} exactly ` +
        `(convert the variable first)`,
    );
  }
  if (!(least <= most) || fits) {
    // A fill beyond int32 becomes the least int32, where that is no value.
    const own = fills.find((fill) => fill >= INT32.least && fill <= INT32.most);
    if (fills.length === 0 || own !== undefined || least > INT32.least) {
      const nodata = fills.length === 0 ? null : own ?? INT32.least;
      return { rule: longRule("int32", packing, fills, nodata), note: noteOf("int32", packing, nodata) };
    }
  }
  const nodata = fills[0] ?? null;
  return { rule: longRule("float64", packing, fills, nodata), note: noteOf("float64", packing, nodata) };
}

function noteOf(dtype: string, { fills }: Packing, nodata: number | null): string {
  const moved = nodata !== null && !fills.map(Number).includes(nodata)
    ? `, its mark of no value ${fills[0]} as ${nodata}`
    : "";
  return `its integers of 64 bits all fit ${dtype} and are read as such${moved}`;
}
