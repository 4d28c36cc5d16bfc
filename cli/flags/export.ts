/** The flags of `granary export`, and the request that they make. */
import path from "node:path";
import { type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { inputError } from "../../core/errors.ts";
import type { OutputKind } from "../../core/files/output.ts";
import { type Resampling, RESAMPLINGS } from "../../results/cell_grid.ts";
import { type Shape, SHAPES } from "../../results/parquet.ts";
import { listOf, numberWithin, whole } from "./numbers.ts";
import { OVERWRITE, OVERWRITE_HELP } from "./output.ts";
import { fileToWrite } from "./places.ts";

const EXPORT_FORMATS = ["geoparquet", "csv", "geojson", "flatgeobuf", "cog"] as const;
type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** What commander makes of the words; absent where a flag is. */
export interface ExportFlags {
  format?: ExportFormat;
  output: string;
  overwrite?: boolean;
  variable?: string[];
  order?: number;
  time?: string;
  geometry?: Shape;
  crs?: string;
  resolution?: number;
  resampling?: Resampling;
  zones?: boolean;
}

export interface ExportRequest {
  format: ExportFormat;
  /** A file, or `-` for stdout. */
  output: string;
  kind: OutputKind;
  overwrite: boolean;
  table: { variables: string[] | undefined; order: number | undefined };
  /** The window of time; undefined for all. */
  time: string | undefined;
  geometry: Shape;
  /** The statistics of zones, not of cells. */
  zones: boolean;
  grid: { crs: string | undefined; resolution: number | undefined; resampling: Resampling } | null;
}

/** What statistics of zones are written as. */
const ZONE_FORMATS: ReadonlySet<ExportFormat> = new Set(["csv", "geojson", "geoparquet"]);

const BY_ENDING: Readonly<Record<string, ExportFormat>> = {
  ".parquet": "geoparquet",
  ".geoparquet": "geoparquet",
  ".csv": "csv",
  ".geojson": "geojson",
  ".json": "geojson",
  ".fgb": "flatgeobuf",
  ".tif": "cog",
  ".tiff": "cog",
};

const KINDS: Readonly<Record<ExportFormat, OutputKind>> = {
  geoparquet: "Parquet",
  csv: "CSV",
  geojson: "JSON",
  flatgeobuf: "FlatGeobuf",
  cog: "TIFF",
};

export function addExportOptions(command: CommandUnknownOpts): void {
  command.optionsGroup("What and where to:");
  command
    .requiredOption("-o, --output <file>", "the file to write; - is stdout, for csv and geojson", fileToWrite)
    .addOption(
      new Option("--format <format>", "of the file (default: as its name ends)").choices(EXPORT_FORMATS),
    )
    .option(OVERWRITE, OVERWRITE_HELP)
    .option("--variable <names>", "these only, with commas between (default: all)", listOf)
    .option("--order <n>", "the level (default: the finest)", whole(0, 29))
    .option("--time <when>", "the window of time that holds a date, or first or last (default: all)");
  command.optionsGroup("Tables:");
  command
    .option(
      "--zones",
      "the statistics of zones (aggregate --zones), not of cells: csv, geojson or geoparquet",
    )
    .addOption(
      new Option(
        "--geometry <shape>",
        "of geoparquet, geojson and flatgeobuf: a cell's outline (default) or its centre",
      )
        .choices(SHAPES),
    );
  command.optionsGroup("Images (cog):");
  command
    .option("--crs <code>", "the reference system, such as EPSG:3031 (default: that of a projected grid)")
    .option(
      "--resolution <number>",
      "a pixel's side in units of the reference system (default: about a cell's)",
      numberWithin(Number.MIN_VALUE, 1e7),
    )
    .addOption(
      new Option(
        "--resampling <rule>",
        "nearest (default): the cell that holds a pixel's centre; area: the mean of cells by the area that they share with it",
      ).choices(RESAMPLINGS),
    );
}

/** Throws an input error for flags that the format has no use for. */
export function exportRequest(flags: ExportFlags): ExportRequest {
  const { output, variable, order, time, geometry, crs, resolution, resampling } = flags;
  const format = flags.format ?? BY_ENDING[path.extname(output).toLowerCase()] ??
    (flags.zones ? "csv" : undefined);
  if (format === undefined) {
    throw inputError(
      `${output}: which format? (wanted --format with one of ${
        EXPORT_FORMATS.join(", ")
      }, or a name that ends` +
        ` with one of ${Object.keys(BY_ENDING).join(", ")})`,
    );
  }
  const ofCells = variable ?? order ?? time ?? geometry;
  if (flags.zones && (!ZONE_FORMATS.has(format) || ofCells !== undefined)) {
    throw inputError(
      "--zones are written whole as csv, geojson or geoparquet (wanted -o zones.csv, zones.geojson or zones.parquet," +
        " without --variable, --order, --time and --geometry)",
    );
  }
  if (format !== "cog" && (crs ?? resolution ?? resampling) !== undefined) {
    throw inputError(
      `--crs, --resolution and --resampling are for cog; ${format} has longitude and latitude`,
    );
  }
  if ((format === "cog" || format === "csv") && geometry !== undefined) {
    throw inputError(`--geometry is for geoparquet, geojson and flatgeobuf; ${format} has none`);
  }
  if (format === "cog" && variable === undefined) {
    throw inputError("cog: which variables? (wanted --variable; each becomes a band)");
  }
  if (output === "-" && format !== "csv" && format !== "geojson") {
    throw inputError(`${format} is not written to stdout (name a file)`);
  }
  return {
    format,
    output,
    kind: KINDS[format],
    overwrite: flags.overwrite ?? false,
    table: { variables: variable, order },
    time,
    geometry: geometry ?? "polygon",
    zones: flags.zones ?? false,
    grid: format !== "cog" ? null : { crs, resolution, resampling: resampling ?? "nearest" },
  };
}
