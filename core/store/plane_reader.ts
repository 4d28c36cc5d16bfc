/**
 * Arrays over y and x read by ids of cells, as arrays over cells are read by their positions: a position is an id, and a
 * run of 4^k ids that begins at a multiple of it is a square.
 */
import { isObject } from "../json_value.ts";
import { inputError } from "../errors.ts";
import { cellOf, columnAndRow, crsOfGrid, finestOrder, type ProjectedGrid } from "../projected/grid.ts";
import { makeElements } from "../zarr/element.ts";
import type { ArrayDtype, Elements } from "../zarr/element.ts";
import type { PlacedPlane, PlaneLevel, StorePlane } from "./plane.ts";

/** Squares read at once have at most so many cells. */
const MOST_SQUARE = 4 ** 10;

/** The plane that a store's notes tell of; null where it has none. Throws an input error for one that cannot be. */
export function notedPlane(notes: unknown, name: string): PlacedPlane | null {
  if (!isObject(notes) || notes.layout !== "plane") return null;
  const { plane, parent_order: parentOrder, parents_per_shard: parentsPerShard } = notes;
  if (!isObject(plane) || !isObject(plane.grid) || !isObject(plane.extent)) throw damaged(name);
  const { crs, resolution, origin } = plane.grid;
  const isPlace = Array.isArray(origin) && origin.length === 2 && origin.every(Number.isFinite);
  if (typeof crs !== "string" || !(Number(resolution) > 0 && Number.isFinite(resolution)) || !isPlace) {
    throw damaged(name);
  }
  const grid: ProjectedGrid = { crs, resolution: Number(resolution), origin: [origin[0], origin[1]] };
  crsOfGrid(grid);
  const { column, row, columns, rows } = plane.extent as unknown as StorePlane["extent"];
  const isWhole = [column, row, columns, rows, parentOrder, parentsPerShard].every((number) =>
    Number.isSafeInteger(number) && Number(number) >= 0
  );
  const tiles = 2 ** Number(parentOrder);
  const shardSide = Math.sqrt(Number(parentsPerShard));
  if (
    !isWhole || Number(parentOrder) > finestOrder(grid) || column + columns > tiles || row + rows > tiles ||
    !Number.isInteger(Math.log2(shardSide)) ||
    [column, row, columns, rows].some((own) => own % shardSide !== 0)
  ) throw damaged(name);
  return {
    plane: { grid, extent: { column, row, columns, rows } },
    parentOrder: Number(parentOrder),
    parentsPerShard: Number(parentsPerShard),
  };
}

function damaged(name: string): Error {
  return inputError(
    `${name}/zarr.json: what it says of its projected grid cannot be (write the store again)`,
  );
}

/** A rectangle of an array: rows and columns from, and to before. */
interface Rectangle {
  rows: [from: number, to: number];
  columns: [from: number, to: number];
}

/** Elements of ids `from` to before `to`; `read` gives those of a rectangle, row after row. Outside the array is fill. */
export async function readIds(
  level: PlaneLevel,
  dtype: string,
  fill: number | bigint,
  [from, to]: readonly [from: number, to: number],
  read: (rectangle: Rectangle) => Promise<ArrayLike<number | bigint>>,
): Promise<Elements> {
  const out = makeElements(dtype as ArrayDtype, to - from);
  (out as { fill(value: number | bigint): unknown }).fill(fill);
  for (let id = from; id < to;) {
    const cells = squareAt(id, to);
    const rectangle = rectangleOf(level, id, cells);
    if (rectangle !== null) {
      const values = await read(rectangle);
      place(out, id - from, values, rectangle, { level, id, cells });
    }
    id += cells;
  }
  return out;
}

/** The largest run of ids from `id` that is a square and ends by `to`. */
function squareAt(id: number, to: number): number {
  let cells = 1;
  while (id % (4 * cells) === 0 && id + 4 * cells <= to && 4 * cells <= MOST_SQUARE) cells *= 4;
  return cells;
}

/** The part of the array that a square of ids covers; null for none. */
function rectangleOf(level: PlaneLevel, id: number, cells: number): Rectangle | null {
  const side = Math.sqrt(cells);
  const [column, row] = columnAndRow(id);
  const [left, top] = [column - level.column, row - level.row];
  const columns: [number, number] = [Math.max(0, left), Math.min(level.width, left + side)];
  const rows: [number, number] = [Math.max(0, top), Math.min(level.height, top + side)];
  return columns[0] < columns[1] && rows[0] < rows[1] ? { rows, columns } : null;
}

/** Puts the rows of a rectangle where the ids of a square have them. */
function place(
  out: Elements,
  at: number,
  values: ArrayLike<number | bigint>,
  { rows, columns }: Rectangle,
  square: { level: PlaneLevel; id: number; cells: number },
): void {
  const { level, id, cells } = square;
  const [firstColumn, firstRow] = columnAndRow(id);
  const width = columns[1] - columns[0];
  for (let cell = 0; cell < cells; cell++) {
    const [column, row] = columnAndRow(cell);
    const x = firstColumn + column - level.column, y = firstRow + row - level.row;
    if (x < columns[0] || x >= columns[1] || y < rows[0] || y >= rows[1]) continue;
    out[at + cell] = values[(y - rows[0]) * width + x - columns[0]];
  }
}

/** The parts of `part` ids that a shard of the array covers, as far as the array goes. */
export function partsOfShard(
  level: PlaneLevel,
  part: number,
  [shardRow, shardColumn]: readonly [row: number, column: number],
): number[] {
  const side = Math.sqrt(part);
  const span = (first: number, length: number, shard: number) => {
    const from = first + shard * level.shardSide;
    return [
      Math.floor(from / side),
      Math.floor((Math.min(first + length, from + level.shardSide) - 1) / side),
    ];
  };
  const [left, right] = span(level.column, level.width, shardColumn);
  const [top, bottom] = span(level.row, level.height, shardRow);
  const found: number[] = [];
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) found.push(cellOf(column, row));
  }
  return found;
}
