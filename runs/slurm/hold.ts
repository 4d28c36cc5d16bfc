/**
 * What a run holds while it is at work: its directory, so that no other begins there, and the place that it writes to, so
 * that no run of another directory writes there meanwhile. A place is held by a lease in the run directory beside it, which
 * most runs have for their own: then one lease is both.
 */
import os from "node:os";
import { GranaryError } from "../../core/errors.ts";
import { FolderTarget } from "../../core/access/folder_target.ts";
import { isObjectAddress } from "../../core/files/address.ts";
import { removeEmptyFolder } from "../../core/files/folders.ts";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import { type Lease, type LeaseHolder, type LeaseOptions, runOf } from "../lease.ts";
import { HELD_BY_OTHERS, type SharedLease, shareLease } from "../shared_lease.ts";
import { takeLease } from "./slurm_lease.ts";

/** A run as a holder of the place that it writes to. */
export interface PlaceHolder {
  /** Where the lease of the place lies; null where the run's own directory is that, or none can be. */
  beside: ObjectTarget | null;
  /** The place, for messages. */
  held: string;
  /** The run's name, kept with its settings; undefined in those of before places were held. */
  claim: string | undefined;
  /** The address of its directory. */
  run: string;
  /** When its settings were written. */
  created: string | undefined;
}

/** What is held. */
export class Hold {
  private constructor(readonly directory: Lease, readonly beside: Lease | undefined) {}

  /**
   * Takes the place, where one is named, and the directory, or neither. Throws an input error that names who holds one of
   * them. `goesOn` refuses a place that another run had last. `onUnheld` hears why the place cannot be held where nothing
   * can be written beside it.
   */
  static async take(
    directory: ObjectTarget,
    place: PlaceHolder | undefined,
    options: LeaseOptions = {},
    onUnheld?: (why: string) => void,
  ): Promise<Hold> {
    if (place === undefined) return new Hold(await takeLease(directory, options), undefined);
    const whose = leaseOptions(place, options);
    if (place.beside === null) return new Hold(await takeLease(directory, whose), undefined);
    const beside = await holdBeside(place, whose, onUnheld);
    try {
      const { claim, run } = place;
      return new Hold(await takeLease(directory, { ...options, goesOn: false, claim, run }), beside);
    } catch (error) {
      await beside?.release(beside.before);
      await forgetPlace(beside);
      throw error;
    }
  }

  /** The key of the directory's lease. */
  get key(): string {
    return this.directory.key;
  }

  /** Where the run is that held the place before, for messages; `own` is the one that holds it now. */
  placeBefore(own: string): string | undefined {
    const { target, before } = this.beside ?? this.directory;
    return before === undefined ? undefined : runOf(target, before, own);
  }

  /** Whether others may have been here after the lease of number `seen`, which was the last when it was looked. */
  isAfter(seen: number): boolean {
    return (this.beside ?? this.directory).number > seen + 1 || (seen === 0 && this.directory.number > 1);
  }

  /** Whether the place was held by another run before. */
  isAfterAnother(place: PlaceHolder): boolean {
    const { before } = this.beside ?? this.directory;
    return before !== undefined && !isOwnHolder(place, before);
  }

  /** Throws an input error where another has taken the place or the directory, after a silence of this run. */
  async mustBeHeld(): Promise<void> {
    await this.beside?.mustBeHeld();
    await this.directory.mustBeHeld();
  }

  /** Leaves all to a batch job, which holds it until its scheduler has done with it. */
  async handOver(job: string): Promise<void> {
    await this.beside?.handOver(job);
    await this.directory.handOver(job);
  }

  /** `hasNothing`: the run has written nothing, so the place is still that of whoever had it before. */
  async release(hasNothing = false): Promise<void> {
    for (const lease of [this.directory, this.beside]) {
      await lease?.release(hasNothing ? lease.before : undefined);
    }
  }

  /** Removes the lease of a place that nobody had before, after its release. */
  async forget(): Promise<void> {
    await forgetPlace(this.beside);
  }
}

async function forgetPlace(beside: Lease | undefined): Promise<void> {
  if (beside === undefined || beside.before !== undefined) return;
  await beside.target.delete(beside.key);
  if (beside.target instanceof FolderTarget) removeEmptyFolder(beside.target.name);
}

/**
 * Shows for a task that its run lives. Throws an input error where another run has taken the place since. A place that cannot
 * be held, which the run's begin has told of, is not shown anything.
 */
export async function shareHold(
  directory: ObjectTarget,
  place: PlaceHolder,
  options: LeaseOptions = {},
): Promise<SharedLease> {
  try {
    return await shareLease(place.beside ?? directory, leaseOptions(place, options));
  } catch (error) {
    if (place.beside === null || !isNotAllowed(error)) throw error;
    return HELD_BY_OTHERS;
  }
}

/** Whether a holder of the place is the run itself. */
function isOwnHolder({ beside, claim, run, created }: PlaceHolder, holder: LeaseHolder): boolean {
  if (holder.run !== undefined) {
    const hasOneClaim = claim !== undefined && holder.claim === claim;
    const mayBeOther = claim !== undefined && holder.claim !== undefined && !isObjectAddress(run) &&
      holder.host !== os.hostname(); // a folder of the same path on another machine
    return hasOneClaim || (holder.run === run && !mayBeOther);
  }
  // A run of before places were held: of this directory, or of the one beside the place, before or after this run.
  return beside === null || (created !== undefined && holder.since <= created);
}

function leaseOptions(place: PlaceHolder, options: LeaseOptions): LeaseOptions {
  const { claim, run, held } = place;
  return { ...options, claim, run, held, isOwn: (holder) => isOwnHolder(place, holder) };
}

async function holdBeside(
  { beside, held }: PlaceHolder,
  options: LeaseOptions,
  onUnheld: ((why: string) => void) | undefined,
): Promise<Lease | undefined> {
  try {
    return await takeLease(beside!, options);
  } catch (error) {
    if (!isNotAllowed(error)) throw error;
    onUnheld?.(
      `${held}: other runs cannot be kept from writing there meanwhile, because ${
        beside!.name
      } cannot be written to` +
        ` (begin no other run of this place before this one ends): ${error.message}`,
    );
    return undefined;
  }
}

function isNotAllowed(error: unknown): error is GranaryError {
  if (!(error instanceof GranaryError)) return false;
  return error.tag === "credential" ||
    (error.tag === "io" && ["EACCES", "EPERM", "EROFS"].includes(String(error.details.code)));
}
