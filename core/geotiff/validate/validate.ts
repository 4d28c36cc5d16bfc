/** Whether a file is a cloud-optimized GeoTIFF, and what is wrong where it is none. */
import type { Source } from "../../access/source.ts";
import { GranaryError } from "../../errors.ts";
import { blockFaults } from "./leaders.ts";
import { type CogFault, cogFaults, placeFaults } from "./rules.ts";
import { Refusal } from "../refusal.ts";
import { readCogStructure } from "./structure.ts";

export interface CogVerdict {
  readonly valid: boolean;
  /** By the rules of rio-cogeo. */
  readonly errors: readonly CogFault[];
  /** By GDAL's own, beyond those: exact places, and what the file promises of its blocks. */
  readonly layoutErrors: readonly CogFault[];
  readonly warnings: readonly CogFault[];
  /** Whether what lies around every block was read. */
  readonly blocksChecked: boolean;
}

interface CogValidation {
  /** Whether a file of overviews lies beside this one. */
  readonly externalOverviews: boolean;
  /** Whether to read what lies around every block, where the file promises something of it. */
  readonly blocks: boolean;
  readonly signal?: AbortSignal;
}

/** Faults are answers, a file that is no TIFF or a damaged one too; failures of reading are thrown. */
export async function validateCog(
  source: Source,
  { externalOverviews, blocks, signal }: CogValidation,
): Promise<CogVerdict> {
  try {
    const structure = await readCogStructure(source, signal);
    const { errors, warnings } = cogFaults(structure, externalOverviews);
    const layoutErrors = placeFaults(structure);
    if (blocks) layoutErrors.push(...await blockFaults(structure, signal));
    return {
      valid: errors.length === 0 && layoutErrors.length === 0,
      errors,
      layoutErrors,
      warnings,
      blocksChecked: blocks,
    };
  } catch (error) {
    const isAnswer = error instanceof Refusal || (error instanceof GranaryError && error.tag === "granule");
    if (!isAnswer) throw error;
    const rule = error instanceof Refusal ? error.rule : "tiff";
    const errors = [{ rule, message: error.message.replace(`${source.name}: `, "") }];
    return { valid: false, errors, layoutErrors: [], warnings: [], blocksChecked: false };
  }
}
