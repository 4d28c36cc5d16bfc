/** The flags of `granary aggregate`, and the request that they make. */
import { inputError } from "../../core/errors.ts";
import { type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import type { AggregateRequest } from "../../aggregate/aggregate.ts";
import { DEFAULT_CHECKPOINT } from "../../aggregate/schedule/checkpoint.ts";
import { DUPLICATE_RULES, type DuplicateRule } from "../../catalog/duplicates.ts";
import { DEFAULT_TILE } from "../../aggregate/config/limits.ts";
import { CLIP_RULES, type ClipRule, DEFAULT_CLIP, type Zone } from "../../aggregate/pipeline.ts";
import type { Area } from "../../core/geometry/area.ts";
import { parseBytes } from "../../core/units.ts";
import { BEAM_STRENGTHS, type BeamStrength } from "../../products/beams.ts";
import { PRESET_NAMES } from "../../products/presets/index.ts";
import { addAreaOptions, type AreaFlags } from "./area.ts";
import { addBackendOptions, type BackendFlags } from "./backend.ts";
import { addFilterOptions, type FilterFlags, filterFrom } from "./filter.ts";
import { countOf, listOf, numberWithin, pointOf, whole } from "./numbers.ts";
import { areaToRead, catalogToRead, fileToRead, fileToWrite, storeToWrite } from "./places.ts";
import { gather, gathering } from "./repeated.ts";

/** What commander makes of the words; absent where a flag is. */
export interface AggregateFlags extends AreaFlags, FilterFlags, BackendFlags {
  config: string[];
  catalog?: string;
  output?: string;
  driver?: string;
  cells?: string;
  maxCells?: number;
  unknownExtent?: boolean;
  duplicates?: DuplicateRule;
  clip?: ClipRule;
  workers?: number;
  memory?: string;
  scratch?: string;
  runDir?: string;
  levels?: string;
  exactQuantiles?: boolean;
  zones?: string;
  zoneName?: string;
  parentOrder?: number;
  childOrder?: number;
  latitude?: "authalic" | "geodetic";
  crs?: string;
  resolution?: number;
  origin?: [x: number, y: number];
  tile?: number;
  layout?: "compact" | "sphere";
  shard?: number;
  beams?: BeamStrength;
  every?: string;
  epoch?: string;
  overwrite?: boolean;
  resume?: boolean;
  append?: boolean;
  onError?: "report" | "fail";
  checkpoint?: number;
  dryRun?: boolean;
  calibrate?: boolean;
  planOnly?: boolean;
  writeRowIndex?: number;
  rowIndex?: string;
  batches?: number;
}

export function addAggregateOptions(command: CommandUnknownOpts): void {
  command.optionsGroup("Inputs:");
  command
    .addOption(
      gathering(
        new Option(
          "-c, --config <config>",
          `a preset (${
            PRESET_NAMES.join(", ")
          }) or a YAML file; several (-c atl06 -c atl08) make one store,` +
            " each of the granules of its collections, its variables with its name before",
        ).makeOptionMandatory().argParser((text: string, before: string[] | undefined) =>
          gather(fileToRead(text), before)
        ),
      ),
    )
    .option(
      "--catalog <file>",
      "the catalog (GeoParquet): a file, or an address of S3 or HTTPS; the config may name it",
      catalogToRead,
    )
    .option("--driver <drivers>", "how granules are read: auto, or local, https, s3 in order of preference")
    .option(
      "--row-index <file>",
      "a row index (default: the one beside the catalog, if it is there)",
      fileToRead,
    )
    .option(
      "--write-row-index <order>",
      "add the granules read whole to the row index beside the catalog, at this order of cells",
      whole(),
    );
  addFilterOptions(command);
  addAreaOptions(command);
  command
    .option(
      "--zones <file>",
      "statistics of each feature of a file beside those of cells; it leaves nothing out (formats as of --polygon)",
      areaToRead,
    )
    .option("--zone-name <name>", "the property that names a zone (default: name, id or code)")
    .addOption(
      new Option(
        "--clip <what>",
        "what --polygon, --bbox and --region leave out of the parent cells that they touch: observations outside" +
          ` (default: ${DEFAULT_CLIP}), cells whose centre is outside, or none`,
      ).choices(CLIP_RULES),
    );
  command.optionsGroup("Cells and granules:");
  command
    .option("--cells <names>", "only these parent cells, with commas between")
    .option("--max-cells <n>", "at most so many parent cells, the first in order", whole())
    .option("--unknown-extent", "take granules too whose extent the catalog does not know")
    .addOption(
      new Option(
        "--beams <strength>",
        "only strong or only weak beams of ICESat-2, or of GEDI, whose full power beams are strong",
      ).choices(BEAM_STRENGTHS),
    )
    .addOption(
      new Option(
        "--duplicates <what>",
        "granules that hold the same observations (the same bytes, reprocessings, subsets):" +
          " fold takes one of each (the default), keep all, refuse none",
      ).choices(DUPLICATE_RULES),
    );
  command.optionsGroup("Grid:");
  command
    .option("--parent-order <n>", "order of the parent cells, over the config's", whole())
    .option("--child-order <n>", "order of the cells, over the config's", whole())
    .addOption(
      new Option("--latitude <convention>", "how cells read latitudes, over the config's")
        .choices(["authalic", "geodetic"] as const),
    )
    .option(
      "--crs <code>",
      "square cells in place of HEALPix: on a plane, such as EPSG:3413, or in degrees, EPSG:4326",
    )
    .option(
      "--resolution <number>",
      "the side of its cells, in units of the reference system",
      numberWithin(Number.MIN_VALUE, 1e7),
    )
    .option("--origin <x,y>", "a corner of its cells (default 0,0)", pointOf)
    .option(
      "--tile <n>",
      `its cells of a tile on one side, a power of 2 (default ${DEFAULT_TILE})`,
      whole(1),
    );
  command.optionsGroup("Store:");
  command
    .option(
      "-o, --output <store>",
      "the Zarr store: a folder or s3://bucket/prefix; the config may name it",
      storeToWrite,
    )
    .option("--levels <orders>", "orders to write, such as 6-12 (default: the child order alone)")
    .option(
      "--exact-quantiles",
      "quantiles of levels above the parents from all values, not from sketches (8 bytes a value beside the run)",
    )
    .addOption(
      new Option("--layout <layout>", "layout of the store, over the config's")
        .choices(["compact", "sphere"] as const),
    )
    .option("--shard <n>", "parent cells a Zarr shard, over the config's", whole())
    .option(
      "--every <window>",
      "a dimension of time: month, year, day, cycle (91 days), 10d and the like, or none",
    )
    .option("--epoch <date>", "where windows of days and cycles are counted from")
    .addOption(new Option("--overwrite", "replace a store that is there").conflicts("resume"));
  command.optionsGroup("What it will cost:");
  command
    .option("--dry-run", "print the plan and what it will cost, and make nothing; with --json all of it")
    .option("--calibrate", "with --dry-run: measure at one granule, wherever it is");
  command.optionsGroup("Resources:");
  command
    .option("--workers <n>", "worker threads (default: the cores that this process may use)", countOf)
    .option("--memory <size>", "memory for the whole process, such as 4GB (default: 60 % of what is allowed)")
    .option(
      "--scratch <dir>",
      "folder for what does not fit memory (default: the run directory)",
      fileToWrite,
    );
  command.optionsGroup("Resuming:");
  command
    .option("--resume", "go on with the run that made what is there")
    .addOption(
      new Option("--append", "add granules, and windows of time, to what an earlier run made")
        .conflicts(["resume", "overwrite"]),
    )
    .option("--run-dir <dir>", "the run directory (default: the store's name with .run)", storeToWrite)
    .option("--plan-only", "write the run directory for granary run work, and do nothing more")
    .option("--batches <n>", "scatter batches to cut the granules into", countOf)
    .addOption(
      new Option("--on-error <what>", "a granule that cannot be read: report it and go on, or fail")
        .choices(["report", "fail"] as const).default("report" as const),
    )
    .option(
      "--checkpoint <seconds>",
      `how often a long run saves what it has read (default: ${DEFAULT_CHECKPOINT.seconds})`,
      whole(),
    );
  addBackendOptions(command);
}

/** The zones that the flags name, if they name any. */
export async function zonesFrom({ zones, zoneName }: AggregateFlags): Promise<Zone[] | undefined> {
  if (zones === undefined && zoneName !== undefined) {
    throw inputError("--zone-name goes with --zones (what is it in?)");
  }
  if (zones === undefined) return undefined;
  return await (await import("../../core/vector/zone_file.ts")).readZones(zones, zoneName);
}

/**
 * The request that the flags make, and the area that they name. Throws an input error for a size that
 * is none.
 */
export function aggregateRequest(
  flags: AggregateFlags,
  area: Area | undefined,
  zones?: readonly Zone[],
): AggregateRequest {
  return {
    config: flags.config.length === 1 ? flags.config[0] : flags.config,
    catalog: flags.catalog,
    store: flags.output,
    driver: flags.driver,
    cells: flags.cells === undefined ? undefined : listOf(flags.cells),
    maxCells: flags.maxCells,
    filter: filterFrom(flags),
    areas: area === undefined ? [] : [area],
    rowIndex: flags.rowIndex,
    writeRowIndex: flags.writeRowIndex,
    unknownExtent: flags.unknownExtent,
    duplicates: flags.duplicates,
    clip: flags.clip,
    zones,
    workers: flags.workers,
    memoryBytes: flags.memory === undefined ? undefined : parseBytes(flags.memory),
    scratch: flags.scratch,
    runDirectory: flags.runDir,
    levels: flags.levels,
    exactQuantiles: flags.exactQuantiles,
    parentOrder: flags.parentOrder,
    childOrder: flags.childOrder,
    latitude: flags.latitude,
    layout: flags.layout,
    crs: flags.crs,
    resolution: flags.resolution,
    origin: flags.origin,
    tile: flags.tile,
    shard: flags.shard,
    beams: flags.beams,
    every: flags.every,
    epoch: flags.epoch,
    mode: flags.overwrite ? "overwrite" : flags.resume ? "resume" : flags.append ? "append" : "new",
    onError: flags.onError,
    checkpoint: flags.checkpoint === undefined
      ? undefined
      : { ...DEFAULT_CHECKPOINT, seconds: flags.checkpoint },
    dryRun: flags.dryRun ?? false,
    calibrate: flags.calibrate ?? false,
    planOnly: flags.planOnly ?? false,
    batches: flags.batches,
  };
}
