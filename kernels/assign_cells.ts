/** The projection of core/cells/projection.ts for two rows at a time, to the same bits, and the ids of their cells. */

/** The leading coefficients of the belt, of the cap, and the end of the belt, in the table of coefficients. */
export const CAP: usize = 88;
export const TRANSITION: usize = 176;
const BELOW_ONE: f64 = 0.9999999999999999;
const JUST_NORTH: f64 = 5.551115123125783e-17;
export const NO_PARENT: f64 = -1;
const NO_CHILD: u32 = 0xffffffff;

/**
 * Writes of each row the id of its parent, as float64, and the number of its cell in the parent, as uint32: -1 and
 * 0xffffffff for places that are none. Rows are read in pairs: of an odd number, one more is. `places` has room for 12
 * bytes a row, and one more. Returns the number of rows with a cell.
 */
export function assignAnywhere(
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
  const bytes = <usize>((rows + 1) & ~1) << 3;
  const xs = places + (bytes >> 1), ys = xs + (bytes >> 1);
  const last = parents + bytes - 8, behind = rows & 1 ? load<f64>(last) : 0;
  // Passes of few steps each: those of many rows are under way at once.
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(parents + at, distances(v128.load(latitudes + at), coefficients));
  }
  for (let at: usize = 0; at < bytes; at += 16) {
    const longitude = v128.load(longitudes + at), latitude = v128.load(latitudes + at);
    const half = at >> 1, transition = v128.load64_splat(coefficients + TRANSITION);
    project(longitude, latitude, v128.load(parents + at), transition, order, places + half, xs + half, ys + half);
  }
  if (rows & 1) store<f64>(last, behind);
  return nameCells(places, xs, ys, rows, order - depth, depth, parents, children);
}

/** The heights of two points in the belt, or their widths in the cap. */
@inline
function distances(latitude: v128, coefficients: usize): v128 {
  const magnitude = f64x2.abs(latitude);
  const inBelt = f64x2.le(magnitude, v128.load64_splat(coefficients + TRANSITION));
  const colatitude = f64x2.sub(f64x2.splat(90), magnitude);
  const belts = i64x2.bitmask(inBelt);
  if (belts == 3) return oddPolynomial(magnitude, coefficients);
  const widths = oddPolynomial(colatitude, coefficients + CAP);
  return belts == 0
    ? widths
    : v128.bitselect(oddPolynomial(magnitude, coefficients), widths, inBelt);
}

/** Writes face, x and y of two points; the face is -1 where there is none. */
@inline
function project(
  longitude: v128,
  latitude: v128,
  distance: v128,
  transition: v128,
  order: i32,
  faceAt: usize,
  xAt: usize,
  yAt: usize,
): void {
  const nside = f64x2.splat(<f64>(1 << order)), last = i32x4.splat((1 << order) - 1);
  const magnitude = f64x2.abs(latitude);
  const inRange = v128.and(
    f64x2.le(magnitude, f64x2.splat(90)),
    v128.and(f64x2.ge(longitude, f64x2.splat(-180)), f64x2.le(longitude, f64x2.splat(360))),
  );
  let quarters = f64x2.div(longitude, f64x2.splat(90));
  quarters = f64x2.add(quarters, v128.and(f64x2.lt(quarters, f64x2.splat(0)), f64x2.splat(4)));
  quarters = f64x2.sub(quarters, v128.and(f64x2.ge(quarters, f64x2.splat(4)), f64x2.splat(4)));
  const inBelt = f64x2.le(magnitude, transition);
  const belts = i64x2.bitmask(inBelt);
  let face = i32x4.splat(0), x = face, y = face;
  if (belts != 0) {
    const height = f64x2.pmin(distance, f64x2.splat(0.5));
    const north = f64x2.pmax(height, f64x2.splat(JUST_NORTH));
    const signed = v128.bitselect(f64x2.neg(height), north, f64x2.lt(latitude, f64x2.splat(0)));
    const middle = f64x2.add(quarters, f64x2.splat(0.5));
    const falling = f64x2.sub(middle, signed), rising = f64x2.add(middle, signed);
    const p = whole(falling), m = whole(rising);
    const p3 = v128.and(p, i32x4.splat(3)), m3 = v128.and(m, i32x4.splat(3));
    const polar = v128.bitselect(p3, i32x4.add(m3, i32x4.splat(8)), i32x4.lt_s(p, m));
    face = v128.bitselect(v128.or(p3, i32x4.splat(4)), polar, i32x4.eq(p, m));
    x = whole(f64x2.mul(f64x2.sub(rising, f64x2.convert_low_i32x4_s(m)), nside));
    y = i32x4.sub(last, whole(f64x2.mul(f64x2.sub(falling, f64x2.convert_low_i32x4_s(p)), nside)));
  }
  if (belts != 3) {
    const width = f64x2.pmin(distance, f64x2.splat(BELOW_ONE));
    const column = whole(quarters);
    const across = f64x2.sub(quarters, f64x2.convert_low_i32x4_s(column));
    const p = whole(f64x2.mul(f64x2.mul(across, width), nside));
    const m = whole(f64x2.mul(f64x2.mul(f64x2.sub(f64x2.splat(1), across), width), nside));
    const north = narrow(f64x2.gt(latitude, f64x2.splat(0))), belt = narrow(inBelt);
    face = v128.bitselect(face, v128.bitselect(column, i32x4.add(column, i32x4.splat(8)), north), belt);
    x = v128.bitselect(x, v128.bitselect(i32x4.sub(last, m), p, north), belt);
    y = v128.bitselect(y, v128.bitselect(i32x4.sub(last, p), m, north), belt);
  }
  face = v128.or(face, v128.not(narrow(inRange)));
  v128.store64_lane(faceAt, face, 0);
  v128.store64_lane(xAt, x, 0);
  v128.store64_lane(yAt, y, 0);
}

/** As `oddPolynomial` of core/cells/projection.ts. */
@inline
export function oddPolynomial(v: v128, c: usize): v128 {
  const head = f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(v));
  const u = f64x2.mul(v, v);
  const first = v128.load64_splat(c), second = v128.load64_splat(c + 8);
  let tail = next(u, v128.load64_splat(c + 80), c + 72);
  tail = next(u, tail, c + 64);
  tail = next(u, tail, c + 56);
  tail = next(u, tail, c + 48);
  tail = next(u, tail, c + 40);
  tail = next(u, tail, c + 32);
  tail = next(u, tail, c + 24);
  tail = next(u, tail, c + 16);
  const rest = f64x2.mul(f64x2.sub(v, head), f64x2.add(first, second));
  const small = f64x2.add(f64x2.add(f64x2.mul(head, second), rest), f64x2.mul(f64x2.mul(v, u), tail));
  return f64x2.add(f64x2.mul(head, first), small);
}

/** One step of Horner's method. */
@inline
function next(u: v128, tail: v128, coefficient: usize): v128 {
  return f64x2.add(v128.load64_splat(coefficient), f64x2.mul(u, tail));
}

/** The whole parts, as the first two of four integers. */
@inline
function whole(v: v128): v128 {
  return i32x4.trunc_sat_f64x2_s_zero(v);
}

/** Two masks of 64 bits as the first two of 32. */
@inline
function narrow(mask: v128): v128 {
  return i8x16.shuffle(mask, mask, 0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11);
}

function nameCells(
  faces: usize,
  xs: usize,
  ys: usize,
  rows: i32,
  parentOrder: i32,
  depth: i32,
  parents: usize,
  children: usize,
): i32 {
  const mask: u32 = (1 << depth) - 1;
  let assigned = 0, lastFace = -1, lastX = -1, lastY = -1, parent = NO_PARENT, child = NO_CHILD;
  for (let row: usize = 0; row < <usize>rows; row++) {
    const face = load<i32>(faces + (row << 2)), x = load<i32>(xs + (row << 2)), y = load<i32>(ys + (row << 2));
    if (face != lastFace || x != lastX || y != lastY) {
      lastFace = face;
      lastX = x;
      lastY = y;
      parent = face < 0
        ? NO_PARENT
        : <f64>((<u64>face << (2 * parentOrder)) + interleave(<u32>x >> depth, <u32>y >> depth));
      child = face < 0 ? NO_CHILD : <u32>interleave(<u32>x & mask, <u32>y & mask);
    }
    store<f64>(parents + (row << 3), parent);
    store<u32>(children + (row << 2), child);
    assigned += face < 0 ? 0 : 1;
  }
  return assigned;
}

/** The bits of `x` at even places, those of `y` at odd ones. */
@inline
function interleave(x: u32, y: u32): u64 {
  return spread(x) | (spread(y) << 1);
}

@inline
function spread(bits: u32): u64 {
  let v = <u64>bits;
  v = (v | (v << 16)) & 0x0000ffff0000ffff;
  v = (v | (v << 8)) & 0x00ff00ff00ff00ff;
  v = (v | (v << 4)) & 0x0f0f0f0f0f0f0f0f;
  v = (v | (v << 2)) & 0x3333333333333333;
  return (v | (v << 1)) & 0x5555555555555555;
}
