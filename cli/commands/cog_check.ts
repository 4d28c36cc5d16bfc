/** `granary cog validate|info FILE…`: whether files are cloud-optimized GeoTIFFs, and what they hold. */
import fs from "node:fs";
import type { Command } from "@commander-js/extra-typings";
import { locationOf } from "../../core/access/location.ts";
import type { RangedSource } from "../../core/access/block_cache.ts";
import { SourceOpener } from "../../core/access/open.ts";
import { openNamed } from "../../core/access/open_named.ts";
import { safeName } from "../../core/access/redact.ts";
import { localPath } from "../../core/files/address.ts";
import { GranaryError } from "../../core/errors.ts";
import type { TiffDescription } from "../../core/geotiff/validate/describe.ts";
import type { CogVerdict } from "../../core/geotiff/validate/validate.ts";
import { formatBytes, formatCount } from "../../core/units.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { placesToRead } from "../flags/places.ts";

const VALIDATE_EXAMPLES = `
Examples:
  granary cog validate cogs/*.tif
  granary cog validate s3://bucket/cog.tif --blocks
  granary cog validate *.tif --strict --json | jq -r '.files[] | select(.valid | not).file'

The rules are those of rio-cogeo, and GDAL's on exact places. Where a file says of itself that blocks have
their lengths before them, as GDAL's and granary's do, every block of files on disk is looked at; of others
with --blocks. Exit code 1 when a file is no COG.`;

const INFO_EXAMPLES = `
Examples:
  granary cog info cog.tif
  granary cog info https://example.org/cog.tif --json | jq .files[0].images`;

export function addCogChecks(cog: Command, context: CliContext): void {
  cog.command("validate")
    .description("say whether files are cloud-optimized GeoTIFFs, and what is wrong where not")
    .argument("<files...>", "paths or addresses", placesToRead)
    .option("--strict", "what should be better counts as wrong: a large image without overviews")
    .option("--blocks", "look at what lies around every block of files that are not on this disk, too")
    .addHelpText("after", VALIDATE_EXAMPLES)
    .action(async (files, { strict = false, blocks = false }) => {
      const { validateCog } = await import("../../core/geotiff/validate/validate.ts");
      const verdicts: (CogVerdict & { file: string })[] = [];
      for (const file of files) {
        const local = locationOf(file).kind === "local";
        const verdict = await withSource(file, context, (source) =>
          validateCog(source, {
            externalOverviews: local && fs.existsSync(`${localPath(file)}.ovr`),
            blocks: blocks || local,
            signal: context.signal,
          }));
        const valid = verdict.valid && !(strict && verdict.warnings.length > 0);
        const shown = safeName(file);
        verdicts.push({ file: shown, ...verdict, valid });
        if (!context.json) context.out.write(verdictText(shown, { ...verdict, valid }));
      }
      const bad = verdicts.filter(({ valid }) => !valid);
      if (context.json) {
        printReport(context, "cog.validate", { valid: bad.length === 0, files: verdicts.map(verdictJson) });
      }
      if (bad.length > 0) {
        throw new GranaryError(
          "input",
          files.length === 1
            ? `${safeName(files[0])}: is no valid cloud-optimized GeoTIFF`
            : `${formatCount(bad.length)} of ${
              formatCount(files.length)
            } files are no valid cloud-optimized GeoTIFFs`,
          { exitCode: 1, details: { invalid: bad.map(({ file }) => file) } },
        );
      }
    });
  cog.command("info")
    .description("say what TIFF files hold and how they are laid out")
    .argument("<files...>", "paths or addresses", placesToRead)
    .addHelpText("after", INFO_EXAMPLES)
    .action(async (files) => {
      const { describeTiff } = await import("../../core/geotiff/validate/describe.ts");
      const described: object[] = [];
      for (const file of files) {
        await withSource(file, context, async (source) => {
          const description = await describeTiff(source, context.signal);
          const shown = safeName(file);
          if (context.json) described.push(descriptionJson(shown, description));
          else printDescription(shown, description, context);
        });
      }
      if (context.json) printReport(context, "cog.info", { files: described });
    });
}

async function withSource<T>(
  file: string,
  context: CliContext,
  use: (source: RangedSource) => Promise<T>,
): Promise<T> {
  const { env, signal } = context;
  const opener = new SourceOpener({ env, signal, warn: (message) => context.log.warn(message) });
  const source = await openNamed(opener, file);
  try {
    return await use(source);
  } finally {
    await source.close();
  }
}

function verdictText(
  file: string,
  { valid, errors, layoutErrors, warnings, blocksChecked }: CogVerdict,
): string {
  const lines = [
    ...[...errors, ...layoutErrors].map(({ rule, message }) => `${file}: ${rule}: ${message}`),
    ...warnings.map(({ rule, message }) => `${file}: better: ${rule}: ${message}`),
  ];
  if (valid) {
    lines.push(`OK: ${file}${blocksChecked ? "" : " (but for what lies around its blocks: --blocks)"}`);
  }
  return lines.map((line) => `${line}\n`).join("");
}

function verdictJson(
  { file, valid, errors, layoutErrors, warnings, blocksChecked }: CogVerdict & { file: string },
) {
  return { file, valid, errors, layout_errors: layoutErrors, warnings, blocks_checked: blocksChecked };
}

function descriptionJson(file: string, { grid, ...description }: TiffDescription): object {
  return {
    file,
    ...description,
    grid: grid === null ? null : {
      width: grid.width,
      height: grid.height,
      affine: grid.affine,
      crs: grid.crs,
      dtype: grid.dtype,
      nodata: grid.nodata === null || Number.isFinite(grid.nodata) ? grid.nodata : String(grid.nodata),
      bands: grid.bands.map(({ name, description, scale, offset, unit }) => ({
        name,
        description,
        scale,
        offset,
        unit,
      })),
      notes: grid.notes,
    },
  };
}

function printDescription(file: string, description: TiffDescription, { out }: CliContext): void {
  const { grid, images, tags, layout } = description;
  const rows: [string, string][] = [
    ["file", `${file}, ${formatBytes(description.size_bytes)}`],
    [
      "format",
      `${description.big_tiff ? "BigTIFF" : "TIFF"}, ${description.byte_order}-endian, ` +
      `interleaved by ${description.interleave}`,
    ],
    ["layout", layout === null ? "says nothing" : layout.LAYOUT ?? "of GDAL's kind"],
  ];
  if (grid === null) rows.push(["grid", `none: ${description.refused}`]);
  else {
    rows.push(
      ["system", [grid.crs.code, grid.crs.name].filter((text) => text !== null).join(", ")],
      ["affine", grid.affine.join(" ")],
      ["type", `${grid.dtype}, nodata ${grid.nodata ?? "none"}`],
      ...grid.bands.map((band): [string, string] => ["band", bandText(band)]),
      ...grid.notes.map((note): [string, string] => ["note", note]),
    );
  }
  rows.push(...Object.entries(tags));
  out.table(["what", "value"], rows);
  out.write("\n");
  out.table(
    ["image", "columns x rows", "blocks", "of", "compression", "predictor", "directory at", "data from"],
    images.map((image) => [
      image.role,
      `${image.width} x ${image.height}`,
      formatCount(image.blocks),
      `${image.block_width} x ${image.block_height}${image.tiled ? "" : " strips"}`,
      image.compression,
      image.predictor === 1 ? "" : String(image.predictor),
      String(image.directory_offset),
      image.first_block === null ? "none stored" : String(image.first_block),
    ]),
  );
  if (description.pages > 0) out.write(`and ${formatCount(description.pages)} further images\n`);
}

function bandText(
  { name, description, scale, offset, unit }: NonNullable<TiffDescription["grid"]>["bands"][number],
) {
  const parts = [name, description, unit];
  if (scale !== 1 || offset !== 0) parts.push(`scale ${scale}, offset ${offset}`);
  return parts.filter((part) => part !== null && part !== "").join(", ");
}
