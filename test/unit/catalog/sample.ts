/** Granule rows and folders for the catalog's tests. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { GranuleRow } from "../../../catalog/granule.ts";
import { type Catalog, openCatalog } from "../../../catalog/file/open_catalog.ts";
import { openDuck } from "../../../core/tables/duckdb.ts";
import { queryRows } from "../../../core/tables/query.ts";
import { encodeWkb } from "../../../core/geometry/wkb.ts";
import { writeCatalog, type WriteOptions } from "../../../catalog/write/write.ts";

/** A sound row with one cell at order 8, changed by `changes`. */
export function sampleRow(changes: Partial<GranuleRow> = {}): GranuleRow {
  return {
    id: "g1.h5",
    collection: "TEST.001",
    provider: "TESTER",
    concept_id: null,
    revision: 1,
    start_datetime: Date.UTC(2019, 3, 16, 9, 39, 11),
    end_datetime: Date.UTC(2019, 3, 16, 9, 47, 2),
    datetime: null,
    geometry: encodeWkb({ type: "LineString", coordinates: [[-50, 70], [-49.5, 72]] }),
    bbox: { xmin: -50, ymin: 70, xmax: -49.5, ymax: 72 },
    cell_order: 8,
    cells: BigUint64Array.of(1000n),
    s3_base: "s3://bucket/",
    https_base: "https://host.example/bucket/",
    local_base: null,
    path: "a/g1.h5",
    s3_credentials: null,
    s3_region: null,
    s3_endpoint: null,
    s3_access: null,
    size_bytes: 12345,
    checksum: "md5:00ff",
    assets: [],
    properties: {},
    ...changes,
  };
}

/** A folder that is removed after `run`. */
export async function withFolder<T>(run: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-test-"));
  try {
    return await run(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes rows, opens the catalog, and closes it after `run`. */
export async function withCatalog<T>(
  rows: Iterable<GranuleRow>,
  run: (catalog: Catalog, file: string) => Promise<T>,
  options: WriteOptions = {},
): Promise<T> {
  return await withFolder(async (folder) => {
    const file = path.join(folder, "catalog.parquet");
    await writeCatalog(file, rows, options);
    const catalog = await openCatalog(file);
    try {
      return await run(catalog, file);
    } finally {
      catalog.close();
    }
  });
}

/** Every row of a catalog, in file order. */
export async function allRows(catalog: Catalog): Promise<GranuleRow[]> {
  const rows: GranuleRow[] = [];
  for await (const chunk of catalog.rows()) rows.push(...chunk.rows);
  return rows;
}

/** Writes the catalog `plain` as `file`, with one more column, as its user may: `note`. */
export async function withNote(plain: string, file: string): Promise<void> {
  const duck = await openDuck({ threads: 1 });
  try {
    const key = async (name: string) => {
      const [{ text }] = await queryRows(
        duck.connection,
        `SELECT decode(value) AS text FROM parquet_kv_metadata('${plain}') WHERE key = '${name}'::BLOB`,
      );
      return text;
    };
    await duck.connection.run(
      `COPY (SELECT *, 'mine' AS note FROM read_parquet('${plain}')) TO '${file}'
       (FORMAT parquet, KV_METADATA {granary: '${await key("granary")}', geo: '${await key("geo")}'})`,
    );
  } finally {
    duck.close();
  }
}
