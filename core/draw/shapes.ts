/** Anti-aliased strokes and fills as masks. Points are x, y pairs in pixels, centres at half pixels. */
import type { Mask, Rectangle } from "./canvas.ts";

/**
 * Lines with round ends, `width` pixels wide. `segments` holds x1, y1, x2, y2 for each. Overlaps count
 * once: a pixel's coverage is that of the nearest segment, by its distance.
 */
export function strokeMask(segments: ArrayLike<number>, width: number, clip: Rectangle): Mask {
  const reach = width / 2 + 0.5;
  const box = boundsOf(segments, reach, clip);
  const columns = box.right - box.left;
  const coverage = new Float32Array(columns * (box.bottom - box.top));
  for (let i = 0; i < segments.length; i += 4) {
    const x1 = segments[i], y1 = segments[i + 1], x2 = segments[i + 2], y2 = segments[i + 3];
    const dx = x2 - x1, dy = y2 - y1;
    const lengthSquared = dx * dx + dy * dy;
    const top = Math.max(box.top, Math.floor(Math.min(y1, y2) - reach));
    const bottom = Math.min(box.bottom, Math.ceil(Math.max(y1, y2) + reach));
    const left = Math.max(box.left, Math.floor(Math.min(x1, x2) - reach));
    const right = Math.min(box.right, Math.ceil(Math.max(x1, x2) + reach));
    for (let y = top; y < bottom; y++) {
      const py = y + 0.5 - y1;
      let from = left, to = right;
      if (Math.abs(dx) > 2 * reach && Math.abs(dy) > 1e-9) {
        // Only the columns that the slanted line comes near in this row.
        const centre = x1 + (py / dy) * dx;
        const spread = Math.abs(dx / dy) * (reach + 0.5) + reach;
        from = Math.max(left, Math.floor(centre - spread));
        to = Math.min(right, Math.ceil(centre + spread));
      }
      const row = (y - box.top) * columns - box.left;
      for (let x = from; x < to; x++) {
        const px = x + 0.5 - x1;
        const t = lengthSquared === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / lengthSquared));
        const distance = Math.hypot(px - t * dx, py - t * dy);
        const covered = Math.min(1, reach - distance, width);
        if (covered > coverage[row + x]) coverage[row + x] = covered;
      }
    }
  }
  return { ...box, coverage };
}

/** The segments of a chain of points. */
export function segmentsOf(points: ArrayLike<number>, closed = false): number[] {
  const segments: number[] = [];
  for (let i = 0; i + 3 < points.length; i += 2) {
    segments.push(points[i], points[i + 1], points[i + 2], points[i + 3]);
  }
  if (closed) segments.push(points[points.length - 2], points[points.length - 1], points[0], points[1]);
  return segments;
}

/** The outline of a rectangle. */
export function outlineOf({ left, top, right, bottom }: Rectangle): number[] {
  return segmentsOf([left, top, right, top, right, bottom, left, bottom], true);
}

/**
 * The inside of rings, holes being rings of the other turn. Exact areas: every edge adds the signed
 * area to its right to an accumulator, and a running sum along each row is the coverage.
 */
export function fillMask(rings: readonly ArrayLike<number>[], clip: Rectangle): Mask {
  const columns = clip.right - clip.left, rows = clip.bottom - clip.top;
  const stride = columns + 1;
  const sums = new Float32Array(stride * rows);
  for (const ring of rings) {
    for (let i = 0; i < ring.length; i += 2) {
      const next = i + 2 < ring.length ? i + 2 : 0;
      addEdge(
        sums,
        stride,
        rows,
        ring[i] - clip.left,
        ring[i + 1] - clip.top,
        ring[next] - clip.left,
        ring[next + 1] - clip.top,
      );
    }
  }
  const coverage = new Float32Array(columns * rows);
  for (let y = 0; y < rows; y++) {
    let sum = 0;
    for (let x = 0; x < columns; x++) {
      sum += sums[y * stride + x];
      coverage[y * columns + x] = Math.min(1, Math.abs(sum));
    }
  }
  return { ...clip, coverage };
}

function addEdge(
  sums: Float32Array,
  stride: number,
  rows: number,
  x1: number,
  y1: number,
  x2: number,
  y2: number,
): void {
  if (y1 === y2) return;
  const turn = y1 < y2 ? 1 : -1;
  const [topX, topY, endX, endY] = y1 < y2 ? [x1, y1, x2, y2] : [x2, y2, x1, y1];
  const slope = (endX - topX) / (endY - topY);
  const last = Math.min(rows, Math.ceil(endY));
  const columns = stride - 1;
  for (let row = Math.max(0, Math.floor(topY)); row < last; row++) {
    const from = Math.max(topY, row), to = Math.min(endY, row + 1);
    const height = turn * (to - from);
    if (height === 0) continue;
    const a = clamp(topX + (from - topY) * slope, columns), b = clamp(topX + (to - topY) * slope, columns);
    const left = Math.min(a, b), right = Math.max(a, b);
    const firstColumn = Math.floor(left);
    const lastColumn = Math.floor(right);
    const at = row * stride;
    if (firstColumn === lastColumn || right - left < 1e-9) {
      const beyond = (left + right) / 2 - firstColumn;
      sums[at + firstColumn] += height * (1 - beyond);
      if (firstColumn < columns) sums[at + firstColumn + 1] += height * beyond;
      continue;
    }
    // A column is covered by the height gone before it, and by half of what it gains inside.
    const perColumn = height / (right - left);
    let before = 0, previous = 0;
    for (let column = firstColumn; column <= lastColumn; column++) {
      const start = Math.max(left, column), end = Math.min(right, column + 1);
      const gained = perColumn * (end - start);
      const covered = before + gained * (column + 1 - (start + end) / 2);
      sums[at + column] += covered - previous;
      previous = covered;
      before += gained;
    }
    if (lastColumn < columns) sums[at + lastColumn + 1] += height - previous;
  }
}

const clamp = (x: number, most: number): number => (x < 0 ? 0 : x > most ? most : x);

function boundsOf(segments: ArrayLike<number>, reach: number, clip: Rectangle): Rectangle {
  let left = Infinity, top = Infinity, right = -Infinity, bottom = -Infinity;
  for (let i = 0; i < segments.length; i += 2) {
    left = Math.min(left, segments[i]);
    right = Math.max(right, segments[i]);
    top = Math.min(top, segments[i + 1]);
    bottom = Math.max(bottom, segments[i + 1]);
  }
  const box = {
    left: Math.max(clip.left, Math.floor(left - reach)),
    top: Math.max(clip.top, Math.floor(top - reach)),
    right: Math.min(clip.right, Math.ceil(right + reach)),
    bottom: Math.min(clip.bottom, Math.ceil(bottom + reach)),
  };
  return box.right > box.left && box.bottom > box.top
    ? box
    : { left: clip.left, top: clip.top, right: clip.left, bottom: clip.top };
}
