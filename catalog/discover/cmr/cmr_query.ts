/** What can be asked of CMR's granule search, and the parameters that say so. */
import { inputError } from "../../../core/errors.ts";
import { type Geometry, singleParts } from "../../../core/geometry/geometry.ts";
import { timeOfText } from "../../../core/times.ts";

export const CMR_URL = "https://cmr.earthdata.nasa.gov/search";
/** The most that CMR gives at once. */
export const CMR_PAGE_SIZE = 2000;

/** Every part narrows the search; a list is any of its members. */
export interface CmrQuery {
  shortNames?: readonly string[];
  versions?: readonly string[];
  providers?: readonly string[];
  /** Collections (`C…-PROVIDER`) or granules (`G…-PROVIDER`). */
  conceptIds?: readonly string[];
  /** ISO 8601, UTC; a date alone is its first instant as a start and its last as an end. */
  start?: string;
  end?: string;
  /** ICESat-2 repeat cycles, 1 to 99. */
  cycles?: readonly number[];
  /** West, south, east, north in degrees; west > east crosses the antimeridian. */
  bbox?: readonly [number, number, number, number];
  /** Outer rings as lon, lat pairs. */
  polygons?: readonly Float64Array[];
  /** Only granules whose metadata changed since, ISO 8601 UTC. */
  updatedSince?: string;
  /** Granules by their names (GranuleUR). */
  granuleUrs?: readonly string[];
  /** From and to, in percent. */
  cloudCover?: readonly [number, number];
  /** From and to. */
  orbitNumbers?: readonly [number, number];
  /** Additional attributes in CMR's own notation: `string,MGRS_TILE_ID,15UWP`. */
  attributes?: readonly string[];
  /** CMR's sort keys, in order: `-start_date`. */
  sortKeys?: readonly string[];
}

/** Along-track products, whose files carry the cycle in their names: `ATL06_<time>_<rgt><cycle><region>_…`. */
const CYCLE_PRODUCT = /^ATL(0[2-9]|1[0236]|1[79]|2[0-9])/i;
/** Vertices of a polygon that CMR is asked with; longer ones are asked by their boxes. */
const MOST_VERTICES = 1000;
/** More polygons than this are asked by one box around them all. */
const MOST_BOXES = 10;

/**
 * The parameters as pairs, in a fixed order, so that equal queries are equal text. Throws an input
 * error for values that CMR could not mean anything by.
 */
export function cmrParameters(query: CmrQuery): [string, string][] {
  const pairs: [string, string][] = [];
  const add = (name: string, values: readonly string[] | undefined) => {
    for (const value of values ?? []) pairs.push([name, requireText(name, value)]);
  };
  add("short_name[]", query.shortNames);
  add("version[]", query.versions);
  add("provider[]", query.providers);
  for (const id of query.conceptIds ?? []) {
    const kind = /^([CG])\d+-[A-Z0-9_]+$/i.exec(id)?.[1]?.toUpperCase();
    if (kind === undefined) {
      throw inputError(
        `concept id "${id}" is neither a collection's nor a granule's (wanted such as C2670138092-NSIDC_CPRD)`,
      );
    }
    pairs.push([kind === "C" ? "collection_concept_id[]" : "concept_id[]", id]);
  }
  add("granule_ur[]", query.granuleUrs);
  if (pairs.length === 0 || pairs.every(([name]) => name === "version[]")) {
    throw inputError(
      "a CMR query needs a short name, a provider or a concept id (--short-name, --provider, --concept-id)",
    );
  }
  const start = timeText("start", query.start, false);
  const end = timeText("end", query.end, true);
  if (start !== "" && end !== "" && start > end) throw inputError(`start ${start} lies after end ${end}`);
  if (start !== "" || end !== "") pairs.push(["temporal[]", `${start},${end}`]);
  if (query.updatedSince !== undefined) {
    pairs.push(["revision_date[]", `${timeText("updated since", query.updatedSince, false)},`]);
  }
  if (query.cloudCover !== undefined) pairs.push(["cloud_cover", query.cloudCover.join(",")]);
  if (query.orbitNumbers !== undefined) pairs.push(["orbit_number", query.orbitNumbers.join(",")]);
  add("attribute[]", query.attributes);
  add("sort_key[]", query.sortKeys);
  pairs.push(...cycleParameters(query));
  pairs.push(...areaParameters(query));
  return pairs;
}

/** The outer rings of a geometry's polygons, as a query takes them. Throws an input error for other kinds. */
export function queryRings(geometry: Geometry, name: string): Float64Array[] {
  return [...singleParts(geometry)].map((part) => {
    if (part.type !== "Polygon") {
      throw inputError(`${name}: holds a ${part.type}, and CMR is asked with polygons`);
    }
    return Float64Array.from((part.coordinates[0] ?? []).flatMap(([x, y]) => [x, y]));
  });
}

/** The query as plain data for the catalog's metadata. */
export function describeQuery(query: CmrQuery): Record<string, unknown> {
  const { polygons, ...rest } = query;
  return { ...rest, ...(polygons === undefined ? {} : { polygons: polygons.map((ring) => [...ring]) }) };
}

function requireText(name: string, value: string): string {
  if (value.trim() === "") throw inputError(`${name.replace("[]", "").replaceAll("_", "-")} is empty`);
  return value;
}

function timeText(what: string, value: string | undefined, isEnd: boolean): string {
  if (value === undefined || value === "") return "";
  const time = timeOfText(value, isEnd);
  if (time === null) {
    throw inputError(`${what} "${value}" is not a time (wanted such as 2023-12-18 or 2023-12-18T06:00:00Z)`);
  }
  return new Date(time).toISOString();
}

function cycleParameters(query: CmrQuery): [string, string][] {
  if (query.cycles === undefined || query.cycles.length === 0) return [];
  const names = query.shortNames ?? [];
  for (const name of names) {
    if (!CYCLE_PRODUCT.test(name)) {
      throw inputError(
        `--cycle selects ICESat-2 granules by their file names, and ${name} has no cycle in its names`,
      );
    }
  }
  const pairs: [string, string][] = [["options[readable_granule_name][pattern]", "true"]];
  for (const cycle of query.cycles) {
    if (!(Number.isInteger(cycle) && cycle >= 1 && cycle <= 99)) {
      throw inputError(`cycle ${cycle} is not one of 1 to 99`);
    }
    const digits = String(cycle).padStart(2, "0");
    for (const name of names.length > 0 ? names : ["ATL"]) {
      pairs.push(["readable_granule_name[]", `${name}*_??????????????_????${digits}??_*`]);
    }
  }
  return pairs;
}

function areaParameters(query: CmrQuery): [string, string][] {
  const pairs: [string, string][] = [];
  if (query.bbox !== undefined) {
    const [west, south, east, north] = query.bbox;
    const sound = [west, east].every((x) => Math.abs(x) <= 180) && south >= -90 && north <= 90 &&
      south <= north;
    if (!sound) {
      throw inputError(
        `bbox ${query.bbox.join(",")} is not west,south,east,north within -180..180 and -90..90`,
      );
    }
    pairs.push(["bounding_box[]", query.bbox.join(",")]);
  }
  const rings = (query.polygons ?? []).map(densified);
  const vertices = rings.reduce((sum, ring) => sum + ring.length / 2, 0);
  if (rings.length === 0) return pairs;
  if (vertices <= MOST_VERTICES) {
    for (const ring of rings) pairs.push(["polygon[]", counterclockwise(ring).join(",")]);
    if (rings.length > 1) pairs.push(["options[polygon][or]", "true"]);
    return pairs;
  }
  // Too long to ask: the boxes hold every granule that the polygons touch, and more.
  if (query.bbox !== undefined) return pairs;
  const boxes = rings.map(boxOf);
  const asked = boxes.length > MOST_BOXES ? [boxAround(boxes)] : boxes;
  for (const box of asked) pairs.push(["bounding_box[]", box.join(",")]);
  if (asked.length > 1) pairs.push(["options[bounding_box][or]", "true"]);
  return pairs;
}

/** Whether rows must be tested against the polygons because CMR was asked with their boxes. */
export function isAskedByBoxes(query: CmrQuery): boolean {
  const vertices = (query.polygons ?? []).map(densified).reduce((sum, ring) => sum + ring.length / 2, 0);
  return vertices > MOST_VERTICES;
}

/**
 * CMR joins vertices by great circles and a user's polygon means straight lines in longitude and
 * latitude: edges longer than a degree of longitude get vertices between. The ring comes back closed.
 */
function densified(ring: Float64Array): Float64Array {
  const count = ring.length / 2;
  if (count < 3) throw inputError(`a polygon needs three vertices or more (found ${count})`);
  const points: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const [x0, y0] = [ring[2 * i], ring[2 * i + 1]];
    const next = (i + 1) % count;
    const dx = shortest(ring[2 * next] - x0);
    const dy = ring[2 * next + 1] - y0;
    if (!(Math.abs(x0) <= 180 && Math.abs(y0) <= 90)) {
      throw inputError(`polygon vertex ${x0},${y0} is no lon,lat in degrees`);
    }
    if (dx === 0 && dy === 0) continue;
    const steps = Math.max(1, Math.ceil(Math.abs(dx)));
    for (let step = 0; step < steps; step += 1) {
      points.push(normal(x0 + dx * step / steps), y0 + dy * step / steps);
    }
  }
  points.push(points[0], points[1]);
  return Float64Array.from(points);
}

/** The ring with its inside (the smaller side) on the left, as CMR wants it. */
function counterclockwise(ring: Float64Array): Float64Array {
  let area = 0;
  let turn = 0;
  let x = ring[0];
  for (let i = 0; i + 3 < ring.length; i += 2) {
    const dx = shortest(ring[i + 2] - ring[i]);
    area += (x + dx / 2) * (ring[i + 3] - ring[i + 1]);
    x += dx;
    turn += dx;
  }
  // Around a pole the ring runs through all longitudes: eastward keeps the north on the left.
  let mean = 0;
  for (let i = 1; i < ring.length; i += 2) mean += ring[i];
  const onLeft = Math.abs(turn) > 180 ? (turn > 0) === (mean > 0) : area > 0;
  if (onLeft) return ring;
  const reversed = new Float64Array(ring.length);
  for (let i = 0; i < ring.length; i += 2) {
    reversed[i] = ring[ring.length - 2 - i];
    reversed[i + 1] = ring[ring.length - 1 - i];
  }
  return reversed;
}

type Box = [west: number, south: number, east: number, north: number];

/** West, south, east, north; around a pole all longitudes up to that pole. */
function boxOf(ring: Float64Array): Box {
  let [x, west, east, south, north] = [ring[0], ring[0], ring[0], 90, -90];
  for (let i = 0; i < ring.length; i += 2) {
    if (i > 0) x += shortest(ring[i] - ring[i - 2]);
    west = Math.min(west, x);
    east = Math.max(east, x);
    south = Math.min(south, ring[i + 1]);
    north = Math.max(north, ring[i + 1]);
  }
  if (Math.abs(x - ring[0]) > 180) {
    return north + south > 0 ? [-180, south, 180, 90] : [-180, -90, 180, north];
  }
  return east - west >= 360 ? [-180, south, 180, north] : [normal(west), south, normal(east), north];
}

/** The box around boxes, which leaves out the widest gap between their longitudes. */
function boxAround(boxes: readonly Box[]): Box {
  const south = Math.min(...boxes.map((box) => box[1]));
  const north = Math.max(...boxes.map((box) => box[3]));
  const spans = boxes.map(([west, , east]) => [west, east < west ? east + 360 : east] as const)
    .sort((a, b) => a[0] - b[0]);
  let reach = spans[0][0];
  let [gap, west, east] = [0, -180, 180];
  for (const [from, to] of [...spans, [spans[0][0] + 360, 0] as const]) {
    if (from - reach > gap) [gap, west, east] = [from - reach, from, reach];
    reach = Math.max(reach, to);
  }
  return [normal(west), south, normal(east), north];
}

function shortest(difference: number): number {
  return difference > 180 ? difference - 360 : difference < -180 ? difference + 360 : difference;
}

function normal(longitude: number): number {
  return longitude > 180 ? longitude - 360 : longitude < -180 ? longitude + 360 : longitude;
}
