/** Cells as shapes of longitude and latitude: outlines that end at the antimeridian, and centres. */
import { splitPolygon } from "../core/geometry/antimeridian.ts";
import type { MultiPolygon, Polygon, Position } from "../core/geometry/geometry.ts";
import type { LevelCells } from "../core/store/level_cells.ts";

/** Longitude and latitude of a cell's centre in degrees; geodetic on WGS84 where cells are authalic or projected. */
export function centreOf(id: bigint, cells: LevelCells): Position {
  return cells.centre(id);
}

/**
 * The outline of a cell, counterclockwise, split where it crosses the antimeridian. A corner at a pole
 * becomes the stretch of the pole's parallel that the cell spans; so does a pole inside.
 */
export function outlineOf(id: bigint, cells: LevelCells): Polygon | MultiPolygon {
  const [middle] = cells.centre(id);
  const ring = cells.outline(id, cells.partsOf(id)).slice(0, -1);
  const around = poleInside(ring);
  const unrolled: Position[] = around === null ? nearMiddle(ring, middle) : around;
  const crosses = unrolled.some(([longitude]) => longitude > 180 || longitude < -180);
  unrolled.push(unrolled[0]);
  if (!crosses) return { type: "Polygon", coordinates: [unrolled] };
  const parts = splitPolygon([unrolled]);
  return parts.length === 1
    ? parts[0]
    : { type: "MultiPolygon", coordinates: parts.map(({ coordinates }) => coordinates) };
}

/** The ring with longitudes within half a turn of the middle's. */
function nearMiddle(ring: readonly Position[], middle: number): Position[] {
  return ring.flatMap(([longitude, latitude], i) => {
    const before = ring[(i + ring.length - 1) % ring.length], after = ring[(i + 1) % ring.length];
    // Two vertices at a pole are the ends of a stretch of its parallel already.
    const isPoint = isPole(latitude) && !isPole(before[1]) && !isPole(after[1]);
    const own = isPoint ? [before[0], after[0]] : [longitude];
    return own.map((one): Position => [
      one - middle > 180 ? one - 360 : one - middle < -180 ? one + 360 : one,
      latitude,
    ]);
  });
}

/** A ring around a pole as one along the antimeridian and the pole's parallel; null for another. */
function poleInside(ring: readonly Position[]): Position[] | null {
  if (ring.some(([, latitude]) => isPole(latitude))) return null;
  let turn = 0;
  for (let i = 0; i < ring.length; i++) turn += step(ring[i], ring[(i + 1) % ring.length]);
  if (Math.abs(turn) < 180) return null;
  // From the vertex after the antimeridian, all the way around to the one before it.
  const first = ring.findIndex((vertex, i) => {
    const before = ring[(i + ring.length - 1) % ring.length];
    return Math.abs(vertex[0] - before[0]) > 180;
  });
  const vertices = [...ring.slice(first), ...ring.slice(0, first)];
  const [entry, exit] = turn > 0 ? [-180, 180] : [180, -180];
  const before = vertices.at(-1)!, after = vertices[0];
  const gap = Math.abs(exit - before[0]) + Math.abs(after[0] - entry);
  const latitude = before[1] + (after[1] - before[1]) * (gap === 0 ? 0 : Math.abs(exit - before[0]) / gap);
  const pole = Math.sign(before[1]) * 90;
  return [[entry, latitude], ...vertices, [exit, latitude], [exit, pole], [entry, pole]];
}

/** From one longitude to the next by the shorter way. */
function step([from]: Position, [to]: Position): number {
  return (to - from + 540) % 360 - 180;
}

function isPole(latitude: number): boolean {
  return Math.abs(latitude) === 90;
}
