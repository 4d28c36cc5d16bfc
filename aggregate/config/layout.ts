/** What a scan of granule files takes of a config: where observations lie in them. */
import { inputError } from "../../core/errors.ts";
import { collectionFits } from "../../products/collection_names.ts";
import type { GranuleLayout } from "../../catalog/discover/files/local_granules.ts";
import { PRESET_NAMES } from "../../products/presets/index.ts";
import type { Pipeline } from "../pipeline.ts";
import { loadConfig } from "./load.ts";

/** Cells of a row index where the config's are not HEALPix. */
const DEFAULT_INDEX_ORDER = 12;

/**
 * Gives the layout of the config that is named (a preset, a YAML file or a pipeline), or of the one preset
 * whose collections fit all of the files. Throws an input error where none is named and no single one fits.
 */
export function layoutChooser(
  config: string | Pipeline | undefined,
  warn: (message: string) => void,
): (collections: readonly (string | null)[]) => GranuleLayout {
  return (collections) => {
    if (typeof config === "object") return layoutOf(config);
    if (config !== undefined) {
      const { pipeline, warnings } = loadConfig(config);
      warnings.forEach(warn);
      return layoutOf(pipeline);
    }
    const fitting = PRESET_NAMES.map((name) => loadConfig(name).pipeline).filter((pipeline) =>
      collections.every((collection) =>
        collection !== null &&
        pipeline.dataSource.collections.some((glob) => collectionFits(glob, collection))
      )
    );
    // Presets of one product, such as ATL08's of 100 m and of 20 m, have the same granules.
    const products = new Set(fitting.map(({ dataSource }) => dataSource.collections.join()));
    if (products.size === 1) return layoutOf(fitting[0]);
    const found = collections.map((collection) => collection ?? "unknown").sort().join(", ");
    throw inputError(
      `the files are of ${found}, which no single preset fits (${PRESET_NAMES.join(", ")});` +
        " name a config with -c, or build a catalog of each product and join them with granary catalog merge",
    );
  };
}

function layoutOf({ name, dataSource, output }: Pipeline): GranuleLayout {
  const { groups, latitude, longitude, coordinateLink } = dataSource;
  return {
    name,
    groups,
    latitude,
    longitude,
    ...coordinateLink === undefined ? {} : { coordinateLink },
    indexOrder: output.projected === undefined ? output.childOrder : DEFAULT_INDEX_ORDER,
  };
}
