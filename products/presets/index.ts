/** The configs that granary brings along, as text: modules, so that the binary needs no files for them. */
import { inputError } from "../../core/errors.ts";
import { suggestion } from "../../core/suggest.ts";
import { ATL06 } from "./atl06.ts";
import { ATL08 } from "./atl08.ts";
import { GEDI_L2B, GEDI_L4A } from "./gedi.ts";
import { GEDI_L2A } from "./gedi_l2a.ts";
import { ATL03, ATL07, ATL08_20M, ATL10, ATL11, ATL13 } from "./icesat2.ts";
import { SWOT_NADIR, SWOT_PIXC } from "./swot.ts";

const PRESETS: Readonly<Record<string, string>> = {
  atl03: ATL03,
  atl06: ATL06,
  atl07: ATL07,
  atl08: ATL08,
  atl08_20m: ATL08_20M,
  atl10: ATL10,
  atl11: ATL11,
  atl13: ATL13,
  gedi_l2a: GEDI_L2A,
  gedi_l2b: GEDI_L2B,
  gedi_l4a: GEDI_L4A,
  swot_nadir: SWOT_NADIR,
  swot_pixc: SWOT_PIXC,
};

/** The names of all presets. */
export const PRESET_NAMES: readonly string[] = Object.keys(PRESETS);

/** A preset's YAML. Throws an input error for a name that is none. */
export function presetText(name: string): string {
  const text = Object.hasOwn(PRESETS, name) ? PRESETS[name] : undefined;
  if (text === undefined) throw inputError(`unknown preset "${name}"${suggestion(name, PRESET_NAMES)}`);
  return text;
}
