/** `granary stac item|collection|validate|push`: items and collections made, held against the specification, sent. */
import fs from "node:fs";
import path from "node:path";
import type { Command } from "@commander-js/extra-typings";
import { inputError, systemCode } from "../../core/errors.ts";
import { formatCount, formatNumberOf } from "../../core/units.ts";
import type { StacVerdict } from "../../core/stac/check.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { addStacMake } from "./stac_make.ts";
import { addStacPush } from "./stac_push.ts";
import { filesToRead } from "../flags/places.ts";

const EXAMPLES = `
Examples:
  granary stac validate collection.json items/*.json
  granary stac validate cogs/
  granary stac validate - < item.json
  granary stac validate answer.json --json | jq '.files[].faults'

Takes items, item collections, collections and catalogs of STAC 1.0.0 and 1.1.0, with the fields of the
projection, raster, processing and file extensions. Of a folder every .json below it is checked, as of a static
catalog; of .ndjson every line. Needs no network. Exit code 2 when one breaks the rules.`;

/** Documents longer than this are refused before they are read. */
const MOST_BYTES = 512 * 1024 * 1024;

/** Faults of one file that are printed; the others are counted. */
const MOST_FAULTS = 20;

export function addStac(program: Command, context: CliContext): void {
  const stac = program.command("stac").description("items and collections of STAC").addHelpText(
    "after",
    EXAMPLES,
  );
  addStacMake(stac, context);
  addStacPush(stac, context);
  stac.command("validate")
    .description("check items, collections and catalogs against the specification, offline")
    .argument("<files...>", "JSON files, folders of them, or - for stdin", filesToRead)
    .addHelpText("after", EXAMPLES)
    .action(async (files) => {
      const { checkStac } = await import("../../core/stac/check.ts");
      const verdicts = files.flatMap(documentsOf).map((file) => ({ file, ...checkStac(readJson(file)) }));
      const bad = verdicts.filter(({ faults }) => faults.length > 0);
      if (context.json) printReport(context, "stac.validate", { valid: bad.length === 0, files: verdicts });
      else for (const verdict of verdicts) context.out.write(describe(verdict));
      if (bad.length > 0) {
        throw inputError(
          verdicts.length === 1
            ? `${bad[0].file}: ${formatNumberOf(bad[0].faults.length, "fault")}`
            : `${formatCount(bad.length)} of ${formatCount(verdicts.length)} files have faults`,
        );
      }
    });
}

/** The file itself, or every JSON document below a folder, in order of names. */
function documentsOf(file: string): string[] {
  if (!fs.statSync(file, { throwIfNoEntry: false })?.isDirectory()) return [file];
  const documents = fs.readdirSync(file, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(geo)?json$/i.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name)).sort();
  if (documents.length === 0) throw inputError(`${file}: holds no .json, so there is nothing to check`);
  return documents;
}

function describe({ file, kind, faults, unchecked }: StacVerdict & { file: string }): string {
  const lines = faults.slice(0, MOST_FAULTS).map(({ path, problem }) =>
    `${file}: ${path === "" ? "" : `${path}: `}${problem}`
  );
  if (faults.length > MOST_FAULTS) {
    lines.push(`${file}: … and ${formatCount(faults.length - MOST_FAULTS)} more`);
  }
  if (faults.length === 0) lines.push(`OK: ${file}: ${kind}`);
  for (const extension of unchecked) lines.push(`${file}: not checked: ${extension}`);
  return lines.map((line) => `${line}\n`).join("");
}

function readJson(file: string): unknown {
  let text: string;
  try {
    const { size } = file === "-" ? { size: 0 } : fs.statSync(file);
    if (size > MOST_BYTES) {
      throw inputError(`${file}: longer than ${MOST_BYTES} bytes, which no STAC document is`);
    }
    text = fs.readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    const reasons: Record<string, string> = { ENOENT: "there is no such file", EISDIR: "it is a folder" };
    throw inputError(`${file}: cannot be read: ${reasons[code] ?? code}`);
  }
  try {
    if (!/\.(ndjson|jsonl|geojsonl)$/i.test(file)) return JSON.parse(text);
    const features = text.split("\n").filter((line) => line.trim() !== "").map((line) => JSON.parse(line));
    return { type: "FeatureCollection", features };
  } catch (error) {
    throw inputError(`${file}: is not JSON: ${(error as Error).message}`);
  }
}
