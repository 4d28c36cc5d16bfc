/** Lines with fewer vertices that stay near the original: Douglas and Peucker, 1973. */
import type { Position } from "./geometry.ts";

/**
 * The indices of the vertices kept, ascending, so that every vertex left out lies within `tolerance`
 * degrees of arc of the simplified line. Longitudes are continuous; a degree of longitude counts as
 * the cosine of the latitude of the vertex in question. The line is straight in longitude and latitude.
 */
export function simplifyLine(line: readonly Position[], tolerance: number): number[] {
  const last = line.length - 1;
  if (last < 2) return line.map((_, index) => index);
  const keep = new Uint8Array(line.length);
  keep[0] = keep[last] = 1;
  const stack: [number, number][] = [[0, last]];
  while (stack.length > 0) {
    const [from, to] = stack.pop()!;
    let worst = tolerance * tolerance;
    let at = -1;
    for (let i = from + 1; i < to; i++) {
      const distance = squaredDistance(line[i], line[from], line[to]);
      if (distance > worst) {
        worst = distance;
        at = i;
      }
    }
    if (at < 0) continue;
    keep[at] = 1;
    stack.push([from, at], [at, to]);
  }
  const kept: number[] = [];
  for (let i = 0; i <= last; i++) if (keep[i]) kept.push(i);
  return kept;
}

function squaredDistance(point: Position, a: Position, b: Position): number {
  const scale = Math.cos(point[1] * Math.PI / 180);
  const ax = (a[0] - point[0]) * scale;
  const ay = a[1] - point[1];
  const dx = (b[0] - a[0]) * scale;
  const dy = b[1] - a[1];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.min(1, Math.max(0, -(ax * dx + ay * dy) / length));
  const x = ax + t * dx;
  const y = ay + t * dy;
  return x * x + y * y;
}
