/** Bounds on sizes that a file states, so that damaged bytes cost an error and not the memory. */
import { GranaryError } from "../errors.ts";
import { MOST_EXPANSION } from "../inflate.ts";
import { formatBytes } from "../units.ts";
import type { SyncSource } from "../access/source.ts";

/** What a small file may expand to in one read, for datasets that were never written (fill values). */
const LEAST_READ_LIMIT_BYTES = 64 * 1024 ** 2;

/** The longest single read: typed arrays and wasm memory end here. */
const MOST_READ_BYTES = 2 ** 31 - 65_536;

/** Throws a granule error where a read of `path` would give more bytes than the file can hold. */
export function checkReadSize(source: SyncSource, path: string, bytes: number): void {
  const { name, sizeBytes } = source;
  const possible = Math.max(LEAST_READ_LIMIT_BYTES, sizeBytes * MOST_EXPANSION);
  if (bytes > possible) {
    throw new GranaryError(
      "granule",
      `${name}: ${path} states ${formatBytes(bytes)}, more than a file of ${
        formatBytes(sizeBytes)
      } can hold ` +
        `(the file is damaged; fetch it again)`,
      { details: { name, path, bytes, sizeBytes } },
    );
  }
  if (bytes > MOST_READ_BYTES) {
    throw new GranaryError(
      "granule",
      `${name}: ${path} has ${formatBytes(bytes)} in one read (at most ${
        formatBytes(MOST_READ_BYTES)
      }: read fewer rows)`,
      { details: { name, path, bytes } },
    );
  }
}

/** Throws a RangeError where rows `[start, start + count)` are not in a dataset of `shape`. */
export function checkRows(
  name: string,
  path: string,
  shape: readonly number[],
  start: number,
  count: number,
): void {
  const rows = shape.length === 0 ? 1 : shape[0];
  if (
    Number.isInteger(start) && Number.isInteger(count) && start >= 0 && count >= 0 && start + count <= rows
  ) {
    return;
  }
  throw new RangeError(`${name}: rows ${start} to ${start + count} of ${path}, which has ${rows}`);
}

/** Throws a RangeError where the window is not within a dataset of `shape`. */
export function checkWindow(
  name: string,
  path: string,
  shape: readonly number[],
  start: readonly number[],
  count: readonly number[],
): void {
  const fits = start.length === shape.length && count.length === shape.length &&
    shape.every((size, axis) =>
      Number.isInteger(start[axis]) && Number.isInteger(count[axis]) && start[axis] >= 0 &&
      count[axis] >= 0 &&
      start[axis] + count[axis] <= size
    );
  if (fits) return;
  throw new RangeError(
    `${name}: the window from [${start.join(", ")}] of [${count.join(", ")}] elements of ${path}, ` +
      `whose shape is [${shape.join(", ")}]`,
  );
}
