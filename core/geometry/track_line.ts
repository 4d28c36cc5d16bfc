/**
 * A track as a line of few vertices, in one pass: every row lies within a tolerance of it. The method is
 * the intersection of cones (Sklansky and Gonzalez, 1980): from the last vertex, each row allows the
 * directions that pass it within the tolerance, and a new vertex is set where no direction is left.
 */
import type { Position } from "./geometry.ts";

/** A segment spans no more than this in latitude, so that the length of a degree of longitude is one number. */
const MOST_DEGREES = 1;

const RADIAN = Math.PI / 180;

/** Rows that moved less than this part of the tolerance, in both directions, since the last row tested are not tested. */
const STEP = 1 / 4;

/**
 * A row may lie beyond the end of its segment by the first part of the tolerance and aside of it by the
 * second: together no farther than the tolerance.
 */
const TURN_BACK = 1 / 4;
const ASIDE = Math.sqrt(1 - TURN_BACK * TURN_BACK);

/** What is left of the tolerance for the rows that are tested. */
const TESTED = 1 - STEP * Math.SQRT2;

/** Takes the rows of a track, gives its lines: longitudes run on beyond 180, cut at gaps. */
export class TrackLine {
  readonly lines: Position[][] = [];
  south = Infinity;
  north = -Infinity;
  /** Of longitudes in -180 to 180. */
  west = Infinity;
  east = -Infinity;
  #line: Position[] = [];
  #lastX = 0;
  #lastY = 0;
  // The last row that was tested: vertices are set at such rows, and at the ends of lines.
  #testedX = 0;
  #testedY = 0;
  /** 360 times the turns made so far. */
  #turn = 0;
  readonly #step: number;
  readonly #tolerance: number;
  // The cone: from the anchor, between two directions, as far out as the farthest row.
  #anchorX = 0;
  #anchorY = 0;
  #scale = 1;
  #open = true;
  #leftX = 0;
  #leftY = 0;
  #rightX = 0;
  #rightY = 0;
  #reach = 0;

  /** Degrees of arc: of rows from the line, and between rows that are joined. */
  constructor(readonly tolerance: number, readonly gap: number) {
    this.#step = STEP * tolerance;
    this.#tolerance = TESTED * tolerance;
  }

  /** Takes the next row: finite coordinates, longitude -180 to 360. */
  add(longitude: number, latitude: number): void {
    const wrapped = longitude > 180 ? longitude - 360 : longitude;
    if (wrapped < this.west) this.west = wrapped;
    if (wrapped > this.east) this.east = wrapped;
    if (latitude < this.south) this.south = latitude;
    if (latitude > this.north) this.north = latitude;
    if (this.#line.length === 0) {
      this.#begin(wrapped, latitude);
      return;
    }
    const near = wrapped + this.#turn;
    const movedX = (near - this.#testedX) * this.#scale, movedY = latitude - this.#testedY;
    const step = this.#step;
    if (movedX <= step && movedX >= -step && movedY <= step && movedY >= -step) {
      this.#lastX = near;
      this.#lastY = latitude;
      return;
    }
    const x = wrapped + 360 * Math.round((this.#lastX - wrapped) / 360);
    this.#turn = x - wrapped;
    if (this.#isGap(x, latitude)) {
      this.finish();
      this.#begin(wrapped, latitude);
      return;
    }
    this.#lastX = x;
    this.#lastY = latitude;
    this.#test();
  }

  /** Tests the last row: it lengthens the segment, or the row tested before it becomes a vertex. */
  #test(): void {
    const x = this.#lastX, y = this.#lastY;
    if (!this.#fits(x, y)) {
      this.#anchor(this.#testedX, this.#testedY);
      this.#fits(x, y); // a fresh cone takes any row
    }
    this.#testedX = x;
    this.#testedY = y;
  }

  /** Ends the line under way. */
  finish(): void {
    if (this.#line.length === 0) return;
    if (this.#lastX !== this.#testedX || this.#lastY !== this.#testedY) this.#test();
    if (this.#lastX !== this.#anchorX || this.#lastY !== this.#anchorY) {
      this.#line.push([this.#lastX, this.#lastY]);
    }
    this.lines.push(this.#line);
    this.#line = [];
  }

  #begin(x: number, y: number): void {
    this.#lastX = this.#testedX = x;
    this.#lastY = this.#testedY = y;
    this.#turn = 0;
    this.#anchor(x, y);
  }

  #anchor(x: number, y: number): void {
    this.#line.push([x, y]);
    this.#anchorX = x;
    this.#anchorY = y;
    // The longest that a degree of longitude gets within the segment.
    this.#scale = Math.cos(Math.max(0, Math.abs(y) - MOST_DEGREES) * RADIAN);
    this.#open = true;
    this.#reach = 0;
  }

  /** Whether the row can end the segment; narrows the cone by it if so. */
  #fits(x: number, y: number): boolean {
    const dy = y - this.#anchorY;
    if (dy > MOST_DEGREES || dy < -MOST_DEGREES) return this.#open && this.#reach === 0;
    const dx = (x - this.#anchorX) * this.#scale;
    const squared = dx * dx + dy * dy;
    const tolerance = this.#tolerance;
    const distance = Math.sqrt(squared);
    if (distance < this.#reach - TURN_BACK * tolerance) return false;
    if (distance <= tolerance) return true;
    if (distance > this.#reach) this.#reach = distance;
    const sine = ASIDE * tolerance / distance, cosine = Math.sqrt(1 - sine * sine);
    const leftX = dx * cosine - dy * sine, leftY = dx * sine + dy * cosine;
    const rightX = dx * cosine + dy * sine, rightY = dy * cosine - dx * sine;
    if (this.#open) {
      this.#open = false;
      this.#leftX = leftX;
      this.#leftY = leftY;
      this.#rightX = rightX;
      this.#rightY = rightY;
      return true;
    }
    if (this.#rightX * dy - this.#rightY * dx < 0 || dx * this.#leftY - dy * this.#leftX < 0) return false;
    if (leftX * this.#leftY - leftY * this.#leftX > 0) {
      this.#leftX = leftX;
      this.#leftY = leftY;
    }
    if (this.#rightX * rightY - this.#rightY * rightX > 0) {
      this.#rightX = rightX;
      this.#rightY = rightY;
    }
    return true;
  }

  #isGap(x: number, y: number): boolean {
    const dy = y - this.#lastY, dx = x - this.#lastX;
    const { gap } = this;
    // Neighbours that are near in both coordinates are near on the ground.
    if (dy * dy + dx * dx <= gap * gap) return false;
    return arcDegrees(this.#lastX, this.#lastY, x, y) > gap;
  }
}

/** The angle between two places, degrees. Haversine, which is exact enough for gaps. */
function arcDegrees(x1: number, y1: number, x2: number, y2: number): number {
  const a = Math.sin((y2 - y1) * RADIAN / 2) ** 2 +
    Math.cos(y1 * RADIAN) * Math.cos(y2 * RADIAN) * Math.sin((x2 - x1) * RADIAN / 2) ** 2;
  return 2 * Math.asin(Math.min(1, Math.sqrt(a))) / RADIAN;
}
