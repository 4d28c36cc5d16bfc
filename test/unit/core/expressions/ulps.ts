/** How far numbers lie apart, in units of the last place. */

/** The distance in units of the last place. */
function ulps(a: number, b: number): number {
  if (Object.is(a, b) || a === b) return 0;
  const view = new DataView(new ArrayBuffer(8));
  const key = (value: number): bigint => {
    view.setFloat64(0, value);
    const bits = view.getBigInt64(0);
    return bits < 0n ? -(bits & 0x7fffffffffffffffn) : bits;
  };
  const distance = key(a) - key(b);
  return Number(distance < 0n ? -distance : distance);
}

/** The greatest distance of pairs, and how many are equal. */
export function worst(pairs: Iterable<readonly [number, number]>): { ulps: number; exact: number } {
  let most = 0;
  let exact = 0;
  for (const [found, wanted] of pairs) {
    most = Math.max(most, ulps(found, wanted));
    if (found === wanted) exact += 1;
  }
  return { ulps: most, exact };
}
