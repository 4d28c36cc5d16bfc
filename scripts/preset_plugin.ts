/**
 * A Bun build plugin: the module of presets' pipelines becomes one that holds them parsed. A run of a preset
 * then begins without the time that its text takes to be read and checked, which never differs.
 */
import { loadConfigs } from "../aggregate/config/load.ts";
import { PRESET_NAMES } from "../products/presets/index.ts";

interface PluginBuilder {
  onLoad(options: { filter: RegExp }, callback: () => { contents: string; loader: "js" }): unknown;
}

export function presetPlugin() {
  return {
    name: "presets",
    setup(build: PluginBuilder) {
      build.onLoad({ filter: /[\\/]aggregate[\\/]config[\\/]preset_pipelines\.ts$/ }, () => ({
        contents: parsedPresets(),
        loader: "js",
      }));
    },
  };
}

/** A module that has the function of `aggregate/config/preset_pipelines.ts`, for the names of presets. */
export function parsedPresets(): string {
  const texts = PRESET_NAMES.map((name) => {
    const [{ pipeline, warnings, driverPlace }, ...others] = loadConfigs(name);
    if (others.length > 0 || warnings.length > 0 || driverPlace !== null) {
      throw new Error(`${name}: a preset is one config, without warnings and without a driver`);
    }
    return `  ${name}: ${JSON.stringify(JSON.stringify(pipeline))},`;
  });
  return [
    "const PIPELINES = {",
    ...texts,
    "};",
    "export const presetPipeline = async (name) => JSON.parse(PIPELINES[name]);",
  ].join("\n");
}
