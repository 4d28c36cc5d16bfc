/**
 * Sine and cosine of an angle in degrees from +, -, * and rounding to float32 only. Math.sin differs
 * in its last bit between engines and processors; these are the same bits everywhere.
 *
 * Method: exact reduction to [-45, 45] degrees, then near-minimax polynomials (Chebyshev interpolation
 * with 60 digits, relative error below 2^-68). The leading coefficient is split in two, the first part
 * of 28 bits: its product with a float32 is exact, so one rounding of the result dominates.
 */
const S_HIGH = 0.017453292501159012;
const S_LOW = 1.878428345154816e-11;
const C_HIGH = 0.00015230871031235438;
const C_LOW = -4.190000787288917e-13;

/** Sine of `r` degrees, |r| <= 45. */
function sineKernel(r: number): number {
  const head = Math.fround(r);
  const u = r * r;
  const tail = -8.86096155701298e-07 + u * (1.349601623163253e-11 + u * (-9.788384861609637e-17 +
            u * (4.1412674156880873e-22 + u * (-1.1468200122289841e-27 +
                    u * (2.239271471278833e-33 + u * -3.2189818641359005e-39)))));
  return head * S_HIGH + (head * S_LOW + (r - head) * (S_HIGH + S_LOW) + r * u * tail);
}

/** Cosine of `r` degrees, |r| <= 45: 1 - c r^2 + ..., the large product exact. */
function cosineKernel(r: number): number {
  const head = Math.fround(r);
  const u = r * r;
  const square = Math.fround(u);
  const rest = (head * head - square) + (r - head) * (r + head);
  const tail = -3.866323851562994e-09 + u * (3.925831985743093e-14 + u * (-2.135494303594201e-19 +
            u * (7.227875162147608e-25 + u * (-1.6679821751382878e-30 +
                    u * (2.79164525345545e-36 + u * -3.5149100988343596e-42)))));
  const large = square * C_HIGH;
  const whole = 1 - large;
  return whole + ((1 - whole - large) - (rest * C_HIGH + u * C_LOW + u * u * tail));
}

/** Sine of an angle in degrees, within one unit in the last place; NaN for what is not finite. */
export function sineDegrees(degrees: number): number {
  const turn = degrees % 360;
  const quarter = Math.round(turn / 90);
  const r = turn - quarter * 90;
  const value = quarter & 1 ? cosineKernel(r) : sineKernel(r);
  return quarter & 2 ? -value : value;
}

/** Cosine of an angle in degrees, within one unit in the last place; NaN for what is not finite. */
export function cosineDegrees(degrees: number): number {
  const turn = degrees % 360;
  const quarter = Math.round(turn / 90);
  const r = turn - quarter * 90;
  const value = quarter & 1 ? sineKernel(r) : cosineKernel(r);
  return (quarter + 1) & 2 ? -value : value;
}

/**
 * Writes `radius` times cosine and sine of an angle from -360 to 360 degrees to `out` from `at`: the
 * same bits as the two functions give.
 */
export function polarDegrees(radius: number, degrees: number, out: Float64Array, at: number): void {
  const quarter = Math.floor(degrees / 90 + 0.5);
  const r = degrees - quarter * 90;
  const sine = sineKernel(r);
  const cosine = cosineKernel(r);
  const x = quarter & 1 ? sine : cosine;
  const y = quarter & 1 ? cosine : sine;
  out[at] = radius * ((quarter + 1) & 2 ? -x : x);
  out[at + 1] = radius * (quarter & 2 ? -y : y);
}
