/**
 * Lines and polygons of longitude and latitude, split where they cross the antimeridian and closed
 * around a pole, as GeoJSON (RFC 7946, section 3.1.9) and GeoParquet want them. Two neighbouring
 * vertices are joined the short way round, by a straight line in unwrapped longitude and latitude.
 */
import type { Polygon, Position, Ring } from "./geometry.ts";

/** A longitude in -180 to 180; 180 itself stays. */
export function wrapLongitude(longitude: number): number {
  if (longitude >= -180 && longitude <= 180) return longitude;
  const wrapped = ((longitude + 180) % 360 + 360) % 360 - 180;
  return wrapped === -180 && longitude > 0 ? 180 : wrapped;
}

/** Longitudes made continuous: every step is at most 180 degrees. */
export function unwrap(positions: readonly Position[]): Position[] {
  const unwrapped: Position[] = [];
  let turn = 0;
  for (let i = 0; i < positions.length; i++) {
    const [x, y] = positions[i] as [number, number];
    if (i > 0) {
      const step = x - positions[i - 1][0];
      if (step > 180) turn -= 360;
      else if (step < -180) turn += 360;
    }
    unwrapped.push([x + turn, y]);
  }
  return unwrapped;
}

/** The parts of a line between crossings, each within -180 to 180. Parts have two vertices or more. */
export function splitLine(line: readonly Position[]): Position[][] {
  const points = unwrap(line.map(([x, y]) => [wrapLongitude(x), y]));
  const parts: Position[][] = [];
  let part: Position[] = [];
  let strip = 0;
  for (let i = 0; i < points.length; i++) {
    const [x, y] = points[i] as [number, number];
    const here = stripOf(x, i === 0 ? undefined : strip);
    if (i > 0) {
      const [px, py] = points[i - 1] as [number, number];
      while (strip !== here) {
        const edge = here > strip ? 180 + 360 * strip : -180 + 360 * strip;
        const at = py + (y - py) * (edge - px) / (x - px);
        part.push([edge - 360 * strip, at]);
        parts.push(part);
        strip += here > strip ? 1 : -1;
        part = [[edge - 360 * strip, at]];
      }
    }
    strip = here;
    part.push([x - 360 * strip, y]);
  }
  parts.push(part);
  return parts.map(withoutRepeats).filter((part) => part.length > 1);
}

/** The strip of 360 degrees that holds `x`; one on a border stays in the strip that it came from. */
function stripOf(x: number, from: number | undefined): number {
  const strip = Math.floor((x + 180) / 360);
  const onBorder = x === -180 + 360 * strip;
  return onBorder && from === strip - 1 ? from : strip;
}

function withoutRepeats(positions: readonly Position[]): Position[] {
  return positions.filter(([x, y], i) => i === 0 || x !== positions[i - 1][0] || y !== positions[i - 1][1]);
}

interface SplitOptions {
  /** The pole that a ring around the globe encloses; default the one that lies nearer. */
  pole?: "north" | "south" | undefined;
}

/**
 * A polygon (outer ring, then holes; closed or not, either winding) as polygons within -180 to 180,
 * outer rings counterclockwise. A ring that runs once around the globe is closed over a pole, along the
 * antimeridian; with a hole around the same pole the two bound a band.
 * Rings of fewer than three different vertices are left out.
 */
export function splitPolygon(rings: readonly Ring[], options: SplitOptions = {}): Polygon[] {
  const stated = rings[0] === undefined ? undefined : openRing(rings[0]);
  if (stated === undefined) return [];
  const holes = rings.slice(1).map(openRing).filter((hole) => hole !== undefined);
  const outer = turns(stated)
    ? closedAround(stated, holes.find(turns), options.pole ?? smallerSide(stated))
    : stated.points;
  orient(outer, true);
  const middle = centreOf(outer);
  const inner = holes.filter((hole) => !turns(hole)).map(({ points }): Ring => {
    orient(points, false);
    const shift = 360 * Math.round((middle - centreOf(points)) / 360);
    return points.map(([x, y]) => [x + shift, y]);
  });
  const [least, greatest] = spanOf(outer);
  const first = Math.floor((least + 180) / 360);
  const last = Math.ceil((greatest + 180) / 360) - 1;
  const polygons: Polygon[] = [];
  let rest: Ring[] = [outer, ...inner];
  for (let strip = first; strip <= last; strip++) {
    const { left, right } = strip === last
      ? { left: rest, right: [] as Ring[] }
      : cutRings(rest, 180 + 360 * strip);
    for (const polygon of assemble(left)) polygons.push(closed(polygon, -360 * strip));
    rest = right;
  }
  return polygons;
}

/** A ring without its closing vertex, longitudes continuous, and how far it leads around the globe. */
interface OpenRing {
  points: Ring;
  /** Degrees of longitude from the first vertex around to it again: 0, or a whole turn. */
  turn: number;
}

function openRing(ring: Ring): OpenRing | undefined {
  let open = withoutRepeats(ring.map(([x, y]) => [wrapLongitude(x), y]));
  const [first, last] = [open[0], open[open.length - 1]];
  if (open.length > 1 && first[0] === last[0] && first[1] === last[1]) open = open.slice(0, -1);
  if (open.length < 3) return undefined;
  const around = unwrap([...open, open[0]]);
  return { points: around.slice(0, -1), turn: around[around.length - 1][0] - around[0][0] };
}

function turns({ turn }: OpenRing): boolean {
  return Math.abs(turn) >= 180;
}

/** The pole on the side of a ring around the globe that has less area. */
function smallerSide({ points, turn }: OpenRing): "north" | "south" {
  let sines = 0;
  for (const [i, [x, y]] of points.entries()) {
    const [nextX, nextY] = points[i + 1] ?? [points[0][0] + turn, points[0][1]];
    sines += (nextX - x) * (Math.sin(y * Math.PI / 180) + Math.sin(nextY * Math.PI / 180));
  }
  return sines * turn >= 0 ? "north" : "south";
}

/** What lies between a ring around the globe and a pole, or a hole around that pole, cut along the antimeridian. */
function closedAround(outer: OpenRing, hole: OpenRing | undefined, pole: "north" | "south"): Ring {
  const toPole = pole === "north" ? 1 : -1;
  // The cut runs from the crossing nearest to the pole, so that it meets the ring nowhere else.
  const edge = cutOpen(outer, toPole);
  if (hole !== undefined) {
    const inner = cutOpen(hole, -toPole);
    if (Math.sign(hole.turn) === Math.sign(outer.turn)) inner.reverse();
    const shift = 360 * Math.round((edge[edge.length - 1][0] - inner[0][0]) / 360);
    return [...edge, ...inner.map(([x, y]) => [x + shift, y])];
  }
  return withoutRepeats([...edge, [edge[edge.length - 1][0], 90 * toPole], [edge[0][0], 90 * toPole]]);
}

/** A ring around the globe as a line from the antimeridian to the antimeridian, cut where it lies farthest `toward`. */
function cutOpen({ points, turn }: OpenRing, toward: number): Ring {
  const next = (i: number): Position => points[i + 1] ?? [points[0][0] + turn, points[0][1]];
  let best: { after: number; x: number; y: number } | undefined;
  for (const [i, [x, y]] of points.entries()) {
    const [nextX, nextY] = next(i) as [number, number];
    const cut = 180 + 360 * Math.floor((Math.max(x, nextX) - 180) / 360);
    if (x === nextX || cut < Math.min(x, nextX)) continue;
    const at = y + (nextY - y) * (cut - x) / (nextX - x);
    if (best === undefined || at * toward > best.y * toward) best = { after: i, x: cut, y: at };
  }
  const { after, x, y } = best!; // a whole turn crosses every meridian
  const rest = [
    ...points.slice(after + 1),
    ...points.slice(0, after + 1).map(([px, py]): Position => [px + turn, py]),
  ];
  const line: Ring = withoutRepeats([[x, y], ...rest, [x + turn, y]]);
  const shift = (turn > 0 ? -180 : 180) - x;
  return line.map(([px, py]) => [px + shift, py]);
}

function spanOf(ring: Ring): [least: number, greatest: number] {
  let least = Infinity;
  let greatest = -Infinity;
  for (const [x] of ring) {
    least = Math.min(least, x);
    greatest = Math.max(greatest, x);
  }
  return [least, greatest];
}

function centreOf(ring: Ring): number {
  const [least, greatest] = spanOf(ring);
  return (least + greatest) / 2;
}

/** Twice the signed area of a ring, positive when counterclockwise. */
export function signedArea(ring: Ring): number {
  let area = 0;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    area += ring[j][0] * ring[i][1] - ring[i][0] * ring[j][1];
  }
  return area;
}

function orient(ring: Ring, counterclockwise: boolean): void {
  if ((signedArea(ring) > 0) !== counterclockwise) ring.reverse();
}

interface Chain {
  points: Ring;
  /** Latitudes at which the chain starts and ends on the cut. */
  from: number;
  to: number;
}

/**
 * Cuts open rings (outer counterclockwise, holes clockwise) along the meridian x = `cut`. The parts of
 * the cut inside the polygon lie between the crossings taken two and two from the south.
 */
function cutRings(rings: readonly Ring[], cut: number): { left: Ring[]; right: Ring[] } {
  const left: Ring[] = [];
  const right: Ring[] = [];
  const chains: { left: Chain[]; right: Chain[] } = { left: [], right: [] };
  for (const ring of rings) {
    const start = ring.findIndex(([x], i) => (x < cut) !== (ring[(i + 1) % ring.length][0] < cut));
    if (start < 0) {
      (ring[0][0] < cut ? left : right).push(ring);
      continue;
    }
    let chain: Chain | undefined;
    for (let step = 0; step <= ring.length; step++) {
      const a = ring[(start + step) % ring.length];
      const b = ring[(start + step + 1) % ring.length];
      if (step > 0) chain!.points.push(a);
      if ((a[0] < cut) === (b[0] < cut)) continue;
      const y = a[1] + (b[1] - a[1]) * (cut - a[0]) / (b[0] - a[0]);
      if (chain !== undefined) {
        chain.points.push([cut, y]);
        chain.to = y;
        chains[a[0] < cut ? "left" : "right"].push(chain);
      }
      chain = { points: [[cut, y]], from: y, to: NaN };
    }
  }
  left.push(...joinChains(chains.left, cut));
  right.push(...joinChains(chains.right, cut));
  return { left, right };
}

/** Closes chains along the cut: from where one ends to the crossing that it is paired with. */
function joinChains(chains: readonly Chain[], cut: number): Ring[] {
  const ends: { latitude: number; chain: number; start: boolean }[] = [];
  chains.forEach((chain, index) => {
    ends.push({ latitude: chain.from, chain: index, start: true });
    ends.push({ latitude: chain.to, chain: index, start: false });
  });
  ends.sort((a, b) => a.latitude - b.latitude);
  const nextOf = new Map<number, number>();
  for (let i = 0; i + 1 < ends.length; i += 2) {
    const [a, b] = [ends[i], ends[i + 1]];
    if (!a.start) nextOf.set(a.chain, b.chain);
    if (!b.start) nextOf.set(b.chain, a.chain);
  }
  const used = new Set<number>();
  const rings: Ring[] = [];
  for (let first = 0; first < chains.length; first++) {
    const ring: Ring = [];
    for (let at: number | undefined = first; at !== undefined && !used.has(at); at = nextOf.get(at)) {
      used.add(at);
      ring.push(...chains[at].points);
    }
    const clean = withoutRepeats(ring);
    if (clean.length >= 3 && spanOf(clean).some((x) => x !== cut)) rings.push(clean);
  }
  return rings;
}

/** Counterclockwise rings with the clockwise ones that lie in them. */
function assemble(rings: readonly Ring[]): Ring[][] {
  const outers = rings.filter((ring) => signedArea(ring) > 0).map((ring) => [ring]);
  for (const hole of rings) {
    if (signedArea(hole) >= 0) continue;
    const home = outers.find(([outer]) => hole.every((point) => inRing(point, outer))) ??
      outers.find(([outer]) => hole.some((point) => inRing(point, outer)));
    home?.push(hole);
  }
  return outers;
}

/** Whether a point lies in a ring, by the even-odd rule; the border belongs to either side. */
export function inRing(point: Position, ring: Ring): boolean {
  const [x, y] = point as [number, number];
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [xi, yi] = ring[i] as [number, number];
    const [xj, yj] = ring[j] as [number, number];
    if ((yi > y) !== (yj > y) && x < (xj - xi) * (y - yi) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

function closed(rings: readonly Ring[], shift: number): Polygon {
  return {
    type: "Polygon",
    coordinates: rings.map((ring) => [...ring, ring[0]].map(([x, y]) => [x + shift, y])),
  };
}
