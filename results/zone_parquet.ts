/** The statistics of a store's zones as GeoParquet 1.1: a row a zone and window of time, its outline WKB in OGC:CRS84. */
import { geoMetadata } from "../catalog/file/footer_keys.ts";
import { GEO_KEY } from "../catalog/schema.ts";
import { writeRecordBatches } from "../catalog/write/parquet_stream.ts";
import type { BoundingBox } from "../core/geometry/box.ts";
import { boundingBox, unionBox } from "../core/geometry/geometry.ts";
import { encodeWkb } from "../core/geometry/wkb.ts";
import type { GranaryStore } from "../core/store/open.ts";
import {
  binaryColumn,
  float64Column,
  int64Column,
  type NamedColumn,
  recordBatch,
  timestampColumn,
  utf8Column,
} from "../core/tables/arrow_columns.ts";
import { GEOMETRY, TIME } from "./cell_table.ts";
import { zoneOutlines, zoneTable } from "./zone_table.ts";

/** Writes `file` (created, not renamed). Throws as the outlines of zones do. @returns the rows written */
export async function writeZonesParquet(file: string, store: GranaryStore): Promise<number> {
  const { isTimed, statistics, rows } = zoneTable(store);
  const outlines = zoneOutlines(store);
  const shapes = rows.map(({ zone }) => outlines.get(zone) ?? null);
  const known = shapes.filter((shape) => shape !== null);
  let box: BoundingBox | undefined;
  for (const shape of known) box = unionBox(box, boundingBox(shape)!);
  const types = new Set(known.map(({ type }) => type));
  const metadata = new Map([[GEO_KEY, JSON.stringify(geoMetadata({ types, box }, GEOMETRY, false))]]);
  const columns: NamedColumn[] = [
    { name: "zone", data: utf8Column(rows.map(({ zone }) => zone)), nullable: false },
    ...isTimed ? [{ name: TIME, data: timestampColumn(rows.map(({ time }) => time)), nullable: false }] : [],
    {
      name: "observations",
      data: int64Column(rows.map(({ observations }) => observations)),
      nullable: false,
    },
    ...statistics.map((name, i) => ({
      name,
      data: float64Column(rows.map(({ values }) => values[i])),
      nullable: true,
    })),
    {
      name: GEOMETRY,
      data: binaryColumn(shapes.map((shape) => shape === null ? null : encodeWkb(shape))),
      nullable: true,
    },
  ];
  async function* batches() {
    yield await Promise.resolve(recordBatch(columns, rows.length, metadata));
  }
  await writeRecordBatches(file, batches(), metadata);
  return rows.length;
}
