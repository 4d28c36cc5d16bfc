/** Where edges of rings meet that should not: the first question of whether polygons are valid. */
import type { Position, Ring } from "./geometry.ts";

/** An edge of a ring in the plane. */
export interface Edge {
  ring: number;
  a: Position;
  b: Position;
}

/** The edges of closed rings that have a length. */
export function edgesOf(rings: readonly Ring[]): Edge[] {
  const edges: Edge[] = [];
  for (const [ring, positions] of rings.entries()) {
    for (let i = 1; i < positions.length; i++) {
      const [a, b] = [positions[i - 1], positions[i]];
      if (a[0] !== b[0] || a[1] !== b[1]) edges.push({ ring, a, b });
    }
  }
  return edges;
}

/**
 * Calls `found` with every two edges whose boxes meet, until it says true: a sweep from west to east.
 * Returns whether it did.
 */
export function somePair(edges: readonly Edge[], found: (i: number, j: number) => boolean): boolean {
  const order = edges.map((_, i) => i).sort((i, j) => west(edges[i]) - west(edges[j]));
  let active: number[] = [];
  for (const i of order) {
    const edge = edges[i];
    const from = west(edge);
    const [south, north] = [Math.min(edge.a[1], edge.b[1]), Math.max(edge.a[1], edge.b[1])];
    active = active.filter((j) => Math.max(edges[j].a[0], edges[j].b[0]) >= from);
    for (const j of active) {
      const { a, b } = edges[j];
      if (Math.min(a[1], b[1]) > north || Math.max(a[1], b[1]) < south) continue;
      if (found(i, j)) return true;
    }
    active.push(i);
  }
  return false;
}

function west({ a, b }: Edge): number {
  return Math.min(a[0], b[0]);
}

/** The places, ends included, where two edges meet: none, one, or the two ends of what they share. */
export function meetings(p: Edge, q: Edge): Position[] {
  const places = [
    ...[q.a, q.b].filter((place) => liesOn(place, p)),
    ...[p.a, p.b].filter((place) => liesOn(place, q)),
  ];
  if (places.length > 0) {
    return places.filter((one, i) => places.findIndex((other) => isSame(one, other)) === i);
  }
  const sides = [side(p, q.a), side(p, q.b), side(q, p.a), side(q, p.b)];
  if (sides[0] * sides[1] >= 0 || sides[2] * sides[3] >= 0) return [];
  const part = sides[2] / (sides[2] - sides[3]);
  return [[p.a[0] + part * (p.b[0] - p.a[0]), p.a[1] + part * (p.b[1] - p.a[1])]];
}

export function isSame(a: Position, b: Position): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

/** Whether a place is an end of an edge, or lies on it exactly. */
function liesOn(place: Position, { a, b }: Edge): boolean {
  if (isSame(place, a) || isSame(place, b)) return true;
  const within = (k: number) => Math.min(a[k], b[k]) <= place[k] && place[k] <= Math.max(a[k], b[k]);
  return within(0) && within(1) && side({ a, b }, place) === 0;
}

/** Positive where a place lies on the left of an edge; 0 within rounding of it. */
function side({ a, b }: Pick<Edge, "a" | "b">, [x, y]: Position): number {
  const left = (b[0] - a[0]) * (y - a[1]);
  const right = (b[1] - a[1]) * (x - a[0]);
  const difference = left - right;
  return Math.abs(difference) <= ROUNDING * (Math.abs(left) + Math.abs(right)) ? 0 : difference;
}

/** Rounding of the two products. */
const ROUNDING = 4 * Number.EPSILON;
