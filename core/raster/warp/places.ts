/**
 * Longitudes and latitudes of an output's pixels. Projections are computed exactly at the corners of
 * patches and interpolated between as unit vectors, which know neither poles nor an antimeridian; a patch
 * whose middles would come out wrong by a sixteenth of a pixel is cut into four.
 */
import { takeNumbers } from "../../kept_numbers.ts";
import { crsOfCode } from "../crs/codes.ts";
import { type CrsTransform, transformer } from "../crs/transform.ts";
import type { OutputGrid } from "../pixels.ts";

export interface Places {
  /** Degrees, row-major; NaN where a pixel lies nowhere on the Earth. */
  readonly longitude: Float64Array;
  readonly latitude: Float64Array;
}

const RADIANS = Math.PI / 180;
/** Of a pixel: how far off the middles of a patch and of its sides may be; elsewhere it is twice that at most. */
const TOLERANCE = 0.0625;
/** The middle of a patch and of its sides, as parts of it. */
const MIDDLES = [[0.5, 0.5], [0.5, 0], [0, 0.5], [1, 0.5], [0.5, 1]] as const;
const LARGEST_PATCH = 64;
const SMALLEST_PATCH = 2;

/** The centres of all pixels, in arrays that may be given back (core/kept_numbers.ts). */
export function placesOf(output: OutputGrid): Places {
  const { crs, width, height, affine: [a, b, c, d, e, f] } = output;
  const longitude = takeNumbers(width * height);
  const latitude = takeNumbers(width * height);
  const transform = transformer(crs, crsOfCode("EPSG:4326"));
  const separable = b === 0 && d === 0 && (crs.geographic || isCylindrical(transform, output));
  if (separable) {
    const columns = new Float64Array(width);
    for (let x = 0; x < width; x++) columns[x] = wrapped(transform.forward(a * (x + 0.5) + c, f)[0]);
    const isWhole = columns.every((column) => column === column);
    for (let y = 0; y < height; y++) {
      const row = transform.forward(c, e * (y + 0.5) + f)[1];
      const isOnEarth = Math.abs(row) <= 90;
      const [from, to] = [y * width, (y + 1) * width];
      if (isOnEarth) longitude.set(columns, from);
      else longitude.fill(NaN, from, to);
      latitude.fill(isOnEarth ? row : NaN, from, to);
      // A pixel without a longitude is nowhere.
      if (!isWhole) columns.forEach((column, x) => column !== column && (latitude[from + x] = NaN));
    }
    return { longitude, latitude };
  }
  const patches = new Patches(output, transform, longitude, latitude);
  for (let y = 0; y < height; y += LARGEST_PATCH) {
    for (let x = 0; x < width; x += LARGEST_PATCH) {
      patches.fill(x, y, Math.min(LARGEST_PATCH, width - x), Math.min(LARGEST_PATCH, height - y));
    }
  }
  return { longitude, latitude };
}

/** A longitude in -180 to 180. */
function wrapped(longitude: number): number {
  return longitude - 360 * Math.floor((longitude + 180) / 360);
}

/** Whether longitude follows from x alone and latitude from y: compared at corners and middle. */
function isCylindrical(
  transform: CrsTransform,
  { affine: [a, , c, , e, f], width, height }: OutputGrid,
): boolean {
  const at = (x: number, y: number) => transform.forward(a * x * width + c, e * y * height + f);
  const xs = [0, 0.37, 1], ys = [0, 0.61, 1];
  const columns = xs.map((x) => at(x, 0)[0]);
  const rows = ys.map((y) => at(0, y)[1]);
  return xs.every((x, i) =>
    ys.every((y, j) => {
      const [longitude, latitude] = at(x, y);
      return Math.abs(longitude - columns[i]) < 1e-9 && Math.abs(latitude - rows[j]) < 1e-9;
    })
  );
}

/** Three coordinates of a point on the unit sphere; NaN for none. */
type Vector = readonly [number, number, number];

class Patches {
  readonly #corners = new Map<number, Vector>();
  readonly #width: number;

  constructor(
    readonly output: OutputGrid,
    readonly transform: CrsTransform,
    readonly longitude: Float64Array,
    readonly latitude: Float64Array,
  ) {
    this.#width = output.width;
  }

  fill(x: number, y: number, columns: number, rows: number): void {
    // Between the centres of the patch's first and last pixels.
    const right = x + columns - 1, bottom = y + rows - 1;
    const corners = [
      this.#at(x, y),
      this.#at(right, y),
      this.#at(x, bottom),
      this.#at(right, bottom),
    ] as const;
    if (columns <= SMALLEST_PATCH && rows <= SMALLEST_PATCH) return this.#exact(x, y, columns, rows);
    if (!this.#isStraight(corners, x, y, right, bottom)) {
      const across = Math.ceil(columns / 2), down = Math.ceil(rows / 2);
      this.fill(x, y, across, down);
      if (columns > across) this.fill(x + across, y, columns - across, down);
      if (rows > down) this.fill(x, y + down, across, rows - down);
      if (columns > across && rows > down) this.fill(x + across, y + down, columns - across, rows - down);
      return;
    }
    for (let j = 0; j < rows; j++) {
      for (let i = 0; i < columns; i++) {
        const u = columns === 1 ? 0 : i / (columns - 1), v = rows === 1 ? 0 : j / (rows - 1);
        this.#put((y + j) * this.#width + x + i, between(corners, u, v));
      }
    }
  }

  #exact(x: number, y: number, columns: number, rows: number): void {
    for (let j = 0; j < rows; j++) {
      for (let i = 0; i < columns; i++) this.#put((y + j) * this.#width + x + i, this.#at(x + i, y + j));
    }
  }

  /** Whether the middle lies where the corners say, to a part of the patch's own pixels. */
  #isStraight(
    corners: readonly [Vector, Vector, Vector, Vector],
    x: number,
    y: number,
    right: number,
    bottom: number,
  ): boolean {
    if (corners.some(([one]) => one !== one)) return false;
    const [p, q, r, s] = corners;
    const across = Math.max(1, right - x), down = Math.max(1, bottom - y);
    // The smaller side of a pixel, of what the patch's own sides say.
    const pixel = Math.min(
      right > x ? Math.min(distance(p, q), distance(r, s)) / across : Infinity,
      bottom > y ? Math.min(distance(p, r), distance(q, s)) / down : Infinity,
    );
    return MIDDLES.every(([u, v]) => {
      const exact = this.#compute(x + u * (right - x), y + v * (bottom - y));
      return distance(exact, normalized(between(corners, u, v))) <= TOLERANCE * pixel;
    });
  }

  #at(column: number, row: number): Vector {
    const key = row * this.#width + column;
    const known = this.#corners.get(key);
    if (known !== undefined) return known;
    const made = this.#compute(column, row);
    this.#corners.set(key, made);
    return made;
  }

  #compute(column: number, row: number): Vector {
    const [a, b, c, d, e, f] = this.output.affine;
    const x = column + 0.5, y = row + 0.5;
    const [longitude, latitude] = this.transform.forward(a * x + b * y + c, d * x + e * y + f);
    const radius = Math.cos(latitude * RADIANS);
    return [
      radius * Math.cos(longitude * RADIANS),
      radius * Math.sin(longitude * RADIANS),
      Math.sin(latitude * RADIANS),
    ];
  }

  #put(index: number, [x, y, z]: Vector): void {
    this.longitude[index] = Math.atan2(y, x) / RADIANS;
    this.latitude[index] = Math.atan2(z, Math.hypot(x, y)) / RADIANS;
  }
}

function between([p, q, r, s]: readonly [Vector, Vector, Vector, Vector], u: number, v: number): Vector {
  const a = (1 - u) * (1 - v), b = u * (1 - v), c = (1 - u) * v, d = u * v;
  return [
    a * p[0] + b * q[0] + c * r[0] + d * s[0],
    a * p[1] + b * q[1] + c * r[1] + d * s[1],
    a * p[2] + b * q[2] + c * r[2] + d * s[2],
  ];
}

function normalized([x, y, z]: Vector): Vector {
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
}

function distance(p: Vector, q: Vector): number {
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}
