/**
 * Where a run directory lies: objects as in a store, and one more act, making an object only where
 * there is none, which is all that a lease needs of a file system or of S3.
 */
import fs from "node:fs";
import path from "node:path";
import { temporaryName, writeError, writeFileAtomic } from "../../base/atomic.ts";
import { systemCode } from "../../base/errors.ts";
import type { StoreTarget } from "../store/contract.ts";
import { folderTarget } from "../store/folder_target.ts";

export interface RunTarget extends StoreTarget {
  /** Puts an object where there is none; false where there is one already. */
  create(key: string, bytes: Uint8Array): Promise<boolean>;
  /** The folder, for pieces on this machine; null where objects are elsewhere. */
  readonly folder: string | null;
}

/** A run directory in a folder. */
export function folderRunTarget(folder: string): RunTarget {
  const target = folderTarget(folder);
  return {
    name: target.name,
    folder: path.resolve(folder),
    put: target.put,
    get: target.get,
    list: target.list,
    delete: target.delete,
    // A hard link to a whole file fails where the name is taken: exclusive and never half-written,
    // on NFS too. Where links are not to be had, exclusive creation has to do.
    create(key, bytes) {
      const file = path.join(folder, key);
      const temporary = temporaryName(file);
      try {
        fs.mkdirSync(path.dirname(file), { recursive: true });
        writeFileAtomic(temporary, bytes);
        fs.linkSync(temporary, file);
        return Promise.resolve(true);
      } catch (error) {
        if (systemCode(error) === "EEXIST") return Promise.resolve(false);
        const noLinks = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "EXDEV", "EMLINK", "ENOSYS"];
        if (noLinks.includes(systemCode(error) ?? "")) {
          return Promise.resolve(createExclusively(file, bytes));
        }
        throw writeError(file, error);
      } finally {
        fs.rmSync(temporary, { force: true });
      }
    },
  };
}

function createExclusively(file: string, bytes: Uint8Array): boolean {
  try {
    fs.writeFileSync(file, bytes, { flag: "wx", flush: true });
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw writeError(file, error);
  }
}
