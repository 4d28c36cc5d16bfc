/**
 * SQL over the cells of a store: DuckDB with the view `cells`, with `zones` where the store has statistics of such, and
 * with a catalog's views beside them where one is given. The cells are written to a scratch file first, so that memory stays bounded.
 */
import fs from "node:fs";
import path from "node:path";
import { type CatalogOptions, openCatalog } from "../catalog/file/open_catalog.ts";
import { SCHEMA_VERSION } from "../catalog/schema.ts";
import type { Queried } from "../catalog/query/queried.ts";
import { fullDiskError } from "../core/files/atomic_path.ts";
import { type DuckOptions, openDuck, sqlString } from "../core/tables/duckdb.ts";
import type { CellTable } from "./cell_table.ts";
import type { GranaryStore } from "../core/store/open.ts";
import { writeGeoParquet } from "./parquet.ts";
import { hasZones } from "./zone_table.ts";
import { zonesCsv } from "./zone_text.ts";

interface OpenedCells extends Queried {
  close(): void;
}

export async function openCells(
  table: CellTable,
  catalog: string | undefined,
  options: CatalogOptions = {},
): Promise<OpenedCells> {
  const opened = catalog === undefined ? await alone(table, options) : await openCatalog(catalog, options);
  try {
    const { connection, folder } = opened.duck;
    const file = path.join(folder, "cells.parquet");
    await writeGeoParquet(file, table, "polygon", options.signal);
    await connection.run(
      `CREATE TEMP VIEW cells AS SELECT * REPLACE (ST_GeomFromWKB(geometry) AS geometry)
       FROM read_parquet(${sqlString(file)})`,
    );
    if (hasZones(table.store)) await viewZones(opened, table.store);
    return opened;
  } catch (error) {
    opened.close();
    throw fullDiskError(opened.duck.folder, error);
  }
}

async function viewZones({ duck: { connection, folder } }: OpenedCells, store: GranaryStore): Promise<void> {
  const { text, columns } = zonesCsv(store);
  const file = path.join(folder, "zones.csv");
  fs.writeFileSync(file, text);
  const types = columns.map((name) => `${sqlString(name)}: '${ZONE_TYPES[name] ?? "DOUBLE"}'`).join(", ");
  await connection.run(
    `CREATE TEMP VIEW zones AS SELECT * FROM read_csv(${
      sqlString(file)
    }, header = true, columns = {${types}})`,
  );
}

/** Of columns that are no statistics. */
const ZONE_TYPES: Readonly<Record<string, string>> = {
  zone: "VARCHAR",
  time: "TIMESTAMPTZ",
  observations: "BIGINT",
};

/** DuckDB that may read its own folder and nothing else. */
async function alone(table: CellTable, options: DuckOptions): Promise<OpenedCells> {
  const duck = await openDuck(options);
  const { connection, folder } = duck;
  try {
    await connection.run(`SET allowed_directories = [${sqlString(folder + path.sep)}]`);
    await connection.run("SET enable_external_access = false");
    await connection.run("SET lock_configuration = true");
  } catch (error) {
    duck.close();
    throw error;
  }
  return {
    name: table.store.name,
    metadata: { schema_version: SCHEMA_VERSION, cell_order: table.level.order, queries: [] },
    duck,
    close: () => duck.close(),
  };
}
