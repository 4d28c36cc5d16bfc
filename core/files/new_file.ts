/** Small files that are written where nothing is. */
import fs from "node:fs";
import { inputError, systemCode } from "../errors.ts";
import { writeError } from "./atomic.ts";

/** Throws an input error, and changes nothing, where there is a file of that name. */
export function writeFileNew(file: string, text: string): void {
  try {
    fs.writeFileSync(file, text, { flag: "wx" });
  } catch (error) {
    if (systemCode(error) === "EEXIST") {
      throw inputError(`${file}: exists already; nothing was changed (choose another folder)`);
    }
    throw writeError(file, error);
  }
}
