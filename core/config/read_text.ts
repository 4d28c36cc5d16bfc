/** The text of a YAML file, or of standard input. */
import fs from "node:fs";
import { GranaryError, inputError, systemCode } from "../errors.ts";
import { CONFIG_MAX_CHARS } from "./yaml_text.ts";

/**
 * The text of the file at `file`; `-` is standard input. Throws an input error that says why it cannot be
 * read; `absent` words the one for a file that is not there.
 */
export function readYamlText(file: string, absent?: (file: string) => string | undefined): string {
  try {
    const fd = file === "-" ? 0 : fs.openSync(file, "r");
    try {
      return decode(readBounded(fd, file), file);
    } finally {
      if (fd !== 0) fs.closeSync(fd);
    }
  } catch (error) {
    if (error instanceof GranaryError) throw error;
    const code = systemCode(error);
    const wording = code === "ENOENT" ? absent?.(file) : undefined;
    if (wording !== undefined) throw inputError(wording);
    const reasons: Record<string, string> = {
      ENOENT: "there is no such file",
      EISDIR: "it is a folder (wanted a YAML file)",
      EACCES: "permission denied",
      ENAMETOOLONG: "the name is too long",
    };
    throw inputError(
      `${file}: cannot read the config: ${(code && reasons[code]) ?? (error as Error).message}`,
    );
  }
}

/** At most a little over the limit: the parser refuses the rest with its own words. */
function readBounded(fd: number, file: string): Uint8Array {
  const bytes = new Uint8Array(4 * CONFIG_MAX_CHARS + 1);
  let length = 0;
  while (length < bytes.length) {
    const count = fs.readSync(fd, bytes, length, Math.min(65_536, bytes.length - length), null);
    if (count === 0) break;
    length += count;
  }
  if (length === bytes.length) {
    throw inputError(`${file}: the config is larger than ${length - 1} bytes; is this the right file?`);
  }
  return bytes.subarray(0, length);
}

function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw inputError(`${file}: this is not UTF-8 text (wanted a YAML config)`);
  }
}
