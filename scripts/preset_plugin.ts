/**
 * A Bun build plugin: the module of presets' pipelines becomes one that holds them parsed. A run of a preset
 * then begins without the time that its text takes to be read and checked, which never differs.
 */
import { formatConfig } from "../aggregate/config/format.ts";
import { loadConfigs } from "../aggregate/config/load.ts";
import type { Pipeline } from "../aggregate/pipeline.ts";
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

/** A module that has the functions of `aggregate/config/preset_pipelines.ts`, for the names of presets. */
export function parsedPresets(): string {
  const presets = PRESET_NAMES.map((name) => {
    const [{ pipeline, warnings, driverPlace }, ...others] = loadConfigs(name);
    if (others.length > 0 || warnings.length > 0 || driverPlace !== null) {
      throw new Error(`${name}: a preset is one config, without warnings and without a driver`);
    }
    return { name, pipeline };
  });
  const entries = (textOf: (pipeline: Pipeline) => string) =>
    presets.map(({ name, pipeline }) => `  ${name}: ${JSON.stringify(textOf(pipeline))},`);
  return [
    "const PIPELINES = {",
    ...entries((pipeline) => JSON.stringify(pipeline)),
    "};",
    "const TEXTS = {",
    ...entries(formatConfig),
    "};",
    "export const presetPipeline = async (name) => JSON.parse(PIPELINES[name]);",
    // What is no number of JSON is in no preset, and must not look like null.
    "const asText = (_, value) => Number.isFinite(value) || !['number', 'bigint'].includes(typeof value) ? value : `${value}`;",
    "export const knownConfigText = (pipeline) =>",
    "  PIPELINES[pipeline.name] === JSON.stringify(pipeline, asText) ? TEXTS[pipeline.name] : undefined;",
  ].join("\n");
}
