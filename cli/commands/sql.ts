/** `granary sql STORE "select …"` */
import { type Command, Option } from "@commander-js/extra-typings";
import { SQL_FORMATS, type SqlFormat } from "../../catalog/query/sql.ts";
import { listOf, whole } from "../flags/numbers.ts";
import { openStoreAt } from "../flags/store_place.ts";
import { catalogAccess } from "./catalog_access.ts";
import type { CliContext } from "../io/context.ts";
import { printSql } from "./print_sql.ts";
import { catalogToRead, fileToWrite, storeToRead } from "../flags/places.ts";

const EXAMPLES = `
The view cells has a row for each cell with a value of any variable: cell_id, lon, lat, the variables, and
geometry, the cell's outline. Where aggregate had --zones, the view zones has their statistics. With --catalog there are the catalog's views granules, urls and cells_at(ORDER), too.

Examples:
  granary sql store.zarr "select count(*), avg(h_mean) from cells"
  granary sql store.zarr "select * from cells order by h_sigma desc limit 10" --format csv
  granary sql store.zarr --order 8 "select * from cells where lat < -75" --format parquet > south.parquet
  granary sql store.zarr --catalog catalog.parquet --order 8 \\
    "select cell_id, list(id) from cells join cells_at(8) on cell = cell_id group by all"`;

export function addSql(program: Command, context: CliContext): void {
  program.command("sql")
    .description("query a store's cells with SQL, beside a catalog's granules where one is named")
    .argument("<store>", "the Zarr store: a folder, s3://bucket/prefix or an HTTPS address", storeToRead)
    .argument("<query>", "one SELECT over cells")
    .option(
      "--catalog <file>",
      "a catalog (a file, or an address of S3 or HTTPS) whose views stand beside",
      catalogToRead,
    )
    .option("--variable <names>", "load these only, with commas between (default: all)", listOf)
    .option("--order <n>", "the level (default: the finest)", whole(0, 29))
    .option("--scratch <dir>", "where the cells are laid out and DuckDB may spill", fileToWrite)
    .addOption(new Option("--format <format>", "how rows are printed").choices(SQL_FORMATS))
    .addHelpText("after", EXAMPLES)
    .action(async (address, query, { catalog, variable, order, scratch, ...options }) => {
      const format: SqlFormat = options.format ?? (context.json ? "json" : "table");
      const store = await openStoreAt(address, context);
      try {
        const { CellTable } = await import("../../results/cell_table.ts");
        const { openCells } = await import("../../results/sql.ts");
        const table = CellTable.of(store, { variables: variable, order });
        const opened = await openCells(table, catalog, { scratch, ...catalogAccess(context) });
        try {
          await printSql(opened, query, format, context);
        } finally {
          opened.close();
        }
      } finally {
        await store.close();
      }
    });
}
