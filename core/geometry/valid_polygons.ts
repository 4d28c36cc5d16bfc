/**
 * Polygons made valid by the rules of simple features (OGC 06-103r4, 6.1.11): rings that cross nothing,
 * parts that share no edge. The method is an arrangement: all edges are cut where they meet, those with
 * inside on one side only remain, and rings are traced along them with the inside on the left.
 */
import { inRing, signedArea } from "./antimeridian.ts";
import { type Edge, edgesOf, isSame, meetings, somePair } from "./crossings.ts";
import type { Position, Ring } from "./geometry.ts";

/** A polygon's rings, each closed: the outer one, then holes. */
export type Rings = Ring[];

/** Rounds of cutting: rounded meetings may make new ones. */
const MOST_ROUNDS = 8;
/** More edges than this are not arranged. */
const MOST_EDGES = 6000;
/** Meetings are rounded to this part of a degree: a tenth of a millimetre. */
const GRID = 1e9;

/** Whether polygons, rings closed, are valid as one multi-polygon. */
export function areValid(polygons: readonly Rings[]): boolean {
  const rings = polygons.flat();
  if (rings.some((ring) => ring.length < 4 || hasRepeats(ring))) return false;
  const edges = edgesOf(rings);
  if (somePair(edges, (i, j) => !isJoint(edges[i], edges[j]))) return false;
  return polygons.every(([outer, ...holes], at) => {
    const others = polygons.filter((_, i) => i !== at).map(([other]) => other);
    return holes.every((hole) => isInside(hole, outer)) &&
      holes.every((hole, i) => !holes.some((other, j) => i !== j && isInside(hole, other))) &&
      others.every((other, i) => {
        const holesOfOther = polygons.filter((_, k) => k !== at)[i].slice(1);
        return !isInside(outer, other) || holesOfOther.some((hole) => isInside(outer, hole));
      });
  });
}

/**
 * The union of polygons (an outer ring encloses what it winds around, either way; holes are taken out) as
 * valid polygons, outer rings counterclockwise. Undefined where that cannot be determined.
 */
export function unionPolygons(polygons: readonly Rings[]): Rings[] | undefined {
  const rings = polygons.flat();
  const owners = polygons.flatMap((one, owner) => one.map((_, i) => ({ owner, isHole: i > 0 })));
  const edges = cutEdges(edgesOf(rings.map((ring) => ring.map(onGrid))));
  if (edges === undefined) return undefined;
  const border = borderOf(edges, owners, polygons.length);
  const traced = traceRings(border);
  const made = traced === undefined ? undefined : withHoles(traced);
  return made !== undefined && areValid(made) ? made : undefined;
}

/** Edges of valid rings meet at their ends only, in rings of different parts or as neighbours. */
function isJoint(p: Edge, q: Edge): boolean {
  const places = meetings(p, q);
  if (places.length === 0) return true;
  return places.length === 1 &&
    [p.a, p.b].some((end) => isSame(end, places[0])) && [q.a, q.b].some((end) => isSame(end, places[0]));
}

function hasRepeats(ring: Ring): boolean {
  return new Set(ring.map(nameOf)).size !== ring.length - 1;
}

/** Whether a ring lies in another that it crosses nowhere. */
function isInside(ring: Ring, other: Ring): boolean {
  const free = ring.find((place) => !other.some((corner) => isSame(corner, place)));
  if (free !== undefined) return inRing(free, other);
  const [a, b] = [ring[0], ring[1]];
  return inRing([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], other);
}

function onGrid([x, y]: Position): Position {
  return [Math.round(x * GRID) / GRID, Math.round(y * GRID) / GRID];
}

function nameOf([x, y]: Position): string {
  return `${x === 0 ? 0 : x} ${y === 0 ? 0 : y}`;
}

/** Edges cut where they meet others, until none is met between its ends. */
function cutEdges(edges: Edge[]): Edge[] | undefined {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    if (edges.length > MOST_EDGES) return undefined;
    const cuts = new Map<number, Position[]>();
    somePair(edges, (i, j) => {
      for (const place of meetings(edges[i], edges[j]).map(onGrid)) {
        for (const k of [i, j]) {
          if (isSame(place, edges[k].a) || isSame(place, edges[k].b)) continue;
          const list = cuts.get(k);
          if (list === undefined) cuts.set(k, [place]);
          else list.push(place);
        }
      }
      return false;
    });
    if (cuts.size === 0) return edges;
    edges = edges.flatMap((edge, i) => {
      const places = cuts.get(i);
      return places === undefined ? [edge] : splitEdge(edge, places);
    });
  }
  return undefined;
}

function splitEdge({ ring, a, b }: Edge, places: readonly Position[]): Edge[] {
  const along = ([x, y]: Position) => (x - a[0]) * (b[0] - a[0]) + (y - a[1]) * (b[1] - a[1]);
  const line = [a, ...places.toSorted((p, q) => along(p) - along(q)), b];
  return edgesOf([line]).map((edge) => ({ ...edge, ring }));
}

/** Edges with inside on their left and outside on their right. */
function borderOf(
  edges: readonly Edge[],
  owners: readonly { owner: number; isHole: boolean }[],
  parts: number,
): Edge[] {
  // Edges that lie on each other count together: how often each ring runs each way.
  const lines = new Map<string, { a: Position; b: Position; runs: Int32Array }>();
  for (const { ring, a, b } of edges) {
    const [from, to] = [nameOf(a), nameOf(b)];
    const forward = from < to;
    const key = forward ? `${from} ${to}` : `${to} ${from}`;
    let line = lines.get(key);
    if (line === undefined) {
      line = { a: forward ? a : b, b: forward ? b : a, runs: new Int32Array(owners.length) };
      lines.set(key, line);
    }
    line.runs[ring] += forward ? 1 : -1;
  }
  const border: Edge[] = [];
  for (const line of lines.values()) {
    const right = windings(line, lines.values(), owners.length);
    const left = right.map((count, ring) => count + line.runs[ring]);
    const [inLeft, inRight] = [left, right].map((counts) => isCovered(counts, owners, parts));
    if (inLeft === inRight) continue;
    const { a, b } = line;
    border.push(inLeft ? { ring: 0, a, b } : { ring: 0, a: b, b: a });
  }
  return border;
}

interface Line {
  a: Position;
  b: Position;
  runs: Int32Array;
}

/** How often each ring winds around the places just right of a line's middle. */
function windings(line: Line, lines: Iterable<Line>, rings: number): Int32Array {
  const { a, b } = line;
  const counts = new Int32Array(rings);
  const middle = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  // Rays run along the axis that the line is farther from; u is the ray's axis, v the other.
  const u = Math.abs(b[1] - a[1]) >= Math.abs(b[0] - a[0]) ? 0 : 1;
  const v = 1 - u;
  // On the right: east of a line that runs north, south of one that runs east.
  const toward = u === 0 ? Math.sign(b[1] - a[1]) : -Math.sign(b[0] - a[0]);
  for (const other of lines) {
    if (other === line) continue;
    const { a: p, b: q } = other;
    if ((p[v] > middle[v]) === (q[v] > middle[v])) continue;
    const at = p[u] + (q[u] - p[u]) * (middle[v] - p[v]) / (q[v] - p[v]);
    if ((at - middle[u]) * toward <= 0) continue;
    // Counterclockwise rings go north where a ray to the east leaves them, and west where one to the north does.
    const sense = Math.sign(q[v] - p[v]) * toward * (u === 0 ? 1 : -1);
    for (let ring = 0; ring < rings; ring++) counts[ring] += sense * other.runs[ring];
  }
  return counts;
}

function isCovered(
  counts: Int32Array,
  owners: readonly { owner: number; isHole: boolean }[],
  parts: number,
): boolean {
  const inOuter = new Uint8Array(parts);
  const inHole = new Uint8Array(parts);
  for (const [ring, { owner, isHole }] of owners.entries()) {
    if (counts[ring] !== 0) (isHole ? inHole : inOuter)[owner] = 1;
  }
  return inOuter.some((inside, part) => inside === 1 && inHole[part] === 0);
}

/** Closed rings along the edges of a border; those that touch themselves are cut apart there. */
function traceRings(border: readonly Edge[]): Ring[] | undefined {
  const leaving = new Map<string, Edge[]>();
  for (const edge of border) {
    const name = nameOf(edge.a);
    const list = leaving.get(name);
    if (list === undefined) leaving.set(name, [edge]);
    else list.push(edge);
  }
  const used = new Set<Edge>();
  const rings: Ring[] = [];
  for (const first of border) {
    if (used.has(first)) continue;
    const path: Position[] = [];
    const placeOf = new Map<string, number>();
    for (let edge: Edge | undefined = first; edge !== undefined && !used.has(edge);) {
      used.add(edge);
      const name = nameOf(edge.a);
      const before = placeOf.get(name);
      if (before !== undefined) rings.push(loop(path, before, placeOf));
      placeOf.set(name, path.length);
      path.push(edge.a);
      edge = nextOf(edge, leaving.get(nameOf(edge.b)) ?? [], used);
    }
    if (path.length > 0) rings.push(loop(path, 0, placeOf));
  }
  return rings.some((ring) => ring.length < 4) ? undefined : rings;
}

/** Takes what came since `from` off a path, as a closed ring. */
function loop(path: Position[], from: number, placeOf: Map<string, number>): Ring {
  const ring = path.splice(from);
  for (const place of ring) placeOf.delete(nameOf(place));
  return [...ring, ring[0]];
}

/** The edge that bounds the inside at the end of `edge`: the first one clockwise from the way back. */
function nextOf(edge: Edge, leaving: readonly Edge[], used: ReadonlySet<Edge>): Edge | undefined {
  const back = Math.atan2(edge.a[1] - edge.b[1], edge.a[0] - edge.b[0]);
  let best: Edge | undefined;
  let least = Infinity;
  for (const next of leaving) {
    if (used.has(next)) continue;
    const angle = Math.atan2(next.b[1] - next.a[1], next.b[0] - next.a[0]);
    const turn = (back - angle + 4 * Math.PI) % (2 * Math.PI) || 2 * Math.PI;
    if (turn < least) [best, least] = [next, turn];
  }
  return best;
}

/** Counterclockwise rings with the clockwise ones in them, each in the smallest that holds it. */
function withHoles(rings: readonly Ring[]): Rings[] | undefined {
  const outers = rings.filter((ring) => signedArea(ring) > 0)
    .sort((a, b) => signedArea(a) - signedArea(b)).map((ring): Rings => [ring]);
  for (const hole of rings) {
    if (signedArea(hole) > 0) continue;
    const home = outers.find(([outer]) => isInside(hole, outer));
    if (home === undefined) return undefined;
    home.push(hole);
  }
  return outers;
}
