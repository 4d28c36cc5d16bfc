/** Files that a person named by a path, looked for before anything is opened: a wrong name is a wrong input. */
import fs from "node:fs";
import { inputError } from "../../core/errors.ts";
import { locationOf } from "../../core/access/location.ts";
import { localPath } from "../../core/files/address.ts";

/** Throws an input error where the local file is not there, or a folder. What lies elsewhere is not asked for. */
export function checkIsPresent(file: string): void {
  if (locationOf(file).kind !== "local") return;
  const stat = fs.statSync(localPath(file), { throwIfNoEntry: false });
  if (stat === undefined) throw inputError(`${file}: there is no such file`);
  if (stat.isDirectory()) throw inputError(`${file}: is a folder (wanted a file)`);
}
