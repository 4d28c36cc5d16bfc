/** `granary catalog sql F "select …"` */
import { type Command, Option } from "@commander-js/extra-typings";
import { compileLater } from "../../core/compile_later.ts";
import { inputError } from "../../core/errors.ts";
import { SQL_FORMATS, type SqlFormat } from "../../catalog/query/sql.ts";
import { catalogAccess } from "./catalog_access.ts";
import type { CliContext } from "../io/context.ts";
import { isRemoteCatalog } from "../../catalog/file/remote_catalogs.ts";
import { printSql } from "./print_sql.ts";
import { catalogToRead } from "../flags/places.ts";

const EXAMPLES = `
Views: granules (a row each), urls (collection, id, asset, s3, https, local), and cells_at(ORDER)
(collection, id, cell), a macro for a FROM clause.

Examples:
  granary catalog sql catalog.parquet "select collection, count(*) from granules group by all"
  granary catalog sql catalog.parquet "select cell, count(*) from cells_at(6) group by all" --format csv
  granary catalog sql catalog.parquet "select * from granules where size_bytes > 1e9" --format parquet > big.parquet
  granary catalog sql catalog.parquet --print | duckdb`;

export function addCatalogSql(catalog: Command, context: CliContext): void {
  catalog.command("sql")
    .description("query a catalog with SQL")
    .argument("<file>", "a catalog: a file, an address of S3 or HTTPS, or - for stdin", catalogToRead)
    .argument("[query]", "one SELECT over granules, urls and cells_at(order)")
    .addOption(new Option("--format <format>", "how rows are printed").choices(SQL_FORMATS))
    .option("--print", "print the views as SQL for any DuckDB, and run nothing")
    .addHelpText("after", EXAMPLES)
    .action(async (file, query, options) => {
      compileLater();
      const { openCatalog } = await import("../../catalog/file/open_catalog.ts");
      const opened = await openCatalog(file, catalogAccess(context));
      try {
        if (options.print) {
          const { viewScript } = await import("../../catalog/file/views_text.ts");
          const { catalogFiles } = await import("../../catalog/file/catalog_files.ts");
          if (file === "-" || isRemoteCatalog(file)) {
            throw inputError(`${file}: --print names files of this machine (wanted a catalog on a disk)`);
          }
          context.out.write(viewScript(await catalogFiles(file), opened.types));
          return;
        }
        if (query === undefined) {
          throw inputError("the query is missing (wanted SQL, or --print for the views)");
        }
        const format: SqlFormat = options.format ?? (context.json ? "json" : "table");
        await printSql(opened, query, format, context);
      } finally {
        opened.close();
      }
    });
}
