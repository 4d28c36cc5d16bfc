/** The scan that the catalog's builder calls for each local file: coordinates by a config, on workers. */
import type { ScanGranule } from "../../catalog/discover/files/local.ts";
import type { Pipeline } from "../pipeline.ts";
import { type Executor, startExecutor } from "../schedule/executor.ts";
import type { GroupRuns } from "../../core/observations/row_runs.ts";
import { Scanner } from "./scanner.ts";

interface LocalScanner {
  scan: ScanGranule;
  /** The runs of a scanned file, once; none without an index order. */
  takeRuns(file: string): GroupRuns[];
  /** Ends the workers. */
  close(): Promise<void>;
}

/** Starts `workers` threads (none: this thread) that scan files by the groups and coordinates of a config. */
export function startLocalScanner(
  pipeline: Pipeline,
  workers: number,
  indexOrder: number | null = null,
  executor: Executor = startExecutor(workers),
): LocalScanner {
  const { groups, latitude, longitude } = pipeline.dataSource;
  const scanner = new Scanner(executor, { groups, latitude, longitude }, indexOrder);
  const runsOf = new Map<string, GroupRuns[]>();
  return {
    scan: async (file, cellOrder, signal) => {
      const { summary, groups, runs, facts } = await scanner.scan(
        { kind: "local", url: file },
        cellOrder,
        signal,
      );
      const { present, empty } = groups;
      if (indexOrder !== null) runsOf.set(file, runs);
      return { summary, ...facts, properties: { groups: present, empty } };
    },
    takeRuns: (file) => {
      const runs = runsOf.get(file) ?? [];
      runsOf.delete(file);
      return runs;
    },
    close: () => scanner.close(),
  };
}
