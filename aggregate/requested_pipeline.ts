/** The configs of a request as one pipeline. */
import { PRESET_NAMES } from "../products/presets/index.ts";
import { combinePipelines } from "./config/combine.ts";
import type { ParsedConfig } from "./config/parse.ts";
import { presetPipeline } from "./config/preset_pipelines.ts";
import { type ConfigOverrides, overridden } from "./override.ts";
import type { Pipeline } from "./pipeline.ts";

export interface ConfigRequest extends ConfigOverrides {
  /** A preset, a YAML file, or a pipeline; several take each the granules of their collections into one store. */
  config: string | Pipeline | readonly (string | Pipeline)[];
}

interface RequestedPipeline {
  pipeline: Pipeline;
  /** Where the first config names a driver, for messages. */
  driverPlace: string | null;
  /** How many there were. */
  configs: number;
}

/** Reads the configs, with what the request says over each of them. `warn` hears what was tolerated. */
export async function requestedPipeline(
  request: ConfigRequest,
  warn: (message: string) => void,
): Promise<RequestedPipeline> {
  const configs = [request.config].flat() as (string | Pipeline)[];
  const all: ParsedConfig[] = [];
  for (const config of configs) all.push(...await parsed(config));
  all.flatMap(({ warnings }) => warnings).forEach(warn);
  return {
    pipeline: combinePipelines(all.map((one) => overridden(one.pipeline, request))),
    driverPlace: all[0].driverPlace,
    configs: all.length,
  };
}

async function parsed(config: string | Pipeline): Promise<ParsedConfig[]> {
  if (typeof config === "string" && !PRESET_NAMES.includes(config)) {
    const { loadConfigs } = await import("./config/load.ts");
    return loadConfigs(config);
  }
  const pipeline = typeof config === "string" ? await presetPipeline(config) : config;
  return [{ pipeline, warnings: [], driverPlace: null }];
}
