/**
 * Cells of rows along a track: within a degree or two a cubic gives the distances of the projection to within 1e-9, and
 * neighbours lie in one cell. Rows too near a cell's edge for that, and all others, are projected as they are anywhere.
 */
import { assignAnywhere, CAP, interleave, oddPolynomial, TRANSITION } from "./assign_cells";

/**
 * Degrees of latitude that a cubic is good for: with a fourth derivative of at most 8e-8 a degree^4, it is off by at most
 * 8e-8 (MOST_SPAN / 2)^4 / (24 * 8) at Chebyshev nodes, 4e-10.
 */
const MOST_SPAN: f64 = 2;
const LEAST_SPAN: f64 = 0.01;

/** What a place may be off by, with all rounding, in quarters of a circle; and the finest cells that it is little of. */
const OFF: f64 = 1e-9;
const FINEST_ORDER = 20;

/** Degrees from the limits of the formulas, which nodes stay clear of. */
const CLEAR: f64 = 0.01;

/** The nodes of a cubic in -1 to 1: the cosines of 3/8 and 1/8 of a half circle. */
const INNER: f64 = 0.3826834323650898;
const OUTER: f64 = 0.9238795325112867;

/** The cubic, in cells, of degrees from the middle: of latitudes in the belt, of colatitudes in a cap. */
let middle: f64 = 0, c0: f64 = 0, c1: f64 = 0, c2: f64 = 0, c3: f64 = 0;

/** As {@linkcode assignAnywhere}. */
export function assignCells(
  longitudes: usize,
  latitudes: usize,
  rows: i32,
  coefficients: usize,
  order: i32,
  depth: i32,
  places: usize,
  parents: usize,
  children: usize,
): i32 {
  const latitude = limits(latitudes, rows), longitude = limits(longitudes, rows);
  const low = lane0(latitude), high = lane1(latitude), west = lane0(longitude), east = lane1(longitude);
  const nearest = low > 0 ? low : -high, furthest = max(high, -low);
  const transition = load<f64>(coefficients + TRANSITION);
  const isBelt = furthest < transition - CLEAR, isCap = nearest > transition + CLEAR && furthest < 90 - CLEAR;
  const isEast = west >= 0 && east < 360, isWest = west >= -180 && east < 0;
  const isTrack = high - low < MOST_SPAN && (isBelt || isCap) && (isEast || isWest) && order <= FINEST_ORDER;
  if (!isTrack) {
    return assignAnywhere(
      longitudes,
      latitudes,
      rows,
      coefficients,
      order,
      depth,
      places,
      parents,
      children,
    );
  }
  const nside = <f64>(1 << order), radius = 0.5 * max(high - low, LEAST_SPAN);
  if (isBelt) fit(0.5 * (low + high), radius, nside, coefficients);
  else fit(90 - 0.5 * (nearest + furthest), radius, nside, coefficients + CAP);
  const turn: f64 = isEast ? 0 : 4, half = 0.5 - OFF * (nside + 1);
  const walked = isBelt
    ? walkBelt(longitudes, latitudes, rows, order, depth, turn, half, parents, children)
    : walkCap(longitudes, latitudes, rows, order, depth, turn, half, low > 0, parents, children);
  // Rows that were left have the parent -2.
  if (walked == rows) return rows;
  let assigned = walked;
  for (let row: usize = 0; row < <usize>rows; row++) {
    const at = row << 3;
    if (load<f64>(parents + at) != LEFT) continue;
    assigned += assignAnywhere(
      longitudes + at,
      latitudes + at,
      1,
      coefficients,
      order,
      depth,
      places,
      parents + at,
      children + (row << 2),
    );
  }
  return assigned;
}

/** The parent of rows that are too near an edge, until they are projected. */
const LEFT: f64 = -2;

/** The least and the greatest of numbers; NaN is none. */
function limits(values: usize, rows: i32): v128 {
  let least = f64x2.splat(Infinity), most = f64x2.splat(-Infinity), otherLeast = least, otherMost = most;
  const end = values + (<usize>rows << 3), fours = values + (<usize>(rows & ~3) << 3);
  for (; values < fours; values += 32) {
    const pair = v128.load(values), other = v128.load(values, 16);
    least = f64x2.pmin(least, pair);
    most = f64x2.pmax(most, pair);
    otherLeast = f64x2.pmin(otherLeast, other);
    otherMost = f64x2.pmax(otherMost, other);
  }
  least = f64x2.pmin(least, otherLeast);
  most = f64x2.pmax(most, otherMost);
  for (; values < end; values += 8) {
    const last = v128.load64_splat(values);
    least = f64x2.pmin(least, last);
    most = f64x2.pmax(most, last);
  }
  return f64x2.replace_lane(
    f64x2.splat(min(lane0(least), lane1(least))),
    1,
    max(lane0(most), lane1(most)),
  );
}

/** Makes the cubic through four distances. */
function fit(about: f64, radius: f64, nside: f64, table: usize): void {
  const inner = ends(about, INNER * radius, table), outer = ends(about, OUTER * radius, table);
  const gap = OUTER * OUTER - INNER * INNER;
  const evens = lane0(outer) + lane1(outer), odds = (lane0(outer) - lane1(outer)) / OUTER;
  const second = (evens - (lane0(inner) + lane1(inner))) / gap;
  const third = (odds - (lane0(inner) - lane1(inner)) / INNER) / gap;
  const scale = 0.5 * nside, inverse = 1 / radius;
  middle = about;
  c0 = scale * (evens - second * OUTER * OUTER);
  c1 = scale * (odds - third * OUTER * OUTER) * inverse;
  c2 = scale * second * inverse * inverse;
  c3 = scale * third * inverse * inverse * inverse;
}

/** The distances on both sides of a middle. */
function ends(about: f64, away: f64, table: usize): v128 {
  return oddPolynomial(f64x2.replace_lane(f64x2.splat(about + away), 1, about - away), table);
}

/** The cubic through two distances. */
@inline
function cubic(t: v128, k0: v128, k1: v128, k2: v128, k3: v128): v128 {
  const head = f64x2.add(f64x2.mul(t, k3), k2);
  return f64x2.add(f64x2.mul(f64x2.add(f64x2.mul(head, t), k1), t), k0);
}

/** Which of two rows, as bits, lie in the cell with these middles. */
@inline
function areHere(one: v128, other: v128, oneMiddle: v128, otherMiddle: v128, most: v128): i32 {
  const a = f64x2.sub(one, oneMiddle), b = f64x2.sub(other, otherMiddle);
  const furthest = f64x2.pmax(f64x2.mul(a, a), f64x2.mul(b, b));
  return i64x2.bitmask(f64x2.lt(furthest, most));
}

/**
 * Of rows that are not where the row before is, one is looked at, and it and the next are the pair that follows. The
 * vectors of middles are in the projection, NaN before the first row.
 */
function walkBelt(
  longitudes: usize,
  latitudes: usize,
  rows: i32,
  order: i32,
  depth: i32,
  turn: f64,
  half: f64,
  parents: usize,
  children: usize,
): i32 {
  const nside = <f64>(1 << order), perDegree = f64x2.splat(nside / 90), begin = f64x2.splat(nside * (turn + 0.5));
  const most = f64x2.splat(half * half), mask = (1 << order) - 1;
  const about = f64x2.splat(middle);
  const k0 = f64x2.splat(c0), k1 = f64x2.splat(c1), k2 = f64x2.splat(c2), k3 = f64x2.splat(c3);
  let oneMiddle = f64x2.splat(NaN), otherMiddle = oneMiddle, parent = oneMiddle, child = oneMiddle;
  const last = rows - 1;
  let left = 0;
  for (let row = 0; row < rows;) {
    const at = <usize>row << 3, childAt = children + (at >> 1);
    const distance = cubic(f64x2.sub(v128.load(latitudes + at), about), k0, k1, k2, k3);
    const across = f64x2.add(f64x2.mul(v128.load(longitudes + at), perDegree), begin);
    const rising = f64x2.add(across, distance), falling = f64x2.sub(across, distance);
    const here = areHere(rising, falling, oneMiddle, otherMiddle, most);
    if ((here == 3) & (row < last)) {
      v128.store(parents + at, parent);
      v128.store64_lane(childAt, child, 0);
      row += 2;
      continue;
    }
    row += 1;
    if (here & 1) {
      v128.store64_lane(parents + at, parent, 0);
      v128.store32_lane(childAt, child, 0);
      continue;
    }
    const one = lane0(rising), other = lane0(falling), m = floor(one), p = floor(other);
    if (isClear(one - m, other - p, half)) {
      oneMiddle = f64x2.splat(m + 0.5);
      otherMiddle = f64x2.splat(p + 0.5);
      const east = i32(m) >> order, west = i32(p) >> order;
      const face = west == east ? (west & 3) | 4 : west < east ? west & 3 : (east & 3) + 8;
      const cell = cellOf(face, i32(m) & mask, mask - (i32(p) & mask), order);
      parent = parentOf(cell, depth);
      child = childOf(cell, depth);
      v128.store64_lane(parents + at, parent, 0);
      v128.store32_lane(childAt, child, 0);
    } else {
      store<f64>(parents + at, LEFT);
      left += 1;
    }
  }
  return rows - left;
}

function walkCap(
  longitudes: usize,
  latitudes: usize,
  rows: i32,
  order: i32,
  depth: i32,
  turn: f64,
  half: f64,
  isNorth: bool,
  parents: usize,
  children: usize,
): i32 {
  const perDegree = f64x2.splat(1.0 / 90), most = f64x2.splat(half * half), mask = (1 << order) - 1;
  const about = f64x2.splat(90 - middle);
  const k0 = f64x2.splat(c0), k1 = f64x2.splat(c1), k2 = f64x2.splat(c2), k3 = f64x2.splat(c3);
  let oneMiddle = f64x2.splat(NaN), otherMiddle = oneMiddle, parent = oneMiddle, child = oneMiddle;
  const last = rows - 1;
  // Quarters of a circle from the column's begin to longitude 0.
  let ahead = f64x2.splat(turn), left = 0;
  for (let row = 0; row < rows;) {
    const at = <usize>row << 3, childAt = children + (at >> 1);
    const distance = cubic(f64x2.sub(about, f64x2.abs(v128.load(latitudes + at))), k0, k1, k2, k3);
    const quarters = f64x2.mul(v128.load(longitudes + at), perDegree);
    const across = f64x2.mul(f64x2.add(quarters, ahead), distance);
    const here = areHere(across, f64x2.sub(distance, across), oneMiddle, otherMiddle, most);
    if ((here == 3) & (row < last)) {
      v128.store(parents + at, parent);
      v128.store64_lane(childAt, child, 0);
      row += 2;
      continue;
    }
    row += 1;
    if (here & 1) {
      v128.store64_lane(parents + at, parent, 0);
      v128.store32_lane(childAt, child, 0);
      continue;
    }
    const width = lane0(distance), quarter = lane0(quarters) + turn, begin = floor(quarter);
    const one = (quarter - begin) * width, other = width - one, p = floor(one), m = floor(other);
    if (isClear(one - p, other - m, half)) {
      ahead = f64x2.splat(turn - begin);
      oneMiddle = f64x2.splat(p + 0.5);
      otherMiddle = f64x2.splat(m + 0.5);
      const face = i32(begin);
      const cell = isNorth
        ? cellOf(face, mask - i32(m), mask - i32(p), order)
        : cellOf(face + 8, i32(p), i32(m), order);
      parent = parentOf(cell, depth);
      child = childOf(cell, depth);
      v128.store64_lane(parents + at, parent, 0);
      v128.store32_lane(childAt, child, 0);
    } else {
      store<f64>(parents + at, LEFT);
      left += 1;
    }
  }
  return rows - left;
}

/** Whether a place with these distances from the begin of its cell is not too near an edge of it. */
@inline
function isClear(one: f64, other: f64, half: f64): bool {
  return abs(one - 0.5) < half && abs(other - 0.5) < half;
}

/** The nested id of a cell. */
@inline
function cellOf(face: i32, x: i32, y: i32, order: i32): u64 {
  return (<u64>face << (2 * order)) + interleave(<u32>x, <u32>y);
}

@inline
function parentOf(cell: u64, depth: i32): v128 {
  return f64x2.splat(<f64>(cell >> (2 * depth)));
}

@inline
function childOf(cell: u64, depth: i32): v128 {
  return i32x4.splat(<i32>(cell & ((<u64>1 << (2 * depth)) - 1)));
}

@inline
function lane0(v: v128): f64 {
  return f64x2.extract_lane(v, 0);
}

@inline
function lane1(v: v128): f64 {
  return f64x2.extract_lane(v, 1);
}
