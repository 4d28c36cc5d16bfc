/**
 * A catalog as stac-geoparquet (specification 1.0.0): one STAC item a row, its properties hoisted to
 * columns, its assets a struct keyed by asset.
 */
import type { Data, RecordBatch } from "apache-arrow";
import fs from "node:fs";
import { pathToFileURL } from "node:url";
import { localPath } from "../../core/files/address.ts";
import { asTime } from "../../core/json_value.ts";
import {
  binaryColumn,
  int32Column,
  int64Column,
  listColumn,
  type NamedColumn,
  recordBatch,
  structColumn,
  timestampColumn,
  uint64ListColumn,
  utf8Column,
} from "../../core/tables/arrow_columns.ts";
import { jsonColumn } from "../../core/tables/arrow_json.ts";
import { wkbOfGeoJson } from "../../core/geometry/geojson.ts";
import { makeFileAtomic } from "../../core/files/atomic_path.ts";
import { multihashOf } from "../checksum.ts";
import type { GranuleAsset, GranuleRow } from "../granule.ts";
import { ASSET_ORDER, geometryDigest, ITEM_CELLS, ITEM_EXTRAS } from "../item_extras.ts";
import { assetLocation, locationOf } from "../locations.ts";
import { assetsOf, type ItemShape, ItemShaper, PROJECTED_GEOMETRY, type PropertyType } from "./item_shape.ts";
import { geoMetadata, geometrySummary } from "../file/footer_keys.ts";
import type { Catalog } from "../file/open_catalog.ts";
import { bboxColumn } from "./batch.ts";
import { writeRecordBatches } from "./parquet_stream.ts";
import { GEO_KEY, JSON_COLUMNS_KEY } from "../schema.ts";

const STAC_VERSION = "1.0.0";
const STAC_GEOPARQUET_VERSION = "1.0.0";

const ALTERNATE = "https://stac-extensions.github.io/alternate-assets/v1.2.0/schema.json";
const FILE = "https://stac-extensions.github.io/file/v2.1.0/schema.json";

interface ExportResult {
  items: number;
  /** Granules left out because they have no footprint: stac-geoparquet's readers fail on a null box. */
  withoutFootprint: number;
  /** Values of properties that no column takes, by reason. */
  leftOut: Readonly<Record<string, number>>;
  sizeBytes: number;
}

/** Writes `catalog` to `output`: an item for every granule with a footprint. */
export async function exportStacGeoparquet(
  catalog: Catalog,
  output: string,
  options: { signal?: AbortSignal } = {},
): Promise<ExportResult> {
  const shape = await shapeOf(catalog, options.signal);
  const metadata = new Map([
    [GEO_KEY, JSON.stringify(itemGeoMetadata(catalog, shape))],
    ["stac-geoparquet", JSON.stringify({ version: STAC_GEOPARQUET_VERSION })],
    [
      JSON_COLUMNS_KEY,
      JSON.stringify(shape.properties.filter(([, { kind }]) => kind === "mixed").map(([name]) => name)),
    ],
  ]);
  return await makeFileAtomic(output, async (temporary) => {
    let items = 0;
    let withoutFootprint = 0;
    async function* batches(): AsyncGenerator<RecordBatch> {
      for await (const { rows } of catalog.rows()) {
        options.signal?.throwIfAborted();
        const known = rows.filter((row) => row.geometry !== null && row.bbox !== null);
        withoutFootprint += rows.length - known.length;
        items += known.length;
        if (known.length > 0) yield itemBatch(known, shape, metadata);
      }
      if (items === 0) yield itemBatch([], shape, metadata);
    }
    await writeRecordBatches(temporary, batches(), metadata);
    return { items, withoutFootprint, leftOut: shape.leftOut, sizeBytes: fs.statSync(temporary).size };
  });
}

async function shapeOf(catalog: Catalog, signal: AbortSignal | undefined): Promise<ItemShape> {
  const shaper = new ItemShaper(catalog.name);
  for await (const { rows } of catalog.rows()) {
    signal?.throwIfAborted();
    for (const row of rows) shaper.add(row);
  }
  return shaper.shape();
}

/** `geo`, which knows of the second geometry column; its coordinate system differs from row to row. */
function itemGeoMetadata(catalog: Catalog, shape: ItemShape): object {
  const geo = geoMetadata(geometrySummary(catalog.geo));
  if (!shape.properties.some(([name]) => name === PROJECTED_GEOMETRY)) return geo;
  const projected = { encoding: "WKB", geometry_types: [], crs: null };
  return { ...geo, columns: { ...geo.columns, [PROJECTED_GEOMETRY]: projected } };
}

function itemBatch(
  rows: readonly GranuleRow[],
  shape: ItemShape,
  metadata: ReadonlyMap<string, string>,
): RecordBatch {
  const columns: NamedColumn[] = [
    { name: "type", data: constant("Feature", rows), nullable: false },
    { name: "stac_version", data: utf8Column(rows.map(stacVersion)), nullable: false },
    { name: "stac_extensions", data: textLists(rows.map(() => [ALTERNATE, FILE])), nullable: false },
    { name: "id", data: utf8Column(rows.map((row) => row.id)), nullable: false },
    { name: "collection", data: utf8Column(rows.map((row) => row.collection)), nullable: false },
    { name: "geometry", data: binaryColumn(rows.map((row) => row.geometry)), nullable: true },
    { name: "bbox", data: bboxColumn(rows), nullable: true },
    { name: "links", data: noLinks(rows), nullable: false },
    { name: "assets", data: assets(rows, shape.assetKeys), nullable: false },
    { name: "datetime", data: timestampColumn(rows.map(itemTime)), nullable: true },
    { name: "start_datetime", data: timestampColumn(rows.map((row) => row.start_datetime)), nullable: true },
    { name: "end_datetime", data: timestampColumn(rows.map((row) => row.end_datetime)), nullable: true },
    ...ITEM_EXTRAS.filter(({ column }) => shape.extras.has(column)).map(({ name, column }) => {
      const values = rows.map((row) => row[column] ?? null);
      return {
        name,
        data: jsonColumn(values, { kind: column === "revision" ? "integer" : "text" }),
        nullable: true,
      };
    }),
    ...cellsOf(rows),
    ...ordersOf(rows, shape),
    ...shape.properties.map(([name, type]) => ({ name, data: property(rows, name, type), nullable: true })),
  ];
  return recordBatch(columns, rows.length, metadata);
}

/** The cells of footprints, which are no function of the geometry. */
function cellsOf(rows: readonly GranuleRow[]) {
  const orders: Data = int32Column(rows.map((row) => row.cell_order));
  const cells: Data = uint64ListColumn(rows.map((row) => row.cells));
  const digests: Data = utf8Column(rows.map(({ geometry }) => geometry && geometryDigest(geometry)));
  return [
    { name: ITEM_CELLS.order, data: orders, nullable: true },
    { name: ITEM_CELLS.cells, data: cells, nullable: true },
    { name: ITEM_CELLS.geometry, data: digests, nullable: true },
  ];
}

/** The orders of assets that the struct's own does not give, where there is one. */
function ordersOf(rows: readonly GranuleRow[], shape: ItemShape) {
  if (!shape.ordersDiffer) return [];
  const place = new Map(shape.assetKeys.map((key, i) => [key, i]));
  const orders = rows.map((row) => {
    const keys = row.assets.map(({ key }) => key);
    return keys.every((key, i) => i === 0 || place.get(key)! > place.get(keys[i - 1])!) ? null : keys;
  });
  const data: Data = jsonColumn(orders, { kind: "list", of: { kind: "text" } });
  return [{ name: ASSET_ORDER, data, nullable: true }];
}

/** The version that an item was read with. */
function stacVersion(row: GranuleRow): string {
  const stated = row.properties.stac_version;
  return typeof stated === "string" && /^1\.\d+\.\d+/.test(stated) ? stated : STAC_VERSION;
}

/** An item's `datetime`; null only where start and end stand instead, as STAC demands. */
function itemTime(row: GranuleRow): number | null {
  if (row.datetime !== null) return row.datetime;
  return row.start_datetime !== null && row.end_datetime !== null
    ? null
    : row.start_datetime ?? row.end_datetime;
}

function constant(text: string, rows: readonly unknown[]): Data {
  return utf8Column(rows.map(() => text));
}

function textLists(lists: readonly (readonly string[])[]): Data {
  return listColumn(lists.map((list) => list.length), utf8Column(lists.flat()));
}

/** No links, of the type that links have. */
function noLinks(rows: readonly GranuleRow[]): Data {
  const fields = ["href", "rel", "type", "title"].map((name) => ({
    name,
    data: utf8Column([]) as Data,
    nullable: true,
  }));
  return listColumn(rows.map(() => 0), structColumn(fields, []));
}

function assets(rows: readonly GranuleRow[], keys: readonly string[]): Data {
  const found = rows.map((row) => new Map(assetsOf(row).map(({ key, asset }) => [key, { row, asset }])));
  const fields = keys.map((key) => ({
    name: key,
    data: assetColumn(found.map((items) => items.get(key) ?? null)),
    nullable: true,
  }));
  return structColumn(fields, rows);
}

function assetColumn(items: readonly ({ row: GranuleRow; asset: GranuleAsset | undefined } | null)[]): Data {
  const text = (pick: (row: GranuleRow, asset: GranuleAsset | undefined) => string | null) =>
    utf8Column(items.map((item) => item === null ? null : pick(item.row, item.asset))) as Data;
  const at = (driver: "s3" | "https" | "local") => (row: GranuleRow, asset: GranuleAsset | undefined) => {
    const location = asset === undefined ? locationOf(row, driver) : assetLocation(row, asset, driver);
    return driver === "local" && location !== null ? pathToFileURL(localPath(location)).href : location;
  };
  const href = (row: GranuleRow, asset: GranuleAsset | undefined) =>
    at("https")(row, asset) ?? at("s3")(row, asset) ?? at("local")(row, asset);
  const alternate = (driver: "s3" | "local") => {
    const data = text((row, asset) =>
      href(row, asset) === at(driver)(row, asset) ? null : at(driver)(row, asset)
    );
    return structColumn(
      [{ name: "href", data, nullable: true }],
      items.map((item) =>
        item !== null && at(driver)(item.row, item.asset) !== null &&
          href(item.row, item.asset) !== at(driver)(item.row, item.asset)
          ? item
          : null
      ),
    );
  };
  const others = structColumn(
    [
      { name: "s3", data: alternate("s3"), nullable: true },
      { name: "local", data: alternate("local"), nullable: true },
    ],
    items,
  );
  const roles = listColumn(
    items.map((item) => item === null ? 0 : 1),
    utf8Column(items.filter((item) => item !== null).map(() => "data")),
    items,
  );
  const size = int64Column(
    items.map((item) => item === null ? null : (item.asset ?? item.row).size_bytes),
  );
  const fields: { name: string; data: Data; nullable: boolean }[] = [
    { name: "href", data: text(href), nullable: true },
    { name: "type", data: text((_, asset) => asset?.media_type ?? null), nullable: true },
    { name: "roles", data: roles, nullable: true },
    { name: "file:size", data: size, nullable: true },
    {
      name: "file:checksum",
      data: text((row, asset) => multihashOf((asset ?? row).checksum)),
      nullable: true,
    },
    { name: "alternate", data: others, nullable: true },
  ];
  return structColumn(fields, items);
}

function property(rows: readonly GranuleRow[], name: string, type: PropertyType): Data {
  const values = rows.map((row) => Object.hasOwn(row.properties, name) ? row.properties[name] : null);
  if (type.kind === "instant") return timestampColumn(values.map(asTime));
  if (type.kind === "geometry") return binaryColumn(values.map(wkbOfGeoJson));
  return jsonColumn(values, type);
}
