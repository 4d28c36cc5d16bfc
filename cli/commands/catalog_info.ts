/** `granary catalog info F` */
import type { Command } from "@commander-js/extra-typings";
import { compileLater } from "../../core/compile_later.ts";
import { formatBytes, formatCount } from "../../core/units.ts";
import { shorten } from "../../core/tables/expression.ts";
import type { CatalogInfo } from "../../catalog/query/info.ts";
import { inputError } from "../../core/errors.ts";
import { columnTable, SCHEMA_VERSION } from "../../catalog/schema.ts";
import { catalogAccess } from "./catalog_access.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { catalogToRead } from "../flags/places.ts";

const EXAMPLES = `
Examples:
  granary catalog info catalog.parquet
  granary catalog info --schema
  granary catalog info catalog.parquet --json | jq .collections`;

export function addCatalogInfo(catalog: Command, context: CliContext): void {
  catalog.command("info")
    .description("say what a catalog holds: collections, times, box, cells, bases, what was set aside")
    .argument("[file]", "a catalog: a file, an address of S3 or HTTPS, or - for stdin", catalogToRead)
    .option("--schema", "print the columns that every catalog has, and what they mean")
    .addHelpText("after", EXAMPLES)
    .action(async (file, options) => {
      if (options.schema === true) return showSchema(context);
      compileLater();
      if (file === undefined) throw inputError("name a catalog (or say --schema for the columns of any)");
      await showCatalog(file, context);
    });
}

function showSchema(context: CliContext): void {
  const columns = columnTable().map(([name, type, missing, meaning]) => ({
    name,
    type,
    nullable: missing !== "",
    meaning,
  }));
  if (context.json) printReport(context, "catalog.schema", { version: SCHEMA_VERSION, columns });
  else context.out.table(["column", "type", "", "meaning"], columnTable());
}

/** Prints what a catalog holds; `granary inspect` shows a catalog so too. */
export async function showCatalog(file: string, context: CliContext): Promise<void> {
  const { openCatalog } = await import("../../catalog/file/open_catalog.ts");
  const { catalogInfo } = await import("../../catalog/query/info.ts");
  const opened = await openCatalog(file, { ...catalogAccess(context), views: false });
  try {
    const info = await catalogInfo(opened);
    if (context.json) printReport(context, "catalog.info", info);
    else await print(info, context);
  } finally {
    opened.close();
  }
}

async function print(info: CatalogInfo, context: CliContext): Promise<void> {
  const { infoLines } = await import("../../catalog/query/info.ts");
  const shown = (value: unknown) => typeof value === "number" ? formatCount(value) : value;
  context.out.table(
    ["what", "value"],
    [
      ["file", `${info.file}, ${formatBytes(info.file_bytes)}`],
      ...infoLines(info).map(([what, value]) => [what, shown(value)]),
      ...info.queries.map((query) => [`query of ${query.source}`, shorten(JSON.stringify(query.parameters))]),
    ],
  );
  context.out.write("\n");
  context.out.table(
    ["collection", "provider", "granules", "assets", "start", "end", "size"],
    info.collections.map((row) => [
      row.collection,
      row.provider,
      row.granules,
      row.assets,
      row.start ?? "",
      row.end ?? "",
      row.size_bytes === null ? "" : formatBytes(row.size_bytes),
    ]),
  );
  if (info.bases.length === 0) return;
  context.out.write("\n");
  context.out.table(
    ["driver", "base", "granules"],
    info.bases.map((row) => [row.driver, row.base, row.granules]),
  );
}
