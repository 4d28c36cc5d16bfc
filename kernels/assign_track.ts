/**
 * Cells of rows along a track: within a degree or two a cubic gives the distances of the projection to within 1e-9, and
 * neighbours lie in one cell. Rows too near a cell's edge for that, and all others, are projected as they are anywhere.
 */
import { assignAnywhere, CAP, interleave, NO_PARENT, oddPolynomial, TRANSITION } from "./assign_cells";

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

/** The cell of the row before, by the middles of its coordinates in the projection; NaN: none. */
let oneMiddle: f64 = NaN, otherMiddle: f64 = NaN, parent: f64 = NO_PARENT, child: u32 = 0;

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
  oneMiddle = NaN;
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
  let least = f64x2.splat(Infinity), most = f64x2.splat(-Infinity);
  const pairs = values + (<usize>(rows >> 1) << 4);
  for (let at = values; at < pairs; at += 16) {
    const pair = v128.load(at);
    least = f64x2.pmin(least, pair);
    most = f64x2.pmax(most, pair);
  }
  if (rows & 1) {
    const last = v128.load64_splat(pairs);
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

/** By the cubic. */
@inline
function distanceOf(v: v128): v128 {
  const t = f64x2.sub(v, f64x2.splat(middle));
  const head = f64x2.add(f64x2.mul(t, f64x2.splat(c3)), f64x2.splat(c2));
  return f64x2.add(f64x2.mul(f64x2.add(f64x2.mul(head, t), f64x2.splat(c1)), t), f64x2.splat(c0));
}

/** Whether both rows lie in the cell of the row before. Where one coordinate is NaN, both are. */
@inline
function areHere(one: v128, other: v128, most: f64): bool {
  const a = f64x2.sub(one, f64x2.splat(oneMiddle)), b = f64x2.sub(other, f64x2.splat(otherMiddle));
  const furthest = f64x2.pmax(f64x2.mul(a, a), f64x2.mul(b, b));
  return i64x2.bitmask(f64x2.lt(furthest, f64x2.splat(most))) == 3;
}

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
  const most = half * half, mask = (1 << order) - 1;
  let walked = 0;
  for (let row = 0; row < rows; row += 2) {
    const at = <usize>row << 3;
    const distance = distanceOf(v128.load(latitudes + at));
    const across = f64x2.add(f64x2.mul(v128.load(longitudes + at), perDegree), begin);
    const rising = f64x2.add(across, distance), falling = f64x2.sub(across, distance);
    const isPair = row + 1 < rows;
    if (isPair && areHere(rising, falling, most)) {
      storePair(parents + at, children + (at >> 1));
      walked += 2;
      continue;
    }
    for (let lane = 0; lane <= i32(isPair); lane++) {
      const one = lane == 0 ? lane0(rising) : lane1(rising), other = lane == 0 ? lane0(falling) : lane1(falling);
      const isClear = enter(one, other, half);
      if (isClear) {
        const m = i32(floor(one)), p = i32(floor(other)), east = m >> order, west = p >> order;
        const face = west == east ? (west & 3) | 4 : west < east ? west & 3 : (east & 3) + 8;
        name(face, m & mask, mask - (p & mask), order, depth);
      }
      walked += storeOne(isClear, parents + at + (lane << 3), children + (at >> 1) + (lane << 2));
    }
  }
  return walked;
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
  const perDegree = f64x2.splat(1.0 / 90), most = half * half, mask = (1 << order) - 1;
  let walked = 0, column: f64 = 0;
  for (let row = 0; row < rows; row += 2) {
    const at = <usize>row << 3;
    const distance = distanceOf(f64x2.sub(f64x2.splat(90), f64x2.abs(v128.load(latitudes + at))));
    const quarters = f64x2.add(f64x2.mul(v128.load(longitudes + at), perDegree), f64x2.splat(turn));
    const ahead = f64x2.mul(f64x2.sub(quarters, f64x2.splat(column)), distance);
    const isPair = row + 1 < rows;
    if (isPair && areHere(ahead, f64x2.sub(distance, ahead), most)) {
      storePair(parents + at, children + (at >> 1));
      walked += 2;
      continue;
    }
    for (let lane = 0; lane <= i32(isPair); lane++) {
      const width = lane == 0 ? lane0(distance) : lane1(distance);
      const quarter = lane == 0 ? lane0(quarters) : lane1(quarters);
      const one = (quarter - floor(quarter)) * width, other = width - one;
      const isClear = enter(one, other, half);
      if (isClear) {
        column = floor(quarter);
        const p = i32(floor(one)), m = i32(floor(other)), face = i32(column);
        if (isNorth) name(face, mask - m, mask - p, order, depth);
        else name(face + 8, p, m, order, depth);
      }
      walked += storeOne(isClear, parents + at + (lane << 3), children + (at >> 1) + (lane << 2));
    }
  }
  return walked;
}

/** Takes the cell of a place for that of the rows that follow, unless it is too near an edge. */
function enter(one: f64, other: f64, half: f64): bool {
  const oneBegin = floor(one) + 0.5, otherBegin = floor(other) + 0.5;
  if (!(abs(one - oneBegin) < half && abs(other - otherBegin) < half)) return false;
  oneMiddle = oneBegin;
  otherMiddle = otherBegin;
  return true;
}

function name(face: i32, x: i32, y: i32, order: i32, depth: i32): void {
  const mask: u32 = (1 << depth) - 1;
  const inFace = interleave(<u32>x >> depth, <u32>y >> depth);
  parent = <f64>((<u64>face << (2 * (order - depth))) + inFace);
  child = <u32>interleave(<u32>x & mask, <u32>y & mask);
}

@inline
function storePair(parentAt: usize, childAt: usize): void {
  v128.store(parentAt, f64x2.splat(parent));
  v128.store64_lane(childAt, i32x4.splat(child), 0);
}

/** Returns how many rows have a cell now. */
function storeOne(isClear: bool, parentAt: usize, childAt: usize): i32 {
  store<f64>(parentAt, isClear ? parent : LEFT);
  if (isClear) store<u32>(childAt, child);
  return i32(isClear);
}

@inline
function lane0(v: v128): f64 {
  return f64x2.extract_lane(v, 0);
}

@inline
function lane1(v: v128): f64 {
  return f64x2.extract_lane(v, 1);
}
