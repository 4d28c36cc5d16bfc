/**
 * The one rule of every command that writes a file: what exists is replaced only where the command's meaning
 * is to update it, or where `--overwrite` says so; a file of another kind never is.
 */
import fs from "node:fs";
import { inputError, systemCode } from "../errors.ts";

export type OutputKind = "CSV" | "FlatGeobuf" | "GIF" | "JSON" | "Parquet" | "PNG" | "TIFF" | "zip";

/** How files of each kind begin. */
const BEGINNINGS: Readonly<Record<OutputKind, readonly number[]>> = {
  // That of cells begins with their ids.
  CSV: [0x63, 0x65, 0x6c, 0x6c],
  FlatGeobuf: [0x66, 0x67, 0x62],
  GIF: [0x47, 0x49, 0x46, 0x38],
  JSON: [0x7b],
  Parquet: [0x50, 0x41, 0x52, 0x31],
  PNG: [0x89, 0x50, 0x4e, 0x47],
  TIFF: [0x49, 0x49],
  zip: [0x50, 0x4b, 0x03, 0x04],
};

/**
 * Throws an input error, and changes nothing, where `file` may not be written. `updates` says that the
 * command's meaning is to change what is there.
 */
export function checkOutput(
  file: string,
  kind: OutputKind,
  { overwrite = false, updates = false }: { overwrite?: boolean; updates?: boolean } = {},
): void {
  let found: Found;
  try {
    found = lookAt(file);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT") return;
    // A folder in the way, a place without rights: the writer says so with its own words.
    if (code !== undefined) return;
    throw error;
  }
  if (found.type === "folder") return; // a rename never replaces one: the writer says so
  if (found.type === "other") {
    throw inputError(
      `${file}: is a device, a pipe or a socket, and a file would take its place; nothing was changed` +
        " (wanted the name of a file)",
    );
  }
  const isKind = BEGINNINGS[kind].every((byte, i) => found.beginning[i] === byte);
  if (!isKind) {
    throw inputError(
      `${file}: there is a file that is no ${kind} file; nothing was changed, and --overwrite would not` +
        " replace it (choose another name)",
    );
  }
  if (!overwrite && !updates) {
    throw inputError(
      `${file}: exists already; nothing was changed (choose another name, or say --overwrite)`,
    );
  }
}

interface Found {
  type: "file" | "folder" | "other";
  /** Of a file. */
  beginning: Uint8Array;
}

function lookAt(file: string): Found {
  const beginning = new Uint8Array(4);
  const stat = fs.statSync(file);
  if (stat.isDirectory()) return { type: "folder", beginning };
  if (!stat.isFile()) return { type: "other", beginning };
  const fd = fs.openSync(file, "r");
  try {
    fs.readSync(fd, beginning, 0, 4, 0);
    return { type: "file", beginning };
  } finally {
    fs.closeSync(fd);
  }
}
