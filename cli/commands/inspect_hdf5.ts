/** `granary inspect FILE.h5`: what an HDF5 file holds, and which of it are grids. */
import { describeHdf5, type Hdf5Description } from "../../products/describe_file.ts";
import { openHdf5 } from "../../core/observations/open_granule_file.ts";
import { formatBytes, formatCount } from "../../core/units.ts";
import { openFileSyncSource } from "../../core/access/file_source.ts";
import type { GridsDescription } from "../../core/grids/describe.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { gridsOf, printGrids } from "./inspect_grids.ts";

/** Describes the file at `path` on stdout: tables for people, or the whole of it with `--json`. */
export async function inspectHdf5(path: string, context: CliContext): Promise<void> {
  const source = openFileSyncSource(path);
  try {
    const file = await openHdf5(source);
    const description = describeHdf5(file, source.sizeBytes);
    const { grids } = await gridsOf(path, context);
    printHdf5(description, grids, context);
    file.close();
  } finally {
    source.close();
  }
}

/** Prints what an HDF5 file holds, and its grids. */
export function printHdf5(description: Hdf5Description, grids: GridsDescription, context: CliContext): void {
  if (context.json) return printReport(context, "inspect.hdf5", { ...description, ...grids });
  print(description, context);
  printGrids(grids, context);
}

function print(description: Hdf5Description, { out }: CliContext): void {
  const { datasets, groups } = description;
  const stored = datasets.reduce((sum, { stored_bytes }) => sum + (stored_bytes ?? 0), 0);
  out.table(["what", "value"], [
    ["file", description.file],
    ["size", formatBytes(description.size_bytes)],
    ["product", description.collection ?? "not stated"],
    ["from", description.start_datetime ?? "not stated"],
    ["to", description.end_datetime ?? "not stated"],
    ["groups", formatCount(groups.length)],
    ["datasets", `${formatCount(datasets.length)} with ${formatBytes(stored)} of data`],
    ...Object.entries(groups[0]?.attributes ?? {}).map(([name, value]) => [`@${name}`, shortText(value)]),
  ]);
  for (const group of groups) {
    const prefix = group.path === "/" ? "/" : `${group.path}/`;
    const inside = datasets.filter(({ path }) =>
      path.startsWith(prefix) && !path.slice(prefix.length).includes("/")
    );
    if (inside.length === 0) continue;
    out.write(`\n${group.path}\n`);
    out.table(
      ["dataset", "type", "shape", "chunks", "filters", "stored", "fill", "units", "long name"],
      inside.map(({ path, dtype, shape, chunks, filters, stored_bytes, attributes }) => [
        path.slice(prefix.length),
        dtype,
        shape.length === 0 ? "scalar" : shape.join("x"),
        chunks?.join("x") ?? "",
        filters.join(" "),
        stored_bytes === null ? "" : formatBytes(stored_bytes),
        shortText(attributes._FillValue ?? attributes.missing_value ?? ""),
        shortText(attributes.units ?? ""),
        shortText(attributes.long_name ?? ""),
      ]),
    );
  }
}

const LONGEST_VALUE = 60;

/** An attribute on one line; the whole of it is for --json. */
function shortText(value: unknown): string {
  const text = (Array.isArray(value) ? value.map(String).join(", ") : String(value)).replace(/\s+/g, " ")
    .trim();
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE - 1)}…`;
}
