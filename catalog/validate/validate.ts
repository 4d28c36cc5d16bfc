/** Whether a file keeps the catalog's contract: format, columns, cells against geometry, bases against paths. */
import { rowProblem } from "../check_row.ts";
import { cellIndexFindings } from "../cell_index/check_index.ts";
import { coverAdaptive } from "../../core/cells/coverage.ts";
import { faceXYOf, nestedBigFromFaceXY } from "../../core/cells/face_xy.ts";
import { shapeFromGeometry } from "../../core/cells/geojson_shape.ts";
import { countFigures, type Figures } from "../file/figures.ts";
import { geoProblems } from "./geo_schema.ts";
import { boundingBox, type Geometry } from "../../core/geometry/geometry.ts";
import type { GranuleRow } from "../granule.ts";
import type { BoundingBox } from "../../core/geometry/box.ts";
import { readableHalves } from "../../core/halves.ts";
import { DRIVERS, locationsOf } from "../locations.ts";
import type { Catalog } from "../file/open_catalog.ts";
import { queryRows } from "../../core/tables/query.ts";
import { COLUMNS, FIGURES_KEY, MAX_CELLS_PER_GRANULE, PLACE_SQL, SQL_TYPES } from "../schema.ts";
import { decodeWkb, wkbTypeName } from "../../core/geometry/wkb.ts";

/** Findings of one kind that are reported in full; the rest are counted. */
const FINDINGS_REPORTED = 10;

/** A box of the geometry may differ from the column by this, in degrees. */
const BOX_TOLERANCE = 1e-6;

interface Finding {
  /** `error` breaks the contract, `warning` only looks wrong. */
  level: "error" | "warning";
  check: string;
  message: string;
}

export interface ValidationReport {
  file: string;
  valid: boolean;
  granules: number;
  findings: Finding[];
  /** Findings by check, those not reported included. */
  counts: Record<string, number>;
}

interface ValidateOptions {
  /** Compute every footprint's cells again and compare. Default true. */
  cells?: boolean;
  signal?: AbortSignal | undefined;
  onRows?: ((rows: number) => void) | undefined;
}

/** Checks a catalog. What is found is in the report; only a file that cannot be read throws. */
export async function validateCatalog(
  catalog: Catalog,
  options: ValidateOptions = {},
): Promise<ValidationReport> {
  const report = new Report(catalog.name);
  for (const problem of geoProblems(catalog.geo)) report.add("error", "geo", `footer key "geo": ${problem}`);
  await checkKeys(catalog, report);
  checkColumns(catalog, report);
  await checkUnique(catalog, report);
  const types = new Set<string>();
  for await (const { rows } of catalog.rows()) {
    options.signal?.throwIfAborted();
    for (const row of rows) checkRowOf(row, catalog, report, types, options.cells ?? true);
    report.granules += rows.length;
    options.onRows?.(report.granules);
  }
  checkTypes(catalog, types, report);
  await checkFigures(catalog, report);
  for await (const { level, message } of cellIndexFindings(catalog, { signal: options.signal })) {
    report.add(level, "cell_index", message);
  }
  return report.result();
}

class Report {
  granules = 0;
  readonly #findings: Finding[] = [];
  readonly #counts = new Map<string, number>();
  #errors = 0;

  constructor(readonly file: string) {}

  add(level: Finding["level"], check: string, message: string): void {
    const count = (this.#counts.get(check) ?? 0) + 1;
    this.#counts.set(check, count);
    if (level === "error") this.#errors += 1;
    if (count <= FINDINGS_REPORTED) this.#findings.push({ level, check, message });
  }

  result(): ValidationReport {
    return {
      file: this.file,
      valid: this.#errors === 0,
      granules: this.granules,
      findings: this.#findings,
      counts: Object.fromEntries(this.#counts),
    };
  }
}

async function checkKeys(catalog: Catalog, report: Report): Promise<void> {
  for (const [key, count] of Object.entries(catalog.footerKeys)) {
    if (count !== 1) report.add("error", "footer", `footer key "${key}" stands ${count} times (wanted once)`);
  }
  const [groups] = await queryRows(
    catalog.duck.connection,
    `SELECT count(*) AS unsorted FROM (
       SELECT ${PLACE_SQL} AS place,
         lag(place) OVER (ORDER BY file_row_number) AS before
       FROM ${catalog.table} WHERE len(cells) > 0 AND file_row_number < $1) WHERE place < before`,
    // What updates put behind the others is sorted for itself.
    [BigInt(catalog.metadata.sorted_rows ?? Number.MAX_SAFE_INTEGER)],
  );
  if (groups.unsorted !== 0) {
    report.add("warning", "order", `${groups.unsorted} rows are out of the nested order (merge sorts them)`);
  }
}

/** What the footer says that the file holds, against what it does. */
async function checkFigures({ figures, duck, table, paths }: Catalog, report: Report): Promise<void> {
  if (figures === undefined) return;
  const counted = await countFigures({ connection: duck.connection, table, paths });
  for (const [what, found] of Object.entries(counted)) {
    const stated = JSON.stringify(figures[what as keyof Figures]);
    if (stated === JSON.stringify(found)) continue;
    report.add(
      "error",
      "figures",
      `footer key "${FIGURES_KEY}": ${what} are not those of the rows (merge counts again)`,
    );
  }
}

function checkColumns(catalog: Catalog, report: Report): void {
  for (const column of COLUMNS) {
    const found = catalog.types.get(column.name);
    if (found === undefined) {
      report.add("warning", "columns", `column "${column.name}" is missing; it reads as null`);
    } else if (!sameType(found, SQL_TYPES[column.type])) {
      report.add(
        "error",
        "columns",
        `column "${column.name}" is ${found} (wanted ${SQL_TYPES[column.type]})`,
      );
    }
  }
}

function sameType(found: string, wanted: string): boolean {
  const plain = (type: string) => type.replaceAll('"', "");
  return plain(found) === plain(wanted);
}

async function checkUnique(catalog: Catalog, report: Report): Promise<void> {
  const repeated = await queryRows(
    catalog.duck.connection,
    `SELECT collection, id, count(*) AS rows FROM ${catalog.table}
     GROUP BY collection, id HAVING count(*) > 1 ORDER BY collection, id`,
  );
  for (const row of repeated) {
    report.add(
      "error",
      "unique",
      `granule "${row.id}" of ${row.collection} has ${row.rows} rows (wanted one)`,
    );
  }
}

function checkRowOf(
  row: GranuleRow,
  catalog: Catalog,
  report: Report,
  types: Set<string>,
  compareCells: boolean,
): void {
  const name = `granule "${row.id}" of ${row.collection}`;
  const problem = rowProblem(row);
  if (problem !== undefined) report.add("error", "contract", `${name}: ${problem}`);
  if (row.cell_order > catalog.metadata.cell_order && row.cells.length > 0) {
    report.add(
      "error",
      "cells",
      `${name}: cells of order ${row.cell_order} in a catalog of ${catalog.metadata.cell_order}`,
    );
  }
  checkLocations(row, name, report);
  if (row.geometry === null) return;
  let geometry: Geometry;
  try {
    types.add(wkbTypeName(row.geometry));
    geometry = decodeWkb(row.geometry);
  } catch (error) {
    report.add("error", "geometry", `${name}: ${(error as Error).message}`);
    return;
  }
  checkBox(row, geometry, name, report);
  if (compareCells && problem === undefined) checkCells(row, geometry, name, report);
}

function checkLocations(row: GranuleRow, name: string, report: Report): void {
  const all = DRIVERS.flatMap((driver) => locationsOf(row, driver).map((url) => ({ driver, url })));
  if (all.length === 0) report.add("error", "locations", `${name}: has no location at all`);
  for (const { driver, url } of all) {
    const sound = driver === "s3"
      ? /^(s3|gs|az):\/\/[^/]+\/./.test(url)
      : driver === "https"
      ? /^https?:\/\/[^/]+\/./.test(url)
      : url.startsWith("/") || /^file:\/\/\//.test(url) || /^[A-Za-z]:[\\/]/.test(url);
    if (!sound) report.add("error", "locations", `${name}: ${driver} location "${url}" is no location`);
  }
  for (const driver of DRIVERS) {
    const base = row[`${driver}_base`];
    if (base !== null && base !== "" && !base.endsWith("/") && !row.path.startsWith("/")) {
      report.add("warning", "locations", `${name}: ${driver}_base "${base}" and path do not meet at a slash`);
    }
  }
}

function checkBox(row: GranuleRow, geometry: Geometry, name: string, report: Report): void {
  const box = boundingBox(geometry);
  if (box === undefined) return;
  if (box.xmin < -180 || box.xmax > 180 || box.ymin < -90 || box.ymax > 90) {
    report.add("error", "geometry", `${name}: geometry leaves longitudes -180 to 180 or latitudes -90 to 90`);
  }
  if (row.bbox === null || !holds(row.bbox, box)) {
    report.add("error", "bbox", `${name}: bbox does not hold the geometry`);
  }
}

function holds(outer: BoundingBox, inner: BoundingBox): boolean {
  return outer.xmin <= inner.xmin + BOX_TOLERANCE && outer.ymin <= inner.ymin + BOX_TOLERANCE &&
    outer.xmax >= inner.xmax - BOX_TOLERANCE && outer.ymax >= inner.ymax - BOX_TOLERANCE;
}

/** Cells of a footprint that a row may be without, because its source's edges and the geometry's differ a little. */
const CELLS_TOLERATED = 2;
const CELL_SHARE_TOLERATED = 0.02;

/** Cells of a footprint that are compared, unless the row has more than half as many: of more, coarser ones are. */
const MOST_COMPARED = 4 * MAX_CELLS_PER_GRANULE;

/**
 * The cells of a polygon must hold the cells that the polygon touches, but for a few on its border:
 * cells come from the source's own edges, which the geometry follows to about a kilometre. Tracks are
 * simplified lines over exact cells, so a line may touch a cell that no observation lies in; there only
 * a footprint and cells that share nothing are wrong.
 */
function checkCells(row: GranuleRow, geometry: Geometry, name: string, report: Report): void {
  if (row.cells.length === 0) {
    report.add("error", "cells", `${name}: has a footprint and no cells`);
    return;
  }
  if (isLineInCells(geometry, row)) return;
  const shape = shapeFromGeometry(geometry, { edges: "planar" });
  const most = Math.max(MOST_COMPARED, 2 * row.cells.length);
  const { order, cells: cover } = coverAdaptive(shape, row.cell_order, most);
  const shift = 2n * BigInt(row.cell_order - order);
  const missing = countMissing(cover, shift === 0n ? row.cells : row.cells.map((cell) => cell >> shift));
  const isPolygon = geometry.type === "Polygon" || geometry.type === "MultiPolygon";
  if (isPolygon && order < row.cell_order) {
    report.add("error", "cells", `${name}: more than half of the footprint's cells are missing`);
  } else if (missing === cover.length && cover.length > 0) {
    report.add("error", "cells", `${name}: no cell of the footprint is among the row's cells`);
  } else if (isPolygon && missing > Math.max(CELLS_TOLERATED, CELL_SHARE_TOLERATED * cover.length)) {
    report.add("error", "cells", `${name}: ${missing} of ${cover.length} cells of the footprint are missing`);
  }
}

/** Whether a line of possible positions begins in a cell of its row: then they share one, and no more is asked. */
function isLineInCells(geometry: Geometry, { cells, cell_order: order }: GranuleRow): boolean {
  if (geometry.type !== "LineString" || geometry.coordinates.length === 0) return false;
  if (!geometry.coordinates.every(([x, y]) => Math.abs(x) <= 180 && Math.abs(y) <= 90)) return false;
  const [x, y] = geometry.coordinates[0];
  return cells.includes(nestedBigFromFaceXY(faceXYOf(x, y, order, "authalic"), order));
}

/** How many of a cover's cells are not among `cells`; both ascend. */
function countMissing(cover: BigUint64Array, cells: BigUint64Array): number {
  const wanted = new Uint32Array(cover.buffer, cover.byteOffset, 2 * cover.length);
  const halves = readableHalves(cells);
  const end = 2 * cells.length;
  let missing = 0;
  for (let i = 0, k = 0; i < wanted.length; i += 2) {
    const low = wanted[i], high = wanted[i + 1];
    while (k < end && (halves[k + 1] < high || (halves[k + 1] === high && halves[k] < low))) k += 2;
    if (k >= end || halves[k] !== low || halves[k + 1] !== high) missing += 1;
  }
  return missing;
}

function checkTypes(catalog: Catalog, types: ReadonlySet<string>, report: Report): void {
  const columns = catalog.geo.columns as Record<string, { geometry_types?: unknown }> | undefined;
  const stated = columns?.geometry?.geometry_types;
  if (!Array.isArray(stated)) return;
  const missing = [...types].filter((type) => !stated.includes(type));
  const extra = stated.filter((type) => !types.has(String(type)));
  if (missing.length > 0 && stated.length > 0) {
    report.add("error", "geo", `geometry_types names no ${missing.join(", ")}, which the file holds`);
  }
  if (extra.length > 0) {
    report.add("warning", "geo", `geometry_types name ${extra.join(", ")}, which the file has not`);
  }
}
