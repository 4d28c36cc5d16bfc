/** The configs that granary brings along, as text: modules, so that the binary needs no files for them. */
import { inputError } from "../../core/errors.ts";
import { suggestion } from "../../core/suggest.ts";
import { ATL06 } from "./atl06.ts";
import { ATL08 } from "./atl08.ts";
import { GEDI_L2A } from "./gedi_l2a.ts";

const PRESETS: Readonly<Record<string, string>> = { atl06: ATL06, atl08: ATL08, gedi_l2a: GEDI_L2A };

/** The names of all presets. */
export const PRESET_NAMES: readonly string[] = Object.keys(PRESETS);

/** A preset's YAML. Throws an input error for a name that is none. */
export function presetText(name: string): string {
  const text = Object.hasOwn(PRESETS, name) ? PRESETS[name] : undefined;
  if (text === undefined) throw inputError(`unknown preset "${name}"${suggestion(name, PRESET_NAMES)}`);
  return text;
}
