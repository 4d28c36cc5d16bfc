/** The page of measured figures, `docs/benchmarks.md`: one table, and on what it was measured. */
import type { BenchRow } from "../test/bench/table.ts";

export interface BenchMachine {
  /** ISO, of the day. */
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** Tasks that wanted a core in the minute before the first benchmark. */
  readonly loadBefore: number;
  /** Names and versions. */
  readonly versions: readonly (readonly [string, string])[];
}

/** From here on others take a part of the cores that shows. */
const BUSY_SHARE = 0.25;

/** The rows as a table of Markdown, without the machine. */
export function benchTable(rows: readonly BenchRow[]): string {
  const cells = [
    ["measured", "figure", "wanted"],
    ["---", "---", "---"],
    ...rows.map(({ what, figure, wanted }) => [what, figure, wanted ?? ""]),
  ];
  return cells.map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`).join("");
}

/** A sentence where the machine was not quiet; else empty. */
export function busyNote({ cores, loadBefore }: BenchMachine): string {
  if (loadBefore <= cores * BUSY_SHARE) return "";
  return `The machine was busy with other work (a load of ${
    loadBefore.toFixed(1)
  } on ${cores} cores before the first ` +
    "measurement): wall times are too long, and ratios say more than seconds.";
}

export function benchPage(machine: BenchMachine, rows: readonly BenchRow[]): string {
  const { date, processor, cores, memoryBytes, versions } = machine;
  const note = busyNote(machine);
  return [
    "# Benchmarks",
    "Written by `deno task bench`, which measures whole processes in turn, after a round that counts for none: the median, " +
    "and in brackets the least and the most. Ratios are taken run by run. “CPU” is processor time of all cores.",
    `${date}: ${processor}, ${cores} cores, ${(memoryBytes / 2 ** 30).toFixed(0)} GiB; ` +
    `${versions.map(([name, version]) => `${name} ${version}`).join(", ")}.`,
    ...(note === "" ? [] : [note]),
    benchTable(rows).trimEnd(),
  ].join("\n\n") + "\n";
}
