/**
 * Values of chosen rows, one after the other. One loop a type: an engine compiles a loop that has met several types of
 * array for all of them, and it is then several times slower.
 */

export function gatherUint16(
  from: Uint32Array,
  rows: Uint32Array,
  begin: number,
  end: number,
  into: Uint16Array,
  out: number,
): void {
  for (let k = begin; k < end; k++) into[out++] = from[rows[k]];
}

export function gatherUint32(
  from: Uint32Array,
  rows: Uint32Array,
  begin: number,
  end: number,
  into: Uint32Array,
  out: number,
): void {
  for (let k = begin; k < end; k++) into[out++] = from[rows[k]];
}

export function gatherFloat32(
  from: Float32Array,
  rows: Uint32Array,
  begin: number,
  end: number,
  into: Float32Array,
  out: number,
): void {
  for (let k = begin; k < end; k++) into[out++] = from[rows[k]];
}

export function gatherFloat64(
  from: Float64Array,
  rows: Uint32Array,
  begin: number,
  end: number,
  into: Float64Array,
  out: number,
): void {
  for (let k = begin; k < end; k++) into[out++] = from[rows[k]];
}
