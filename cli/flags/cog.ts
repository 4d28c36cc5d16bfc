/** Flags that say how COGs are made, as a typed request. */
import { type CommandUnknownOpts, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { inputError } from "../../core/errors.ts";
import { DEFAULT_LEVELS, parseCompression } from "../../core/geotiff/write/compress.ts";
import { OVERVIEW_METHODS } from "../../core/geotiff/write/fold.ts";
import { MOST_STEPS_AS_BANDS, type TimeLayout } from "../../core/geotiff/write/outputs.ts";
import {
  DEFAULT_COG_MEMORY_BYTES,
  DEFAULT_TILE_SIZE,
  type OverviewChoice,
} from "../../core/geotiff/write/plan.ts";
import type { CellValues } from "../../core/geotiff/write/cells.ts";
import type { CogRequest } from "../../core/grids/write_cogs.ts";
import { allowedCores } from "../../core/resources.ts";
import { formatBytes, parseBytes } from "../../core/units.ts";
import { countOf } from "./numbers.ts";
import { OVERWRITE } from "./output.ts";
import { gather, gathering } from "./repeated.ts";

const DEFAULT_TIME: TimeLayout = "steps";

/** Less holds no tile and the rows around it. */
const LEAST_MEMORY_BYTES = 8e6;

export interface CogFlags {
  values: CellValues;
  compress?: string;
  cogs: "keep" | "rewrite";
  overviews: OverviewChoice;
  tileSize?: number;
  time: TimeLayout;
  split?: string[];
  crs?: string;
  grid?: string;
  mask?: "valid_range";
  nodata?: number;
  workers?: number;
  memory?: string;
  overwrite?: boolean;
}

export function addCogOptions(command: CommandUnknownOpts): void {
  command.optionsGroup("The grids:");
  command.addOption(
    new Option("--time <layout>", "a file a step of time, or the steps as bands of one file")
      .choices(["steps", "bands"]).default(DEFAULT_TIME),
  );
  command.addOption(gathering(
    new Option(
      "--split <axis>",
      `a file a step of this axis, too; may be given again (steps of axes are bands up to ${MOST_STEPS_AS_BANDS})`,
    ).argParser(gather),
  ));
  command.option(
    "--crs <code>",
    "the reference system of the axes, as EPSG:6933, where files are wrong or silent",
  );
  command.option(
    "--grid <name>",
    "the EASE-Grid 2.0 on which variables with latitudes and longitudes of two dimensions lie, as EASE2_M36km",
  );
  command.addOption(
    new Option(
      "--mask <what>",
      "values outside of the range that a variable states as valid become no values",
    ).choices(["valid_range"]),
  );
  command.optionsGroup("The COGs:");
  command.addOption(
    new Option("--values <which>", "numbers as they are stored, or unpacked to float32 by scale and offset")
      .choices(["stored", "physical"]).default("stored"),
  );
  command.option(
    "--compress <codec>",
    `deflate, zstd or none, with a level as in zstd:9 (default: deflate; levels by default: deflate ` +
      `${DEFAULT_LEVELS.deflate}, zstd ${DEFAULT_LEVELS.zstd})`,
  );
  command.addOption(
    new Option(
      "--cogs <what>",
      "TIFFs that are cloud-optimized stay as they are, byte for byte, and tiled ones are put in order with " +
        "every block as it is, unless another flag asks for other cells; rewrite encodes all again",
    ).choices(["keep", "rewrite"]).default("keep"),
  );
  command.addOption(
    new Option("--overviews <how>", "auto: the average, or the mode where cells are classes or flags")
      .choices(["auto", ...OVERVIEW_METHODS, "none"]).default("auto"),
  );
  command.option("--tile-size <cells>", `a multiple of 16 (default: ${DEFAULT_TILE_SIZE})`, countOf);
  command.option(OVERWRITE, "replace files that are there already");
  command.option("--nodata <value>", "what masked cells get where a file has no nodata value", parseValue);
  command.optionsGroup("Resources:");
  command.option("--workers <n>", "threads that compress (default: the cores of this process)", countOf);
  command.option(
    "--memory <size>",
    `for cells and packed tiles; what is beyond goes to scratch (default: ${
      formatBytes(DEFAULT_COG_MEMORY_BYTES)
    })`,
  );
}

/** Throws an input error for a flag that says what cannot be. */
export function cogRequest(flags: CogFlags): CogRequest {
  const memoryBytes = flags.memory === undefined ? undefined : parseBytes(flags.memory);
  if (memoryBytes !== undefined && memoryBytes < LEAST_MEMORY_BYTES) {
    throw inputError(
      `--memory ${flags.memory}: too little (wanted ${formatBytes(LEAST_MEMORY_BYTES)} or more)`,
    );
  }
  return {
    values: flags.values,
    ...(flags.compress === undefined ? {} : { compression: parseCompression(flags.compress) }),
    keep: mayStay(flags),
    overviews: flags.overviews,
    time: flags.time,
    workers: flags.workers ?? allowedCores(),
    replace: flags.overwrite ?? false,
    ...(flags.tileSize === undefined ? {} : { tileSize: flags.tileSize }),
    ...(flags.split === undefined ? {} : { split: flags.split }),
    ...(flags.crs === undefined ? {} : { crs: flags.crs }),
    ...(flags.grid === undefined ? {} : { grid: flags.grid }),
    ...(flags.mask === undefined ? {} : { mask: flags.mask }),
    ...(flags.nodata === undefined ? {} : { nodata: flags.nodata }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
  };
}

/** Whether no flag asks for what only other cells can give. */
function mayStay(flags: CogFlags): boolean {
  const { cogs, values, overviews, compress, tileSize, split, crs, nodata } = flags;
  return cogs === "keep" && values === "stored" && overviews === "auto" &&
    [compress, tileSize, split, crs, nodata].every((flag) => flag === undefined);
}

function parseValue(text: string): number {
  if (/^nan$/i.test(text.trim())) return NaN;
  const value = text.trim() === "" ? NaN : Number(text);
  if (Number.isNaN(value)) throw new InvalidArgumentError(`"${text}" is neither a number nor nan.`);
  return value;
}
