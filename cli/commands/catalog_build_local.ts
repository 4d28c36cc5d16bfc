/** `granary catalog build --from local PATH…`: files on a disk, read by a pipeline config. */
import { type CommandUnknownOpts, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { PRESET_NAMES } from "../../products/presets/index.ts";
import { rowIndexPath } from "../../catalog/row_index/paths.ts";
import { CHECKSUM_KINDS, type ChecksumKind, DEFAULT_CHECKSUM } from "../../core/files/checksum_file.ts";
import type { Progress } from "../io/context.ts";
import { parseCellOrder } from "./catalog_import.ts";
import type { BuildRequest, BuildSource, OpenedSource } from "./catalog_build_source.ts";

interface LocalFlags {
  config?: string;
  collection?: string;
  provider?: string;
  checksum: ChecksumKind;
  workers?: number;
  rowIndex?: true | number;
}

export const localSource: BuildSource = {
  kind: "local",
  addOptions(command: CommandUnknownOpts) {
    command.option(
      "-c, --config <config>",
      `local: how files are read: a preset (${
        PRESET_NAMES.join(", ")
      }), a YAML file, or grids for files of ` +
        "rasters: GeoTIFF, HDF5, netCDF (default: the preset that fits the files' names)",
    );
    command.option(
      "--collection <names>",
      "local and s3: the collection of files whose names do not say it; cmr-json and stac: only these, commas between",
    );
    command.addOption(
      new Option("--checksum <kind>", "local: checksums of whole files").choices(CHECKSUM_KINDS)
        .default(DEFAULT_CHECKSUM),
    );
    command.option(
      "--workers <n>",
      "local: worker threads (default: the cores of this process)",
      parseWorkers,
    );
    command.option(
      "--row-index [order]",
      "local: write a row index too, at an order of cells (default: the config's child order); " +
        "runs over few cells then read only their rows",
      parseCellOrder,
    );
  },
  open,
};

function parseWorkers(text: string): number {
  const workers = Number(text);
  if (!/^\d+$/.test(text) || workers < 1 || workers > 1024) {
    throw new InvalidArgumentError(`"${text}" is not a number of workers (1 to 1024).`);
  }
  return workers;
}

async function open(request: BuildRequest): Promise<OpenedSource> {
  const { inputs, cellOrder, context } = request;
  const flags = request.flags as unknown as LocalFlags;
  const { GRIDS, localGranules } = await import("../../catalog/discover/files/local_granules.ts");
  const { layoutChooser } = await import("../../aggregate/config/layout.ts");
  let progress: Progress | undefined;
  const { rowIndex } = flags;
  const found = localGranules(inputs, {
    layout: flags.config === GRIDS ? GRIDS : layoutChooser(flags.config, context.log.warn),
    cellOrder,
    collection: flags.collection,
    provider: flags.provider,
    checksum: flags.checksum,
    workers: flags.workers,
    rowIndex: rowIndex === undefined
      ? undefined
      : { file: rowIndexPath(request.output), order: rowIndex === true ? undefined : rowIndex },
    signal: context.signal,
    onDone: (files, total) => {
      progress ??= context.log.progress("catalog", total, "granules");
      progress.update(files);
    },
  });
  return {
    rows: found.rows,
    queries: () => [found.query()],
    notes: found.notes,
    failures: found.failures,
    close: async () => {
      progress?.end();
      await found.close();
    },
  };
}
