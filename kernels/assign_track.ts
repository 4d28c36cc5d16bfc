/**
 * Cells of rows along a track: within a degree or two a cubic gives the distances of the projection to within 1e-9, and
 * neighbours lie in one cell. Rows too near a cell's edge for that, and all others, are projected as they are anywhere.
 */
import { assignAnywhere, CAP, oddPolynomial, TRANSITION } from "./assign_cells";
import { upperHalf } from "./lanes";

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

/** The cubic, in cells, of degrees of latitude. */
let c0: f64 = 0, c1: f64 = 0, c2: f64 = 0, c3: f64 = 0;

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
  if (isBelt) fit(0.5 * (low + high), radius, nside, coefficients, 0, 1);
  else fit(90 - 0.5 * (nearest + furthest), radius, nside, coefficients + CAP, 90, low > 0 ? -1 : 1);
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

/** Makes the cubic through four distances about one of `origin` + `sign` times the latitude. */
function fit(about: f64, radius: f64, nside: f64, table: usize, origin: f64, sign: f64): void {
  const inner = ends(about, INNER * radius, table), outer = ends(about, OUTER * radius, table);
  const gap = OUTER * OUTER - INNER * INNER;
  const evens = lane0(outer) + lane1(outer), odds = (lane0(outer) - lane1(outer)) / OUTER;
  const second = (evens - (lane0(inner) + lane1(inner))) / gap;
  const third = (odds - (lane0(inner) - lane1(inner)) / INNER) / gap;
  const scale = 0.5 * nside, inverse = 1 / radius;
  const t0 = scale * (evens - second * OUTER * OUTER), t1 = scale * (odds - third * OUTER * OUTER) * inverse;
  const t2 = scale * second * inverse * inverse, t3 = scale * third * inverse * inverse * inverse;
  // Of degrees from the middle, which are `away` at latitude 0.
  const away = origin - about;
  c0 = t0 + away * (t1 + away * (t2 + away * t3));
  c1 = sign * (t1 + away * (2 * t2 + 3 * away * t3));
  c2 = t2 + 3 * away * t3;
  c3 = sign * t3;
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

/** Which of two rows lie in the cell with these middles, and clear of its edges. */
@inline
function areHere(one: v128, other: v128, oneMiddle: v128, otherMiddle: v128, most: v128): v128 {
  const a = f64x2.sub(one, oneMiddle), b = f64x2.sub(other, otherMiddle);
  const furthest = f64x2.pmax(f64x2.mul(a, a), f64x2.mul(b, b));
  return f64x2.lt(furthest, most);
}

/**
 * Four rows at a time, or two, where all lie in the cell of the row before; of other pairs the cells are made. The
 * vectors of middles, which are in the projection, are NaN before the first row.
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
  const most = f64x2.splat(half * half), mask = i64x2.splat((1 << order) - 1), three = i64x2.splat(3);
  const k0 = f64x2.splat(c0), k1 = f64x2.splat(c1), k2 = f64x2.splat(c2), k3 = f64x2.splat(c3);
  let oneMiddle = f64x2.splat(NaN), otherMiddle = oneMiddle, parent = oneMiddle, child = oneMiddle;
  let left = 0;
  for (let row = 0; row < rows; row += 2) {
    const at = <usize>row << 3, childAt = children + (at >> 1), isPair = row + 1 < rows;
    const distance = cubic(v128.load(latitudes + at), k0, k1, k2, k3);
    const across = f64x2.add(f64x2.mul(v128.load(longitudes + at), perDegree), begin);
    const rising = f64x2.add(across, distance), falling = f64x2.sub(across, distance);
    const here = areHere(rising, falling, oneMiddle, otherMiddle, most);
    if (row + 3 < rows) {
      const second = cubic(v128.load(latitudes + at, 16), k0, k1, k2, k3);
      const further = f64x2.add(f64x2.mul(v128.load(longitudes + at, 16), perDegree), begin);
      const rest = areHere(f64x2.add(further, second), f64x2.sub(further, second), oneMiddle, otherMiddle, most);
      if (i64x2.all_true(v128.and(here, rest))) {
        storeFour(parents + at, childAt, parent, child);
        row += 2;
        continue;
      }
    }
    if (i64x2.all_true(here) && isPair) {
      v128.store(parents + at, parent);
      v128.store64_lane(childAt, child, 0);
      continue;
    }
    const rises = f64x2.floor(rising), falls = f64x2.floor(falling);
    oneMiddle = middleOf(rises);
    otherMiddle = middleOf(falls);
    const clear = i64x2.bitmask(areHere(rising, falling, oneMiddle, otherMiddle, most));
    const m = whole(rises), p = whole(falls), east = i64x2.shr_u(m, order), west = i64x2.shr_u(p, order);
    const west3 = v128.and(west, three), east3 = v128.and(east, three);
    const polar = v128.bitselect(west3, i64x2.add(east3, i64x2.splat(8)), i64x2.gt_s(east, west));
    const face = v128.bitselect(v128.or(west3, i64x2.splat(4)), polar, i64x2.eq(east, west));
    const cell = cellsOf(face, v128.and(m, mask), v128.andnot(mask, p), order);
    parent = parentsOf(cell, depth);
    child = childrenOf(cell, depth);
    left += storePair(parents + at, childAt, parent, child, clear, isPair);
    oneMiddle = upperHalf(oneMiddle);
    otherMiddle = upperHalf(otherMiddle);
    parent = upperHalf(parent);
    child = i32x4.splat(i32x4.extract_lane(child, 1));
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
  const perDegree = f64x2.splat(1.0 / 90), most = f64x2.splat(half * half);
  // Places are counted from the pole, where the x and y of a southern face are 0 and those of a northern one last.
  const mask = i64x2.splat((1 << order) - 1), north = i64x2.splat(-i64(isNorth)), faces = i64x2.splat(isNorth ? 0 : 8);
  const turns = f64x2.splat(turn);
  const k0 = f64x2.splat(c0), k1 = f64x2.splat(c1), k2 = f64x2.splat(c2), k3 = f64x2.splat(c3);
  let oneMiddle = f64x2.splat(NaN), otherMiddle = oneMiddle, parent = oneMiddle, child = oneMiddle;
  // Quarters of a circle from the column's begin to longitude 0.
  let ahead = turns, left = 0;
  for (let row = 0; row < rows; row += 2) {
    const at = <usize>row << 3, childAt = children + (at >> 1), isPair = row + 1 < rows;
    const distance = cubic(v128.load(latitudes + at), k0, k1, k2, k3);
    const quarters = f64x2.mul(v128.load(longitudes + at), perDegree);
    const across = f64x2.mul(f64x2.add(quarters, ahead), distance);
    const here = areHere(across, f64x2.sub(distance, across), oneMiddle, otherMiddle, most);
    if (row + 3 < rows) {
      const second = cubic(v128.load(latitudes + at, 16), k0, k1, k2, k3);
      const next = f64x2.mul(v128.load(longitudes + at, 16), perDegree);
      const further = f64x2.mul(f64x2.add(next, ahead), second);
      const rest = areHere(further, f64x2.sub(second, further), oneMiddle, otherMiddle, most);
      if (i64x2.all_true(v128.and(here, rest))) {
        storeFour(parents + at, childAt, parent, child);
        row += 2;
        continue;
      }
    }
    if (i64x2.all_true(here) && isPair) {
      v128.store(parents + at, parent);
      v128.store64_lane(childAt, child, 0);
      continue;
    }
    const turned = f64x2.add(quarters, turns), column = f64x2.floor(turned);
    const one = f64x2.mul(f64x2.sub(turned, column), distance), other = f64x2.sub(distance, one);
    const ones = f64x2.floor(one), others = f64x2.floor(other);
    oneMiddle = middleOf(ones);
    otherMiddle = middleOf(others);
    const clear = i64x2.bitmask(areHere(one, other, oneMiddle, otherMiddle, most));
    const p = whole(ones), m = whole(others), face = i64x2.add(whole(column), faces);
    const x = v128.bitselect(v128.andnot(mask, m), p, north), y = v128.bitselect(v128.andnot(mask, p), m, north);
    const cell = cellsOf(face, x, y, order);
    parent = parentsOf(cell, depth);
    child = childrenOf(cell, depth);
    left += storePair(parents + at, childAt, parent, child, clear, isPair);
    ahead = f64x2.sub(turns, upperHalf(column));
    oneMiddle = upperHalf(oneMiddle);
    otherMiddle = upperHalf(otherMiddle);
    parent = upperHalf(parent);
    child = i32x4.splat(i32x4.extract_lane(child, 1));
  }
  return rows - left;
}

/** Writes the cell of four rows. */
@inline
function storeFour(parents: usize, children: usize, parent: v128, child: v128): void {
  v128.store(parents, parent);
  v128.store(parents, parent, 16);
  v128.store(children, child);
}

/** Writes the cells of a pair, or of the first row alone. Returns how many rows are left for being too near an edge. */
@inline
function storePair(parents: usize, children: usize, parent: v128, child: v128, clear: i32, isPair: bool): i32 {
  if ((clear == 3) & i32(isPair)) {
    v128.store(parents, parent);
    v128.store64_lane(children, child, 0);
    return 0;
  }
  const isFirst = clear & 1, isSecond = clear >> 1;
  store<f64>(parents, isFirst ? lane0(parent) : LEFT);
  v128.store32_lane(children, child, 0);
  if (!isPair) return 1 - isFirst;
  store<f64>(parents, isSecond ? lane1(parent) : LEFT, 8);
  v128.store32_lane(children, child, 1, 4);
  return 2 - isFirst - isSecond;
}

/** The middles of cells that begin at whole numbers. */
@inline
function middleOf(begins: v128): v128 {
  return f64x2.add(begins, f64x2.splat(0.5));
}

/** Two whole numbers from 0 up to 2^51, as integers. */
@inline
function whole(v: v128): v128 {
  return v128.and(f64x2.add(v, f64x2.splat(TWO_52)), i64x2.splat(TWO_52_BITS - 1));
}

/** 2^52: a float64 from there on counts by ones, with its last 52 bits. */
const TWO_52: f64 = 4503599627370496;
const TWO_52_BITS: i64 = 1 << 52;

/** The nested ids of two cells. */
@inline
function cellsOf(face: v128, x: v128, y: v128, order: i32): v128 {
  return i64x2.add(i64x2.shl(face, 2 * order), v128.or(spreadBits(x), i64x2.shl(spreadBits(y), 1)));
}

/** The lower 32 bits of two integers, at even places. */
@inline
function spreadBits(v: v128): v128 {
  v = v128.and(v128.or(v, i64x2.shl(v, 16)), i64x2.splat(0x0000ffff0000ffff));
  v = v128.and(v128.or(v, i64x2.shl(v, 8)), i64x2.splat(0x00ff00ff00ff00ff));
  v = v128.and(v128.or(v, i64x2.shl(v, 4)), i64x2.splat(0x0f0f0f0f0f0f0f0f));
  v = v128.and(v128.or(v, i64x2.shl(v, 2)), i64x2.splat(0x3333333333333333));
  return v128.and(v128.or(v, i64x2.shl(v, 1)), i64x2.splat(0x5555555555555555));
}

/** The cells that hold two cells `depth` orders below, as float64. */
@inline
function parentsOf(cell: v128, depth: i32): v128 {
  return f64x2.sub(v128.or(i64x2.shr_u(cell, 2 * depth), f64x2.splat(TWO_52)), f64x2.splat(TWO_52));
}

/** What two cells are in those, as the first two of four integers. */
@inline
function childrenOf(cell: v128, depth: i32): v128 {
  const child = v128.and(cell, i64x2.splat((1 << (<i64>2 * depth)) - 1));
  return i8x16.shuffle(child, child, 0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11);
}

@inline
function lane0(v: v128): f64 {
  return f64x2.extract_lane(v, 0);
}

@inline
function lane1(v: v128): f64 {
  return f64x2.extract_lane(v, 1);
}
