/** Local granules by a config: what a program asks, where the catalog's room takes a layout. */
import {
  type LocalGranules,
  localGranules as granulesOfLayout,
  type LocalGranulesOptions as LayoutOptions,
} from "../catalog/discover/files/local_granules.ts";
import { layoutChooser } from "./config/layout.ts";
import type { Pipeline } from "./pipeline.ts";

export interface LocalGranulesOptions extends Omit<LayoutOptions, "layout"> {
  /** A preset, a YAML file or a pipeline; by default the preset that fits the files' names. */
  config?: string | Pipeline | undefined;
  onWarning?: ((message: string) => void) | undefined;
}

/** {@linkcode granulesOfLayout} with the places that a config names. */
export function localGranules(paths: readonly string[], options: LocalGranulesOptions = {}): LocalGranules {
  const { config, onWarning, ...rest } = options;
  return granulesOfLayout(paths, { ...rest, layout: layoutChooser(config, onWarning ?? (() => {})) });
}
