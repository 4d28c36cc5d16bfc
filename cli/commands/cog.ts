/** `granary cog FILE[:VARIABLE]… -o DIR|s3://…`: grids of any file as cloud-optimized GeoTIFFs; and checks of them. */
import type { Command } from "@commander-js/extra-typings";
import type { SourceOpener } from "../../core/access/open.ts";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import { isNoTarget } from "../../core/access/no_bucket.ts";
import { safeName } from "../../core/access/redact.ts";
import { compileLater } from "../../core/compile_later.ts";
import { GranaryError, inputError } from "../../core/errors.ts";
import { outputAddress } from "../../core/files/address.ts";
import { nodataText } from "../../core/geotiff/write/metadata.ts";
import type { CogPlanOfFile, CogRequest, WrittenCog } from "../../core/grids/write_cogs.ts";
import { formatBytes, formatNumberOf } from "../../core/units.ts";
import { addCogChecks } from "./cog_check.ts";
import { addCogOptions, type CogFlags, cogRequest } from "../flags/cog.ts";
import { type GridInput, gridInputs } from "../flags/grid_inputs.ts";
import { gather, gathering } from "../flags/repeated.ts";
import { addS3Options, type S3Flags, s3Settings } from "../flags/s3.ts";
import type { CliContext } from "../io/context.ts";
import { type FailedItem, failOnFailures } from "../io/failures.ts";
import { toJson } from "../io/json.ts";
import { asReport } from "../io/report.ts";
import { Option } from "@commander-js/extra-typings";
import { gridsToRead, storeToWrite } from "../flags/places.ts";

const EXAMPLES = `
Examples:
  granary cog OMI-Aura_L3-OMTO3d_2016m0331.he5 -o cogs
  granary cog imerg.h5:precipitation merra2.nc4:T2M -o s3://bucket/cogs --compress zstd
  granary cog @files.txt --variable '*Ozone*' -o cogs --json | jq -r .path
  granary cog era5.nc -o cogs --time bands --dry-run

Files of HDF5, HDF-EOS5, netCDF-4 and GeoTIFF, here, over https or in S3. Every variable that is a grid
becomes {file}/{variable}.tif, a TIFF {file}.tif, north up, with its overviews and statistics. A TIFF that is
cloud-optimized is copied byte for byte, a tiled one put in order with every block as it is (--cogs rewrite).
What exists is never replaced unasked.
Exit code 2 where the only file is refused, 3 where some of several are.`;

interface Flags extends CogFlags, S3Flags {
  output: string;
  variable?: string[];
  dryRun?: boolean;
}

export function addCog(program: Command, context: CliContext): void {
  const cog = program.command("cog").description("turn grids into cloud-optimized GeoTIFFs");
  const command = cog
    .argument(
      "<files...>",
      "FILE or FILE:VARIABLE, a path or an address; @LIST or - for names, one a line",
      gridsToRead,
    )
    .option("-o, --output <place>", "a folder, or s3://bucket/prefix", storeToWrite)
    .addOption(gathering(
      new Option("--variable <glob>", "only these variables, by name or path; may be given again").argParser(
        gather,
      ),
    ));
  command.option("--dry-run", "print what would be written, and write nothing");
  addCogOptions(command);
  command.optionsGroup("S3:");
  addS3Options(command);
  command
    .addHelpText("after", EXAMPLES)
    .action(async (files, options) => {
      // A required option would be asked of the commands below, too.
      if (options.output === undefined) {
        throw inputError("-o is missing (wanted a folder, or s3://bucket/prefix, for the COGs)");
      }
      compileLater();
      const flags = options as unknown as Flags;
      const inputs = gridInputs(files, flags.variable);
      const request = { ...cogRequest(flags), count: context.json, signal: context.signal };
      const { SourceOpener } = await import("../../core/access/open.ts");
      const { openTarget } = await import("../../core/access/targets.ts");
      const opener = new SourceOpener({
        env: context.env,
        signal: context.signal,
        warn: (message) => context.log.warn(message),
      });
      const s3 = s3Settings(flags);
      const target = openTarget(outputAddress(flags.output), opener, s3);
      await run(inputs, request, target, opener, flags, context);
    });
  addCogChecks(cog, context);
}

async function run(
  inputs: readonly GridInput[],
  request: CogRequest,
  target: ObjectTarget,
  opener: SourceOpener,
  flags: Flags,
  context: CliContext,
): Promise<void> {
  const rows: unknown[][] = [];
  const failed: FailedItem[] = [];
  const damaged: FailedItem[] = [];
  const taken = new Map<string, string>();
  const progress = context.log.progress("cog", inputs.length, "files");
  let done = 0;
  for (const input of inputs) {
    context.signal.throwIfAborted();
    try {
      damaged.push(...await convert(input, request, target, opener, flags, taken, context, rows));
    } catch (error) {
      // One file is the whole errand, and its failure the command's; a refused credential fails them all.
      if (inputs.length === 1 || !isOfOneFile(error)) throw error;
      failed.push({ id: safeName(input.place), reason: error.message });
    }
    progress.update(++done);
  }
  progress.end();
  if (!context.json && rows.length > 0) {
    context.out.table(flags.dryRun ? PLAN_COLUMNS : WRITTEN_COLUMNS, rows);
  }
  const what = [
    failed.length === 0 ? [] : [`${formatNumberOf(failed.length, "file")} of ${inputs.length}`],
    damaged.length === 0 ? [] : [formatNumberOf(damaged.length, "variable")],
  ].flat().join(" and ");
  failOnFailures([...failed, ...damaged], `${what} could not be converted`, context);
}

function isOfOneFile(error: unknown): error is GranaryError {
  return error instanceof GranaryError && (error.tag === "input" || error.tag === "granule") &&
    !isNoTarget(error);
}

const PLAN_COLUMNS = ["path", "cells", "bands", "type", "crs"];
const WRITTEN_COLUMNS = [...PLAN_COLUMNS, "valid %", "overviews", "size"];

/** @returns variables that could not be read while others could */
async function convert(
  input: GridInput,
  request: CogRequest,
  target: ObjectTarget,
  opener: SourceOpener,
  flags: Flags,
  taken: Map<string, string>,
  context: CliContext,
  rows: unknown[][],
): Promise<FailedItem[]> {
  const damaged: { id: string; reason: string; error?: unknown }[] = [];
  const { existingOutputs, planCogs, writePlannedCog } = await import("../../core/grids/write_cogs.ts");
  const { locationOf } = await import("../../core/access/location.ts");
  const { openNamed } = await import("../../core/access/open_named.ts");
  const location = locationOf(input.place);
  const at = safeName(input.place);
  const source = await openNamed(
    opener,
    input.place,
    location.kind === "s3" ? { ...location, s3: s3Settings(flags) } : location,
  );
  const plan = await planCogs(source, source.name, {
    ...request,
    ...(input.variables === undefined ? {} : { variables: input.variables }),
  });
  try {
    checkApart(plan, at, taken);
    for (const { name, rule, reason } of plan.refused) {
      if (rule === "damaged") damaged.push({ id: `${at}:${name}`, reason });
      else context.log.info(`${plan.name}: ${name} is left out: ${reason}`);
    }
    const there = request.replace === true ? [] : await existingOutputs(plan, target);
    if (there.length > 0) {
      const more = there.length > 1 ? ` and ${there.length - 1} more` : "";
      throw inputError(
        `${plan.name}: ${place(target, there[0])}${more}: exists already; nothing of this file was written ` +
          "(choose another folder, or say --overwrite)",
      );
    }
    let made = 0;
    const said = new Set<string>();
    const say = (of: string, note: string) => {
      const line = `${of}: ${note}`;
      if (!said.has(line)) context.log.info(line);
      said.add(line);
    };
    for (const output of plan.outputs) {
      const path = place(target, output.key);
      const { grid, bands } = output;
      const shown = [path, `${grid.width} x ${grid.height}`, bands.length];
      if (flags.dryRun) {
        if (context.json) printLine(context, plannedReport(plan, path, output));
        rows.push([...shown, grid.dtype, grid.crs.code ?? grid.crs.name]);
        continue;
      }
      let written: WrittenCog;
      try {
        written = await writePlannedCog(plan, output, target, request);
      } catch (error) {
        // A damaged variable does not lose the others.
        if (plan.outputs.length === 1 || !isOfOneFile(error)) throw error;
        damaged.push({ id: `${at}:${grid.name}`, reason: error.message, error });
        continue;
      }
      made += 1;
      const of = grid.name === "" ? plan.name : `${plan.name}: ${grid.name}`;
      for (const note of written.notes) say(of, note);
      if (written.made === "copied") say(of, "is cloud-optimized: copied byte for byte");
      sayFilled(written, plan.name, context);
      if (context.json) printLine(context, { path, ...namedFields(written) });
      rows.push([
        ...shown,
        written.dtype,
        written.crs.code ?? written.crs.name,
        written.bands.map(({ statistics }) => statistics?.validPercent.toFixed(1) ?? "-").join(" "),
        written.overviews === "none" ? "none" : `${written.overviews}, ${written.levels.length - 1}`,
        formatBytes(written.sizeBytes),
      ]);
    }
    const [first] = damaged.filter(({ error }) => error !== undefined);
    if (made === 0 && first !== undefined) throw first.error;
    return damaged.map(({ id, reason }) => ({ id, reason }));
  } finally {
    await plan.file.close();
  }
}

/** Throws where files of one name, from two folders, would become one COG. */
function checkApart({ outputs, name }: CogPlanOfFile, at: string, taken: Map<string, string>): void {
  for (const { key } of outputs) {
    const other = taken.get(key);
    if (other !== undefined) {
      throw inputError(
        `${name}: its ${key} would take the place of that of ${other} (convert them to two folders)`,
      );
    }
    taken.set(key, at);
  }
}

function place(target: ObjectTarget, key: string): string {
  return `${target.name.replace(/\/+$/, "")}/${key}`;
}

function sayFilled(written: WrittenCog, name: string, context: CliContext): void {
  const filled = written.bands.reduce((sum, band) => sum + (band.nanFilled ?? 0), 0);
  if (filled === 0) return;
  context.log.info(
    `${name}: ${written.variable}: ${
      formatNumberOf(filled, "NaN cell")
    } written as the nodata value ${written.nodata}`,
  );
}

function plannedReport(plan: CogPlanOfFile, path: string, output: CogPlanOfFile["outputs"][number]): object {
  const { grid, bands, key, time } = output;
  const { width, height, affine, crs, dtype, nodata } = grid;
  return {
    path,
    key,
    source: plan.name,
    granule: plan.granule,
    variable: grid.name,
    width,
    height,
    affine,
    crs,
    dtype,
    notes: grid.notes,
    planned: true,
    ...namedFields({ nodata, time, bands: bands.map((band) => grid.bands[band]) }),
  };
}

/** Values that JSON has no word for, as text: moments, and nodata that is no number. */
function namedFields<
  T extends { nodata: number | null; time: number | null; bands: readonly { time: number | null }[] },
>(
  value: T,
): object {
  const { nodata } = value;
  const moment = (time: number | null) => time === null ? null : new Date(time).toISOString();
  return {
    ...value,
    nodata: nodata === null || Number.isFinite(nodata) ? nodata : nodataText(nodata),
    time: moment(value.time),
    bands: value.bands.map((band) => ({ ...band, time: moment(band.time) })),
  };
}

/** One document a line. */
function printLine(context: CliContext, value: object): void {
  context.out.write(`${toJson(asReport("cog", value), 0)}\n`);
}
