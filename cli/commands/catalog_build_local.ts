/** `granary catalog build --from local PATH…`: files on a disk, read by a pipeline config. */
import { type CommandUnknownOpts, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import os from "node:os";
import { inputError } from "../../base/errors.ts";
import { loadConfig } from "../../aggregate/config/load.ts";
import type { Pipeline } from "../../aggregate/config/pipeline.ts";
import { PRESET_NAMES } from "../../aggregate/config/presets/index.ts";
import { CHECKSUM_KINDS, type ChecksumKind } from "../../catalog/checksum_file.ts";
import type { CatalogQuery } from "../../catalog/schema.ts";
import type { LocalFile } from "../../catalog/local_files.ts";
import { rowIndexPath } from "../../aggregate/rows/paths.ts";
import { parseCellOrder } from "./catalog_import.ts";
import type { BuildRequest, BuildSource, OpenedSource } from "./catalog_build_source.ts";

const DEFAULT_CHECKSUM: ChecksumKind = "sha256";

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
      `local: how files are read: a preset (${PRESET_NAMES.join(", ")}) or a YAML file ` +
        "(default: the preset that fits the files' names)",
    );
    command.option(
      "--collection <names>",
      "local: the collection of files whose names do not say it; cmr-json and stac: only these, commas between",
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
      "local: write a row index too, at an order of cells (default: the catalog's); " +
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
  if (inputs.length === 0) throw inputError("no paths were named (wanted granule files or folders of them)");
  const { findLocalFiles } = await import("../../catalog/local_files.ts");
  const { localRows } = await import("../../catalog/local.ts");
  const { startLocalScanner } = await import("../../aggregate/scan/local_scan.ts");
  const files = findLocalFiles(inputs);
  const pipeline = await pipelineFor(files, flags.config, context.log.warn);
  const workers = Math.min(flags.workers ?? os.availableParallelism(), files.length);
  const indexOrder = flags.rowIndex === undefined
    ? null
    : flags.rowIndex === true
    ? cellOrder
    : flags.rowIndex;
  const scanner = startLocalScanner(pipeline, workers, indexOrder);
  const progress = context.log.progress("catalog", files.length, "granules");
  const failures: { granule: string; reason: string }[] = [];
  const found = localRows(files, {
    scan: scanner.scan,
    cellOrder,
    collection: flags.collection,
    provider: flags.provider,
    checksum: flags.checksum,
    concurrency: workers + 1,
    signal: context.signal,
    onFailure: (file, error) => failures.push({ granule: file, reason: error.message }),
    onDone: (done) => progress.update(done),
  });
  const teed = indexOrder === null ? undefined : (await import("../../aggregate/rows/tee.ts")).teeRowIndex(
    found,
    (row) => scanner.takeRuns(`${row.local_base}${row.path}`),
    rowIndexPath(request.output),
    { order: indexOrder },
  );
  return {
    rows: teed?.rows ?? found,
    queries: () => [localQuery(inputs, flags.config, failures.length)],
    notes: () => [],
    failures,
    close: async () => {
      progress.end();
      await teed?.index;
      await scanner.close();
    },
  };
}

function localQuery(paths: readonly string[], config: string | undefined, failed: number): CatalogQuery {
  const granules: Record<string, number> = failed === 0 ? {} : { "could not be read": failed };
  return {
    source: "local",
    parameters: { paths, config: config ?? null },
    set_aside: { granules, links: {}, notes: {} },
  };
}

/** The config named, or the preset whose collections fit every file's name. */
async function pipelineFor(
  files: readonly LocalFile[],
  config: string | undefined,
  warn: (message: string) => void,
): Promise<Pipeline> {
  if (config !== undefined) {
    const { pipeline, warnings } = loadConfig(config);
    warnings.forEach(warn);
    return pipeline;
  }
  const { granuleFromName } = await import("../../catalog/local_name.ts");
  const { globMatches } = await import("../../catalog/glob.ts");
  const collections = new Set(files.map((file) => granuleFromName(file.path).collection));
  const fitting = PRESET_NAMES.map((name) => loadConfig(name).pipeline).filter((pipeline) =>
    [...collections].every((collection) =>
      collection !== null && pipeline.dataSource.collections.some((glob) => globMatches(glob, collection))
    )
  );
  if (fitting.length === 1) return fitting[0]!;
  const found = [...collections].map((collection) => collection ?? "unknown").sort().join(", ");
  throw inputError(
    `the files are of ${found}, which no single preset fits (${
      PRESET_NAMES.join(", ")
    }); name a config with -c`,
  );
}
