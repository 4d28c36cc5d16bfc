/**
 * SQL over the cells of a store: DuckDB with the view `cells`, and with a catalog's views beside it where
 * one is given. The cells are written to a scratch file first, so that memory stays bounded.
 */
import path from "node:path";
import { type CatalogOptions, openCatalog } from "../catalog/file/open_catalog.ts";
import { SCHEMA_VERSION } from "../catalog/schema.ts";
import type { Queried } from "../catalog/query/queried.ts";
import { type DuckOptions, openDuck, sqlString } from "../core/tables/duckdb.ts";
import type { CellTable } from "./cell_table.ts";
import { writeGeoParquet } from "./parquet.ts";

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
    return opened;
  } catch (error) {
    opened.close();
    throw error;
  }
}

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
