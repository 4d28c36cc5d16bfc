/** Which drivers read granules, as people name them. */
import type { DriverKind } from "../core/access/location.ts";
import { inputError } from "../core/errors.ts";

/** `auto`, or drivers in the order of preference: one without the others is no fallback. */
export type DriverChoice = "auto" | readonly DriverKind[];

export const KINDS: readonly DriverKind[] = ["local", "https", "s3"];

/** Which drivers read granules. */
export interface GranuleDrivers {
  choice: DriverChoice;
  text: string;
  /** Where that was said: a flag, or a place in a config. */
  saidBy: string;
}

/** `auto`, `s3` or `s3,https` as a choice. */
export function parseDrivers(text: string): DriverChoice {
  if (text.trim() === "auto") return "auto";
  const kinds = text.split(",").map((part) => part.trim()) as DriverKind[];
  const unknown = kinds.find((kind) => !KINDS.includes(kind));
  if (unknown === undefined) return [...new Set(kinds)];
  throw inputError(
    `unknown driver "${unknown}" (known: auto, or one or more of ${KINDS.join(", ")} with commas)`,
  );
}
