/** Where a run's spill files are: made on this machine, and brought to the run directory where others read them. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import type { SourceLocation } from "../../core/access/location.ts";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import { syncFolder, temporaryName, writeError } from "../../core/files/atomic.ts";
import { keyOf } from "../../core/keys.ts";

/** Spill files leave memory at half of this, so that they stay below what one read of a file gives. */
const MOST_SENT_BYTES = 2e9;

export class SpillFiles {
  #serial = 0;
  readonly #copies: string[] = [];
  /** Tells this process's files from those of any other that does the same task. */
  readonly attempt: string = keyOf([process.pid, os.hostname(), Date.now(), Math.random()]).slice(0, 8);

  constructor(
    readonly target: ObjectTarget,
    /** The run directory's own folder; null where it lies elsewhere. */
    readonly runFolder: string | null,
    /** Where files are made. */
    readonly folder: string,
    /** Whether files come to the run directory when they are whole, for other machines to read. */
    readonly shares: boolean,
  ) {}

  /** The path of a new spill file on this machine. */
  next(): string {
    try {
      fs.mkdirSync(this.folder, { recursive: true });
    } catch (error) {
      throw writeError(this.folder, error);
    }
    this.#serial += 1;
    return path.join(this.folder, `${this.attempt}-${String(this.#serial).padStart(4, "0")}.runs`);
  }

  /** Where a spill file is, as a record names it: below the directory, or a path of this machine. */
  location(file: string): SourceLocation {
    if (path.isAbsolute(file)) return { kind: "local", url: file };
    if (this.runFolder !== null) return { kind: "local", url: path.join(this.runFolder, file) };
    return { kind: "s3", url: `${this.target.name.replace(/\/+$/, "")}/${file}` };
  }

  /** Brings a spill file to the run directory where that is elsewhere; returns its name in a record. */
  async bring(file: string): Promise<string> {
    if (this.runFolder !== null && !this.shares) {
      const inside = path.relative(this.runFolder, file);
      return inside.startsWith("..") ? file : inside.split(path.sep).join("/");
    }
    const key = `runs/${path.basename(file)}`;
    if (this.runFolder !== null) copyDurably(file, path.join(this.runFolder, key));
    else await this.target.put(key, new Uint8Array(fs.readFileSync(file)));
    this.#copies.push(file);
    return key;
  }

  /** Removes this process's own copies of spill files that the directory has. */
  dropCopies(): void {
    for (const file of this.#copies.splice(0)) fs.rmSync(file, { force: true });
  }

  /** The most memory that segments may fill: a spill file has to fit one object where it is sent away. */
  segmentLimit(segmentBytes: number): number {
    return this.runFolder === null ? Math.min(segmentBytes, MOST_SENT_BYTES) : segmentBytes;
  }
}

/** Copies a file so that it is whole, synced and named, or absent. */
function copyDurably(from: string, to: string): void {
  const temporary = temporaryName(to);
  try {
    fs.mkdirSync(path.dirname(to), { recursive: true });
    fs.copyFileSync(from, temporary, fs.constants.COPYFILE_EXCL);
    const fd = fs.openSync(temporary, "r+");
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(temporary, to);
    syncFolder(path.dirname(to));
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw writeError(to, error);
  }
}

/** Runs with run directories of one name do not meet in one scratch folder. */
export function scratchFolder(scratch: string, runDirectory: string): string {
  return path.join(path.resolve(scratch), `granary-${keyOf(runDirectory).slice(0, 12)}`);
}
