/** `granary catalog …`: making catalogs, and asking them. */
import type { Command } from "@commander-js/extra-typings";
import type { CliContext } from "../io/context.ts";
import { addCatalogBuild } from "./catalog_build.ts";
import { addCatalogExport } from "./catalog_export.ts";
import { addCatalogImport } from "./catalog_import.ts";
import { addCatalogIndex } from "./catalog_index.ts";
import { addCatalogInfo } from "./catalog_info.ts";
import { addCatalogMerge } from "./catalog_merge.ts";
import { addCatalogRebase } from "./catalog_rebase.ts";
import { addCatalogSql } from "./catalog_sql.ts";
import { addCatalogUrls } from "./catalog_urls.ts";
import { addCatalogValidate } from "./catalog_validate.ts";

export function addCatalog(program: Command, context: CliContext): void {
  const catalog: Command = program.command("catalog") as Command;
  catalog.description("make, merge, query and check catalogs of granules");
  addCatalogBuild(catalog, context);
  addCatalogInfo(catalog, context);
  addCatalogSql(catalog, context);
  addCatalogUrls(catalog, context);
  addCatalogMerge(catalog, context);
  addCatalogValidate(catalog, context);
  addCatalogRebase(catalog, context);
  addCatalogIndex(catalog, context);
  addCatalogExport(catalog, context);
  addCatalogImport(catalog, context);
}
