/**
 * Where the real granules, recorded answers and goldens lie: `../shared/data` from the project's root
 * unless GRANARY_SHARED_DATA says otherwise. Tests that need them are ignored, visibly, without it.
 */
import fs from "node:fs";
import path from "node:path";
import process from "node:process";

const ROOT = path.resolve(import.meta.dirname!, "..");
const FOLDER = process.env.GRANARY_SHARED_DATA ?? path.join(ROOT, "..", "shared", "data");

export const hasSharedData: boolean = fs.existsSync(path.join(FOLDER, "MANIFEST.md"));

/** The path of a file in the shared data folder. */
export function sharedData(file: string): string {
  return path.join(FOLDER, file);
}
