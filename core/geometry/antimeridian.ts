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

/** The pieces of a line between crossings, each within -180 to 180. Pieces have two vertices or more. */
export function splitLine(line: readonly Position[]): Position[][] {
  const points = unwrap(line.map(([x, y]) => [wrapLongitude(x), y]));
  const pieces: Position[][] = [];
  let piece: Position[] = [];
  let strip = 0;
  for (let i = 0; i < points.length; i++) {
    const [x, y] = points[i] as [number, number];
    const here = stripOf(x, i === 0 ? undefined : strip);
    if (i > 0) {
      const [px, py] = points[i - 1] as [number, number];
      while (strip !== here) {
        const edge = here > strip ? 180 + 360 * strip : -180 + 360 * strip;
        const at = py + (y - py) * (edge - px) / (x - px);
        piece.push([edge - 360 * strip, at]);
        pieces.push(piece);
        strip += here > strip ? 1 : -1;
        piece = [[edge - 360 * strip, at]];
      }
    }
    strip = here;
    piece.push([x - 360 * strip, y]);
  }
  pieces.push(piece);
  return pieces.map(withoutRepeats).filter((part) => part.length > 1);
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
 * outer rings counterclockwise. A ring that runs once around the globe is closed over a pole.
 * Rings of fewer than three different vertices are left out.
 */
export function splitPolygon(rings: readonly Ring[], options: SplitOptions = {}): Polygon[] {
  const outer = rings[0] === undefined ? undefined : preparedRing(rings[0], options.pole);
  if (outer === undefined) return [];
  orient(outer, true);
  const middle = centreOf(outer);
  const holes: Ring[] = [];
  for (const ring of rings.slice(1)) {
    const hole = preparedRing(ring, options.pole);
    if (hole === undefined) continue;
    orient(hole, false);
    const shift = 360 * Math.round((middle - centreOf(hole)) / 360);
    holes.push(hole.map(([x, y]) => [x + shift, y]));
  }
  const [least, greatest] = spanOf(outer);
  const first = Math.floor((least + 180) / 360);
  const last = Math.ceil((greatest + 180) / 360) - 1;
  const polygons: Polygon[] = [];
  let rest: Ring[] = [outer, ...holes];
  for (let strip = first; strip <= last; strip++) {
    const { left, right } = strip === last
      ? { left: rest, right: [] as Ring[] }
      : cutRings(rest, 180 + 360 * strip);
    for (const polygon of assemble(left)) polygons.push(closed(polygon, -360 * strip));
    rest = right;
  }
  return polygons;
}

/** A ring made open and continuous, closed over a pole where it runs around it. */
function preparedRing(ring: Ring, pole: "north" | "south" | undefined): Ring | undefined {
  let open = withoutRepeats(ring.map(([x, y]) => [wrapLongitude(x), y]));
  const [first, last] = [open[0], open[open.length - 1]];
  if (open.length > 1 && first[0] === last[0] && first[1] === last[1]) open = open.slice(0, -1);
  if (open.length < 3) return undefined;
  const around = unwrap([...open, open[0]]);
  const end = around[around.length - 1];
  const turn = end[0] - around[0][0];
  const points = around.slice(0, -1);
  if (Math.abs(turn) < 180) return points;
  const mean = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const latitude = (pole ?? (mean >= 0 ? "north" : "south")) === "north" ? 90 : -90;
  return [...points, end, [end[0], latitude], [points[0][0], latitude]];
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
