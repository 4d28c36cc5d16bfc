/** Errors of TIFF files that do not hold what they say. */
import { GranaryError } from "../errors.ts";

/** A file that is damaged, cut short or hostile: nothing of it is guessed. */
export function damagedTiff(name: string, what: string, cause?: unknown): GranaryError {
  return new GranaryError("granule", `${name}: ${what} (the file is damaged or cut short; fetch it again)`, {
    details: { name, what },
    ...(cause === undefined ? {} : { cause }),
  });
}
