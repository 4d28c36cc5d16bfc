/** The configs of a request as one pipeline. */
import { combinePipelines } from "./config/combine.ts";
import { loadConfigs } from "./config/load.ts";
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
export function requestedPipeline(
  request: ConfigRequest,
  warn: (message: string) => void,
): RequestedPipeline {
  const configs = [request.config].flat() as (string | Pipeline)[];
  const all = configs.flatMap((config) =>
    typeof config === "string" ? loadConfigs(config) : { pipeline: config, warnings: [], driverPlace: null }
  );
  all.flatMap(({ warnings }) => warnings).forEach(warn);
  return {
    pipeline: combinePipelines(all.map((one) => overridden(one.pipeline, request))),
    driverPlace: all[0].driverPlace,
    configs: all.length,
  };
}
