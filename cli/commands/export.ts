/** `granary export STORE -o FILE`: a store's cells as GeoParquet, CSV, GeoJSON, FlatGeobuf or a cloud-optimized GeoTIFF. */
import fs from "node:fs";
import path from "node:path";
import type { Command } from "@commander-js/extra-typings";
import { inputError } from "../../core/errors.ts";
import { writeFileAtomic } from "../../core/files/atomic.ts";
import type { GranaryStore } from "../../core/store/open.ts";
import { formatBytes, formatNumberOf } from "../../core/units.ts";
import type { CellTable } from "../../results/cell_table.ts";
import { addExportOptions, type ExportFlags, type ExportRequest, exportRequest } from "../flags/export.ts";
import { outputFile } from "../flags/output.ts";
import { inWindow } from "../flags/store_time.ts";
import { openStoreAt } from "../flags/store_place.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { storeToRead } from "../flags/places.ts";

const EXAMPLES = `
Examples:
  granary export store.zarr -o cells.parquet
  granary export store.zarr --variable h_mean,count --geometry centre -o cells.geojson
  granary export s3://bucket/store.zarr --order 8 -o - --format csv | head
  granary export store.zarr -o cells.fgb
  granary export store.zarr --variable h_mean --crs EPSG:3031 --resolution 5000 -o h_mean.tif

Cells without a value of any variable are left out. Longitudes and latitudes are geodetic, on WGS84, where
the store's cells are authalic. A pixel of an image has the value of the cell that holds its centre, or with
--resampling area the mean of the cells that it touches.`;

export function addExport(program: Command, context: CliContext): void {
  const command = program.command("export")
    .description("write a store's cells as GeoParquet, CSV, GeoJSON, FlatGeobuf or a cloud-optimized GeoTIFF")
    .argument("<store>", "the Zarr store: a folder, s3://bucket/prefix or an HTTPS address", storeToRead);
  addExportOptions(command);
  command.addHelpText("after", EXAMPLES)
    .action(async (address) => {
      const request = exportRequest(command.opts() as unknown as ExportFlags);
      if (request.output === "-" && context.json) {
        throw inputError("granary export: -o - leaves no room on stdout for --json (name a file)");
      }
      const output = request.output === "-"
        ? "-"
        : outputFile(request.output, request.kind, request.overwrite);
      const whole = await openStoreAt(address, context);
      try {
        if (request.zones) {
          await writeZones(whole, request.format, output, context);
          return;
        }
        const store = request.time === undefined && request.grid === null
          ? whole
          : await inWindow(whole, request.time);
        const { CellTable } = await import("../../results/cell_table.ts");
        const table = CellTable.of(store, request.table);
        const { order } = table.level;
        const variables = table.variables.map(({ name }) => name);
        const made = request.grid === null
          ? await writeTable(table, request, output, context)
          : await writeImage(table, request.grid, output, request.overwrite, context);
        if (output === "-") return;
        const sizeBytes = fs.statSync(output).size;
        if (context.json) {
          printReport(context, "export", {
            output,
            format: request.format,
            order,
            columns: variables,
            sizeBytes,
            ...made,
          });
          return;
        }
        const held = made.cells === null
          ? `${made.width} by ${made.height} pixels`
          : formatNumberOf(made.cells, "cell");
        context.log.info(`${output}: ${held} of order ${order}, ${formatBytes(sizeBytes)}`);
      } finally {
        await whole.close();
      }
    });
}

interface Made {
  /** Rows of a table; null for an image. */
  cells: number | null;
  width: number | null;
  height: number | null;
}

async function writeTable(
  table: CellTable,
  { format, geometry }: ExportRequest,
  output: string,
  context: CliContext,
): Promise<Made> {
  const { signal } = context;
  const { makeFileAtomic } = await import("../../core/files/atomic_path.ts");
  if (format === "geoparquet") {
    const { writeGeoParquet } = await import("../../results/parquet.ts");
    const cells = await makeFileAtomic(output, (file) => writeGeoParquet(file, table, geometry, signal));
    return { cells, width: null, height: null };
  }
  const counted = { rows: 0 };
  const chunks = await chunksOf(table, format, geometry, counted, signal);
  if (output === "-") {
    for await (const chunk of chunks) context.out.write(chunk);
  } else {
    await makeFileAtomic(output, async (file) => {
      const handle = await fs.promises.open(file, "wx");
      try {
        for await (const chunk of chunks) await handle.writeFile(chunk);
      } finally {
        await handle.close();
      }
    });
  }
  return { cells: counted.rows, width: null, height: null };
}

async function writeZones(
  store: GranaryStore,
  format: ExportRequest["format"],
  output: string,
  context: CliContext,
): Promise<void> {
  let rows: number;
  if (format === "geoparquet") {
    const { makeFileAtomic } = await import("../../core/files/atomic_path.ts");
    const { writeZonesParquet } = await import("../../results/zone_parquet.ts");
    rows = await makeFileAtomic(output, (file) => writeZonesParquet(file, store));
  } else {
    const { zonesCsv, zonesGeoJson } = await import("../../results/zone_text.ts");
    const made = format === "geojson" ? zonesGeoJson(store) : zonesCsv(store);
    if (output === "-") {
      context.out.write(made.text);
      return;
    }
    writeFileAtomic(output, new TextEncoder().encode(made.text));
    rows = made.rows;
  }
  const sizeBytes = fs.statSync(output).size;
  if (context.json) printReport(context, "export", { output, format, zones: rows, sizeBytes });
  else context.log.info(`${output}: ${formatNumberOf(rows, "zone")}, ${formatBytes(sizeBytes)}`);
}

async function chunksOf(
  table: CellTable,
  format: ExportRequest["format"],
  geometry: ExportRequest["geometry"],
  counted: { rows: number },
  signal: AbortSignal,
): Promise<AsyncIterable<string | Uint8Array>> {
  if (format === "flatgeobuf") {
    return (await import("../../results/flatgeobuf.ts")).flatGeobuf(table, geometry, counted, signal);
  }
  const { csvText, geoJsonText } = await import("../../results/text.ts");
  return format === "csv" ? csvText(table, counted, signal) : geoJsonText(table, geometry, counted, signal);
}

async function writeImage(
  table: CellTable,
  grid: NonNullable<ExportRequest["grid"]>,
  output: string,
  overwrite: boolean,
  { signal, log }: CliContext,
): Promise<Made> {
  const { gridOf } = await import("../../results/cell_grid.ts");
  const { writeCog } = await import("../../core/geotiff/write/cog.ts");
  const { FolderTarget } = await import("../../core/access/folder_target.ts");
  const image = await gridOf(table, grid, signal);
  const target = new FolderTarget(path.dirname(path.resolve(output)));
  const written = await writeCog(image, target, path.basename(output), { replace: overwrite, signal });
  for (const note of written.notes) log.info(`${output}: ${note}`);
  return { cells: null, width: written.width, height: written.height };
}
