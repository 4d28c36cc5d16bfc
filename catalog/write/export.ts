/**
 * A catalog as stac-geoparquet (specification 1.0.0): one STAC item a row, its properties hoisted to
 * columns, its assets a struct keyed by asset.
 */
import { type Data, Field, makeData, RecordBatch, Schema, Struct } from "apache-arrow";
import fs from "node:fs";
import { inputError } from "../../core/errors.ts";
import {
  binaryColumn,
  boolColumn,
  float64Column,
  int64Column,
  listColumn,
  structColumn,
  timestampColumn,
  utf8Column,
} from "../../core/tables/arrow_columns.ts";
import { makeFileAtomic } from "../../core/files/atomic_path.ts";
import type { GranuleAsset, GranuleRow } from "../granule.ts";
import { assetLocation, locationOf } from "../locations.ts";
import { geometrySummary } from "./merge.ts";
import { geoMetadata } from "./metadata.ts";
import type { Catalog } from "../file/open_catalog.ts";
import { writeRecordBatches } from "./parquet_stream.ts";
import { BBOX_FIELDS, GEO_KEY } from "../schema.ts";

const STAC_VERSION = "1.0.0";
const STAC_GEOPARQUET_VERSION = "1.0.0";

/** The asset of a granule that has one file. */
const DATA_ASSET = "data";

/** More asset keys or properties than this make no sensible table. */
const MAX_ASSET_KEYS = 200;
const MAX_PROPERTIES = 1000;

const ALTERNATE = "https://stac-extensions.github.io/alternate-assets/v1.2.0/schema.json";
const FILE = "https://stac-extensions.github.io/file/v2.1.0/schema.json";

/** Columns that properties of the same name must not cover. */
const RESERVED = new Set([
  "type",
  "stac_version",
  "stac_extensions",
  "id",
  "collection",
  "geometry",
  "bbox",
  "links",
  "assets",
  "datetime",
  "start_datetime",
  "end_datetime",
  "provider",
]);

type PropertyType = "number" | "boolean" | "string";

/** What all items share: the struct of assets and the columns of properties. */
interface Shape {
  assetKeys: string[];
  properties: [string, PropertyType][];
}

interface ExportResult {
  items: number;
  /** Granules left out because they have no footprint: stac-geoparquet's readers fail on a null box. */
  withoutFootprint: number;
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
    [GEO_KEY, JSON.stringify(geoMetadata(geometrySummary(catalog)))],
    ["stac-geoparquet", JSON.stringify({ version: STAC_GEOPARQUET_VERSION })],
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
    return { items, withoutFootprint, sizeBytes: fs.statSync(temporary).size };
  });
}

async function shapeOf(catalog: Catalog, signal: AbortSignal | undefined): Promise<Shape> {
  const assetKeys = new Set<string>();
  const properties = new Map<string, PropertyType>();
  for await (const { rows } of catalog.rows()) {
    signal?.throwIfAborted();
    for (const row of rows) {
      for (const { key } of assetsOf(row)) assetKeys.add(key);
      for (const [name, value] of Object.entries(row.properties)) addProperty(properties, name, value);
    }
    if (assetKeys.size > MAX_ASSET_KEYS || properties.size > MAX_PROPERTIES) {
      throw inputError(
        `${catalog.name}: ${assetKeys.size} asset keys and ${properties.size} properties are too many for ` +
          `columns (at most ${MAX_ASSET_KEYS} and ${MAX_PROPERTIES}); export a part of the catalog`,
      );
    }
  }
  return { assetKeys: [...assetKeys].sort(), properties: [...properties].sort() };
}

function addProperty(properties: Map<string, PropertyType>, name: string, value: unknown): void {
  if (RESERVED.has(name) || value === null) return;
  const type = typeof value === "number" || typeof value === "boolean"
    ? typeof value as PropertyType
    : "string";
  const known = properties.get(name);
  properties.set(name, known === undefined || known === type ? type : "string");
}

/** A granule's assets; the one file of a granule without any is the asset `data`. */
function assetsOf(row: GranuleRow): { key: string; asset: GranuleAsset | undefined }[] {
  if (row.assets.length === 0) return [{ key: DATA_ASSET, asset: undefined }];
  return row.assets.map((asset) => ({ key: asset.key, asset }));
}

function itemBatch(
  rows: readonly GranuleRow[],
  shape: Shape,
  metadata: ReadonlyMap<string, string>,
): RecordBatch {
  const columns: { name: string; data: Data; nullable: boolean }[] = [
    { name: "type", data: constant("Feature", rows), nullable: false },
    { name: "stac_version", data: constant(STAC_VERSION, rows), nullable: false },
    { name: "stac_extensions", data: textLists(rows.map(() => [ALTERNATE, FILE])), nullable: false },
    { name: "id", data: utf8Column(rows.map((row) => row.id)), nullable: false },
    { name: "collection", data: utf8Column(rows.map((row) => row.collection)), nullable: false },
    { name: "geometry", data: binaryColumn(rows.map((row) => row.geometry)), nullable: true },
    { name: "bbox", data: boxes(rows), nullable: true },
    { name: "links", data: noLinks(rows), nullable: false },
    { name: "assets", data: assets(rows, shape.assetKeys), nullable: false },
    { name: "datetime", data: timestampColumn(rows.map(itemTime)), nullable: true },
    { name: "start_datetime", data: timestampColumn(rows.map((row) => row.start_datetime)), nullable: true },
    { name: "end_datetime", data: timestampColumn(rows.map((row) => row.end_datetime)), nullable: true },
    { name: "provider", data: utf8Column(rows.map((row) => row.provider)), nullable: false },
    ...shape.properties.map(([name, type]) => ({ name, data: property(rows, name, type), nullable: true })),
  ];
  const fields = columns.map(({ name, data, nullable }) => new Field(name, data.type, nullable));
  const data = makeData({
    type: new Struct(fields),
    length: rows.length,
    nullCount: 0,
    children: columns.map((column) => column.data),
  });
  return new RecordBatch(new Schema(fields, new Map(metadata)), data);
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

function boxes(rows: readonly GranuleRow[]): Data {
  const fields = BBOX_FIELDS.map((name) => ({
    name,
    data: float64Column(rows.map((row) => row.bbox?.[name] ?? null)) as Data,
    nullable: true,
  }));
  return structColumn(fields, rows.map((row) => row.bbox));
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
  const at = (driver: "s3" | "https" | "local") => (row: GranuleRow, asset: GranuleAsset | undefined) =>
    asset === undefined ? locationOf(row, driver) : assetLocation(row, asset, driver);
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
    { name: "alternate", data: others, nullable: true },
  ];
  return structColumn(fields, items);
}

function property(rows: readonly GranuleRow[], name: string, type: PropertyType): Data {
  const values = rows.map((row) => Object.hasOwn(row.properties, name) ? row.properties[name] : null);
  if (type === "number") return float64Column(values as (number | null)[]);
  if (type === "boolean") return boolColumn(values as (boolean | null)[]);
  return utf8Column(
    values.map((value) =>
      value === null || typeof value === "string" ? value : JSON.stringify(value) ?? null
    ) as (
      | string
      | null
    )[],
  );
}
