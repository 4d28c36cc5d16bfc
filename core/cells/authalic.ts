/**
 * Geodetic and authalic latitude on WGS84, both in degrees.
 *
 * Method: the Fourier series of Karney, "On auxiliary latitudes" (Survey Review 56, 2024), here with
 * seven terms, whose coefficients for the flattening of WGS84 were computed with 40 digits; the first
 * neglected term is below 1e-21 degrees. The sum runs by Clenshaw's recurrence, with our own sine.
 */
import { cosineDegrees, sineDegrees } from "./sine.ts";

/** authalic - geodetic in degrees: coefficients of sin(2k * geodetic), k = 1 to 7. */
const TO_AUTHALIC = [
  -0.12829727320045597,
  0.00012208932205142145,
  -1.4663466411823123e-07,
  1.9309803704322596e-10,
  -2.6743051549111094e-13,
  3.825231412849101e-16,
  -5.596736736894579e-19,
];

/** geodetic - authalic in degrees: coefficients of sin(2k * authalic), k = 1 to 7. */
const TO_GEODETIC = [
  0.12829722493881868,
  0.00016519506571990573,
  2.91418982074366e-07,
  5.845207893407121e-10,
  1.2573416018373193e-12,
  2.82625578830105e-15,
  6.5477328493682685e-18,
];

/** The sum of c[k-1] sin(2k x), x in degrees. */
function sineSeries(coefficients: readonly number[], degrees: number): number {
  const twice = 2 * cosineDegrees(2 * degrees);
  let next = 0;
  let sum = 0;
  for (let k = coefficients.length - 1; k >= 0; k--) {
    const value = coefficients[k] + twice * sum - next;
    next = sum;
    sum = value;
  }
  return sum * sineDegrees(2 * degrees);
}

/** Authalic latitude of a WGS84 geodetic latitude; poles and equator are kept exactly. */
export function authalicFromGeodetic(latitudeDegrees: number): number {
  return latitudeDegrees + sineSeries(TO_AUTHALIC, latitudeDegrees);
}

/** WGS84 geodetic latitude of an authalic latitude; poles and equator are kept exactly. */
export function geodeticFromAuthalic(latitudeDegrees: number): number {
  return latitudeDegrees + sineSeries(TO_GEODETIC, latitudeDegrees);
}
