/** The run directory of aggregate: what every job keeps, and the spill files of scattered granules. */
import path from "node:path";
import { FolderTarget } from "../../core/access/folder_target.ts";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import { knownTarget } from "../../core/access/known_target.ts";
import { JobDirectory, type JobSettings } from "../../runs/run_directory.ts";
import { scratchFolder, SpillFiles } from "./spill_files.ts";

/** What depends on the run and not on the plan: where things are. */
export interface RunSettings extends JobSettings {
  store: string;
  driver: string;
  /** The run's name as a holder of its store; absent in runs of before stores were held. */
  claim?: string;
  /** The place holds another store, which goes shard by shard as this run's are ready. */
  replaces?: true;
}

export class RunDirectory extends JobDirectory {
  private constructor(target: ObjectTarget, folder: string | null, readonly spills: SpillFiles) {
    super(target, folder);
  }

  /** A run directory in a folder; spill files lie in it, or in `scratch` on this machine. */
  static in(folder: string, scratch?: string): RunDirectory {
    return RunDirectory.#inFolder(folder, scratch, false);
  }

  /** The same for one of many machines: spill files are made in `scratch` and brought to the directory. */
  static sharedIn(folder: string, scratch?: string): RunDirectory {
    return RunDirectory.#inFolder(folder, scratch, scratch !== undefined);
  }

  static #inFolder(folder: string, scratch: string | undefined, shares: boolean): RunDirectory {
    const own = path.resolve(folder);
    const target = new FolderTarget(own);
    const made = scratch === undefined ? path.join(own, "runs") : scratchFolder(scratch, own);
    return new RunDirectory(target, own, new SpillFiles(target, own, made, shares));
  }

  /** A run directory on S3; spill files are made in `scratch`, a folder of this machine, and sent there. */
  static at(target: ObjectTarget, scratch: string): RunDirectory {
    const spills = new SpillFiles(target, null, scratchFolder(scratch, target.name), true);
    return new RunDirectory(target, null, spills);
  }

  /** The same for a process that alone writes to it: what is there is asked once. */
  known(): RunDirectory {
    const target = knownTarget(this.target);
    if (target === this.target) return this;
    const { runFolder, folder, shares } = this.spills;
    return new RunDirectory(target, this.folder, new SpillFiles(target, runFolder, folder, shares));
  }
}
