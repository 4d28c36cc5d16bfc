/** Which cell of a window each pixel's middle lies in, as core/raster/warp/nearest.ts defines it. */

/** Bytes of one patch of a mesh. */
const PATCH: usize = 96;
/** Middles on the border of two cells, but for rounding, belong to the right and the lower one. */
const BORDER: f64 = 1e-10;

/**
 * Writes an int32 for each of `pixels` pixels to `cells`: the number of its cell in a window of `columns` by `rows`, -1
 * for none. `turns` where the window goes around the Earth. `patches` patches of float64 stand at `mesh`
 * (core/raster/warp/mesh.ts); the output has `width` pixels a row.
 */
export function nearestCells(
  mesh: usize,
  patches: i32,
  width: i32,
  pixels: i32,
  columns: i32,
  rows: i32,
  turns: bool,
  cells: usize,
): void {
  memory.fill(cells, 0xff, <usize>pixels << 2);
  for (const end = mesh + <usize>patches * PATCH; mesh < end; mesh += PATCH) {
    const first = <i32>load<f64>(mesh, 8) * width + <i32>load<f64>(mesh);
    const count = <i32>load<f64>(mesh, 16), height = <i32>load<f64>(mesh, 24);
    for (let y = 0; y < height; y++) {
      const row = <f64>y;
      const u = load<f64>(mesh, 32) + row * load<f64>(mesh, 64);
      const v = load<f64>(mesh, 40) + row * load<f64>(mesh, 72);
      const du = load<f64>(mesh, 48) + row * load<f64>(mesh, 80);
      const dv = load<f64>(mesh, 56) + row * load<f64>(mesh, 88);
      const to = cells + (<usize>(first + y * width) << 2);
      if (turns) turningRow(to, count, u, v, du, dv, columns, rows);
      else straightRow(to, count, u, v, du, dv, columns, rows);
    }
  }
}

/** Two pixels at a time. */
function straightRow(to: usize, count: i32, u: f64, v: f64, du: f64, dv: f64, columns: i32, rows: i32): void {
  const border = f64x2.splat(BORDER), zero = f64x2.splat(0);
  const right = f64x2.splat(<f64>columns), bottom = f64x2.splat(<f64>rows), across = i32x4.splat(columns);
  const us = f64x2.splat(u), vs = f64x2.splat(v), dus = f64x2.splat(du), dvs = f64x2.splat(dv);
  let ks = f64x2(0, 1);
  let k = 0;
  for (; k + 2 <= count; k += 2, to += 8) {
    const x = f64x2.add(f64x2.add(us, f64x2.mul(ks, dus)), border);
    const y = f64x2.add(f64x2.add(vs, f64x2.mul(ks, dvs)), border);
    ks = f64x2.add(ks, f64x2.splat(2));
    const isAcross = v128.and(f64x2.ge(x, zero), f64x2.lt(x, right));
    const isDown = v128.and(f64x2.ge(y, zero), f64x2.lt(y, bottom));
    const cell = i32x4.add(
      i32x4.mul(i32x4.trunc_sat_f64x2_s_zero(y), across),
      i32x4.trunc_sat_f64x2_s_zero(x),
    );
    const inside = v128.and(isAcross, isDown);
    const none = v128.not(i8x16.shuffle(inside, inside, 0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11));
    v128.store64_lane(to, v128.or(cell, none), 0);
  }
  if (k < count) writeCell(to, u + <f64>k * du + BORDER, v + <f64>k * dv + BORDER, columns, rows);
}

function turningRow(to: usize, count: i32, u: f64, v: f64, du: f64, dv: f64, columns: i32, rows: i32): void {
  const turn = <f64>columns;
  for (let k = 0; k < count; k++, to += 4) {
    const x = Math.floor(u + <f64>k * du + BORDER);
    writeCell(to, x - turn * Math.floor(x / turn), v + <f64>k * dv + BORDER, columns, rows);
  }
}

@inline
function writeCell(to: usize, x: f64, y: f64, columns: i32, rows: i32): void {
  if (x >= 0 && x < <f64>columns && y >= 0 && y < <f64>rows) store<i32>(to, <i32>y * columns + <i32>x);
}
