/**
 * Presets as pipelines. In the binary this module is another, which holds what this one gives
 * (`scripts/preset_plugin.ts`): neither the parser of YAML nor the schema of configs is loaded there for a preset.
 */
import type { Pipeline } from "../pipeline.ts";

/** The pipeline of a preset, such as `atl06`. Throws an input error for any other name. */
export async function presetPipeline(name: string): Promise<Pipeline> {
  const { loadPreset } = await import("./load.ts");
  return loadPreset(name);
}

/** What `formatConfig` gives, where it is known beforehand: of a preset as it is, in the binary. */
export function knownConfigText(_pipeline: Pipeline): string | undefined {
  return undefined;
}
