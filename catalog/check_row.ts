/** The contract of one granule row, checked before it is written. */
import { inputError } from "../core/errors.ts";
import type { GranuleRow } from "./granule.ts";
import { MAX_ORDER } from "../core/cells/convention.ts";
import { readableHalves } from "../core/halves.ts";

/** The first way in which a row breaks the contract, or undefined. */
export function rowProblem(row: GranuleRow): string | undefined {
  for (const name of ["id", "collection", "provider", "path"] as const) {
    if (typeof row[name] !== "string" || row[name] === "") return `${name} is missing`;
  }
  for (const name of ["start_datetime", "end_datetime", "datetime"] as const) {
    const time = row[name];
    if (time !== null && !(Math.abs(time) <= 8.64e15)) return `${name} is not a time (${time})`;
  }
  if (row.start_datetime !== null && row.end_datetime !== null && row.end_datetime < row.start_datetime) {
    return "end_datetime lies before start_datetime";
  }
  if (row.size_bytes !== null && !(Number.isSafeInteger(row.size_bytes) && row.size_bytes >= 0)) {
    return `size_bytes is not a size (${row.size_bytes})`;
  }
  if (row.revision !== null && !(Number.isInteger(row.revision) && Math.abs(row.revision) < 2 ** 31)) {
    return `revision is not a 32-bit integer (${row.revision})`;
  }
  if (row.checksum !== null && !/^[a-z0-9-]+:[0-9a-f]+$/.test(row.checksum)) {
    return `checksum "${row.checksum}" is not of the form md5:… or sha256:…, in lower-case hex`;
  }
  if (row.bbox !== null) {
    const { xmin, ymin, xmax, ymax } = row.bbox;
    if (!(-180 <= xmin && xmin <= xmax && xmax <= 180 && -90 <= ymin && ymin <= ymax && ymax <= 90)) {
      return `bbox [${xmin}, ${ymin}, ${xmax}, ${ymax}] is no box of lon -180..180, lat -90..90`;
    }
  }
  if (row.bbox !== null && row.cells.length === 0) return "has a footprint and no cells";
  return cellsProblem(row.cells, row.cell_order);
}

/** Why `cells` is not an ascending list of distinct nested ids at `order`, or undefined. */
export function cellsProblem(cells: BigUint64Array, order: number): string | undefined {
  if (!(Number.isInteger(order) && order >= 0 && order <= MAX_ORDER)) {
    return `cell_order ${order} is not an order of 0 to ${MAX_ORDER}`;
  }
  const limit = 12n << BigInt(2 * order);
  const halves = readableHalves(cells);
  for (let i = 2; i < 2 * cells.length; i += 2) {
    const high = halves[i + 1], before = halves[i - 1];
    if (high < before || (high === before && halves[i] <= halves[i - 2])) {
      return `cells are not ascending and distinct (at index ${i / 2})`;
    }
  }
  if (cells.length > 0 && cells[cells.length - 1] >= limit) {
    return `cell ${cells[cells.length - 1]} is not a cell of order ${order} (there are ${limit})`;
  }
  return undefined;
}

/** Throws an input error that names the granule when a row breaks the contract. */
export function checkRow(row: GranuleRow): void {
  const problem = rowProblem(row);
  if (problem !== undefined) {
    throw inputError(`granule "${row.id}" of ${row.collection || "no collection"}: ${problem}`, {
      id: row.id,
      collection: row.collection,
    });
  }
}
