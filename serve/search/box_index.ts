/**
 * Which boxes may touch a place: numbers of their owners by cells of a degree, in typed arrays sorted by cell. A
 * place is looked up in its cells, however many boxes there are elsewhere.
 */
import type { BoundingBox } from "../../core/geometry/box.ts";

const COLUMNS = 360;
const ROWS = 180;
/** A box over more cells than this is looked at in every search. */
const MOST_CELLS_OF_BOX = 256;
/** A place of more cells than this is nearly everywhere: all owners may touch it. */
const MOST_CELLS_OF_PLACE = 4096;

export class BoxIndex {
  /** Owners of cell c are `owners[first[c]] .. owners[first[c + 1]]`. */
  readonly #first: Uint32Array;
  readonly #owners: Uint32Array;
  readonly #large: Uint32Array;

  /**
   * @param boxes `xmin, ymin, xmax, ymax` each, in degrees
   * @param firstBox boxes of owner r are `firstBox[r] .. firstBox[r + 1]`
   */
  constructor(boxes: Float64Array, firstBox: Uint32Array) {
    const owners = Math.max(0, firstBox.length - 1);
    const count = new Uint32Array(COLUMNS * ROWS + 1);
    let large = 0;
    const each = (add: (cell: number, owner: number) => void, addLarge: (owner: number) => void) => {
      for (let owner = 0; owner < owners; owner++) {
        for (let box = firstBox[owner]; box < firstBox[owner + 1]; box++) {
          const at = 4 * box;
          const west = column(boxes[at]), south = row(boxes[at + 1]);
          const east = column(boxes[at + 2]), north = row(boxes[at + 3]);
          const cells = (east - west + 1) * (north - south + 1);
          if (!(cells >= 1 && cells <= MOST_CELLS_OF_BOX)) {
            addLarge(owner);
            continue;
          }
          for (let y = south; y <= north; y++) for (let x = west; x <= east; x++) add(y * COLUMNS + x, owner);
        }
      }
    };
    each((cell) => count[cell + 1] += 1, () => large += 1);
    for (let cell = 0; cell < COLUMNS * ROWS; cell++) count[cell + 1] += count[cell];
    this.#first = count.slice();
    this.#owners = new Uint32Array(count[COLUMNS * ROWS]);
    this.#large = new Uint32Array(large);
    let next = 0;
    // From here on `count` says where the next owner of each cell goes.
    each((cell, owner) => this.#owners[count[cell]++] = owner, (owner) => this.#large[next++] = owner);
  }

  /** Bytes that it takes. */
  get byteLength(): number {
    return this.#first.byteLength + this.#owners.byteLength + this.#large.byteLength;
  }

  /** Owners of boxes that may touch one of the places, ascending, each once; null stands for all. */
  near(places: readonly BoundingBox[]): Uint32Array | null {
    const spans: [from: number, to: number][] = [];
    let cells = 0;
    let found = this.#large.length;
    for (const { xmin, ymin, xmax, ymax } of places) {
      const [west, east, south, north] = [column(xmin), column(xmax), row(ymin), row(ymax)];
      cells += (east - west + 1) * (north - south + 1);
      if (!(cells <= MOST_CELLS_OF_PLACE)) return null;
      for (let y = south; y <= north; y++) {
        // Cells of a row lie side by side, and so do their owners.
        const span: [number, number] = [
          this.#first[y * COLUMNS + west],
          this.#first[y * COLUMNS + east + 1],
        ];
        found += span[1] - span[0];
        spans.push(span);
      }
    }
    const owners = new Uint32Array(found);
    owners.set(this.#large);
    let at = this.#large.length;
    for (const [from, to] of spans) {
      owners.set(this.#owners.subarray(from, to), at);
      at += to - from;
    }
    owners.sort();
    let kept = 0;
    for (let i = 0; i < found; i++) if (i === 0 || owners[i] !== owners[i - 1]) owners[kept++] = owners[i];
    return owners.subarray(0, kept);
  }
}

function column(longitude: number): number {
  return Math.min(COLUMNS - 1, Math.max(0, Math.floor(longitude) + 180));
}

function row(latitude: number): number {
  return Math.min(ROWS - 1, Math.max(0, Math.floor(latitude) + 90));
}
