/** The part of `granary inspect FILE` that tells which grids a file holds, and what is none. */
import { openFileSource } from "../../core/access/file_source.ts";
import { describeGrids, type GridDescription, type GridsDescription } from "../../core/grids/describe.ts";
import { openGrids } from "../../core/grids/open_grids.ts";
import { formatBytes, formatCount, formatNumberOf } from "../../core/units.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";

/** The grids of the file at `path`, and its size. */
export async function gridsOf(
  path: string,
  { signal }: CliContext,
): Promise<{ sizeBytes: number; grids: GridsDescription }> {
  const source = await openFileSource(path);
  try {
    return { sizeBytes: source.sizeBytes, grids: describeGrids(await openGrids(source, path, { signal })) };
  } finally {
    await source.close();
  }
}

/** Describes the TIFF at `path` on stdout. */
export async function inspectTiff(path: string, context: CliContext): Promise<void> {
  const { sizeBytes, grids } = await gridsOf(path, context);
  printTiff(path, sizeBytes, grids, context);
}

/** Prints where a TIFF lies. */
export function printTiff(
  file: string,
  sizeBytes: number,
  grids: GridsDescription,
  context: CliContext,
): void {
  if (context.json) return printReport(context, "inspect.tiff", { file, size_bytes: sizeBytes, ...grids });
  context.out.table(["what", "value"], [["file", file], ["size", formatBytes(sizeBytes)]]);
  printGrids(grids, context);
  for (const { levels } of grids.grids) {
    const overviews = levels.slice(1).map(({ width, height }) => `${width}x${height}`).join(", ");
    context.out.write(`  overviews: ${overviews || "none"}\n`);
  }
}

/** Tables of the grids and of what was refused; a word by rule where a file holds no grid at all. */
export function printGrids({ grids, refused }: GridsDescription, { out }: CliContext): void {
  for (const group of new Set(grids.map(({ name }) => groupOf(name)))) {
    out.write(group === "" ? "\nGrids\n" : `\nGrids of ${group}\n`);
    out.table(
      [
        "grid",
        "columns x rows",
        "system",
        "cell",
        "west",
        "north",
        "type",
        "nodata",
        "units",
        "bands",
        "blocks",
      ],
      grids.filter(({ name }) => groupOf(name) === group).map(rowOf),
    );
  }
  const notes = new Map<string, string[]>();
  for (const { name, notes: own } of grids) {
    for (const note of own) {
      notes.set(note, [...notes.get(note) ?? [], name.slice(name.lastIndexOf("/") + 1)]);
    }
  }
  for (const [note, names] of notes) {
    out.write(`  ${names.length === grids.length ? "all" : listed(names)}: ${note}\n`);
  }
  if (refused.length === 0) return;
  if (grids.length > 0 || refused.some(({ rule }) => rule !== "no-axes" && rule !== "swath")) {
    out.write("\nNo grids\n");
    const reasons = new Map<string, { names: string[]; rule: string; reason: string }>();
    for (const { name, rule, reason } of refused) {
      const same = reasons.get(`${rule} ${reason}`);
      if (same === undefined) reasons.set(`${rule} ${reason}`, { names: [name], rule, reason });
      else same.names.push(name);
    }
    out.table(
      ["variables", "rule", "why"],
      [...reasons.values()].map(({ names, rule, reason }) => [listed(names), rule, reason]),
    );
    return;
  }
  out.write(
    `\nNo grids: ${formatNumberOf(refused.length, "variable")} of two dimensions or more, such as ` +
      `${refused[0].name}: ${refused[0].reason}\n`,
  );
}

function rowOf(grid: GridDescription): (string | number)[] {
  const [{ block_width, block_height }] = grid.levels;
  return [
    grid.name.slice(grid.name.lastIndexOf("/") + 1) || "(the file)",
    `${grid.width}x${grid.height}`,
    grid.crs.code ?? grid.crs.name,
    [...new Set(grid.resolution.map(short))].join("x"),
    short(grid.affine[2]),
    short(grid.affine[5]),
    grid.dtype,
    grid.nodata === null ? "" : String(grid.nodata),
    grid.unit ?? "",
    bandsOf(grid),
    `${block_width}x${block_height}`,
  ];
}

/** One band by its name, more by the first and the last. */
function bandsOf({ bands }: GridDescription): string {
  const [first] = bands;
  if (bands.length === 1) return first.name;
  return `${formatCount(bands.length)}: ${first.name} to ${bands[bands.length - 1].name}`;
}

function groupOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf("/")));
}

const LISTED = 3;

function listed(names: readonly string[]): string {
  const rest = names.length - LISTED;
  return names.slice(0, LISTED).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

function short(value: number): string {
  return String(Number(value.toPrecision(10)));
}
