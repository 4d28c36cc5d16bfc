/** Where a run's things are, and what opens them: run directory, granules, remote places. */
import type { SourceLocation } from "../core/access/location.ts";
import { SourceOpener } from "../core/access/open.ts";
import { FolderTarget } from "../core/access/folder_target.ts";
import type { ObjectTarget } from "../core/access/object_target.ts";
import { openTarget } from "../core/access/targets.ts";
import { defaultRunDirectory } from "../runs/run_directory.ts";
import { RunDirectory } from "./run_directory/run_directory.ts";
import { temporaryRoot } from "../core/files/folders.ts";
import { isObjectAddress } from "../core/files/address.ts";

/** An opener that is made when first it is asked for, and closed if it was. */
export interface LazyOpener {
  (): SourceOpener;
  /** Closes what was opened ahead and nobody read. */
  close(): Promise<void>;
}

/** Makes what opens remote places when first it is needed. */
export function lazyOpener(
  signal: AbortSignal | undefined,
  warn: (message: string) => void,
): LazyOpener {
  let opener: SourceOpener | undefined;
  return Object.assign(() => opener ??= new SourceOpener({ signal, warn }), {
    close: async () => await opener?.close(),
  });
}

/** Has remote granules opened ahead; local ones need no opener. */
export function expectRemote(opener: () => SourceOpener): (locations: SourceLocation[]) => void {
  return (locations) => {
    if (locations.some(({ kind }) => kind !== "local")) opener().expect(locations);
  };
}

/** The run directory at a path or an s3:// address. */
export function openRunDirectory(
  place: string,
  scratch: string | undefined,
  opener: () => SourceOpener,
): RunDirectory {
  if (!isRemote(place)) return RunDirectory.in(place, scratch);
  return RunDirectory.at(openTarget(place, opener()), scratch ?? temporaryRoot());
}

/** The place of a store; `opener` is asked for one that is no folder of this machine. */
export function openStore(address: string, opener: () => SourceOpener): ObjectTarget {
  return isRemote(address) ? openTarget(address, opener()) : new FolderTarget(address);
}

/** The run directory beside a store that is no folder of this machine; undefined for others, and for a whole bucket. */
export function openBesideStore(address: string, opener: () => SourceOpener): ObjectTarget | undefined {
  const isBelowBucket = isRemote(address) && /^[^:]+:\/\/[^/]+\/+[^/]/.test(address);
  return isBelowBucket ? openTarget(defaultRunDirectory(address), opener()) : undefined;
}

/** Whether an address is no folder of this machine. */
export function isRemote(address: string): boolean {
  return isObjectAddress(address);
}
