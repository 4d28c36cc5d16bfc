/** A schedule's work, with what spill files of an earlier part of the run hold of it. */
import { openFileSyncSource } from "../../core/access/file_source.ts";
import type { SourceLocation } from "../../core/access/location.ts";
import { readParts } from "../engine/spill_file.ts";
import type { SpillFiles } from "../run_directory/spill_files.ts";
import type { ScheduleWork } from "../schedule/schedule_work.ts";
import type { Remaining } from "./resume.ts";

/** Reads what spill files hold, wherever they are; made with what can open remote places. */
export interface SpillReader {
  open(location: SourceLocation): Promise<SpillSource>;
}

interface SpillSource {
  name: string;
  sizeBytes: number;
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** What is left of a plan as a schedule takes it, with the parts of spill files that open shards need. */
export async function spilledWork(
  spills: SpillFiles,
  { granules, shards, spillFiles, keptShards }: Remaining,
  reader: SpillReader | undefined,
): Promise<ScheduleWork> {
  const parts: ScheduleWork["parts"] = [];
  for (const { file, granules } of spillFiles) {
    const location = spills.location(file);
    const source = location.kind === "local"
      ? openFileSyncSource(location.url)
      : await reader?.open(location);
    if (source === undefined) throw new Error(`${file}: nothing here opens remote spill files`);
    try {
      parts.push(...await readParts(source, location, granules));
    } finally {
      await source.close();
    }
  }
  return { granules, shards, parts, provenBefore: parts.length > 0 || keptShards.length > 0 };
}
