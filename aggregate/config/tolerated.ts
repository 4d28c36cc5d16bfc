/**
 * Keys that the Python tools of this field know and granary does not need: they are taken out of a
 * config before it is checked, each with a warning. Keys that would change results are not here: they
 * are refused.
 */
import { isObject } from "../../core/json_value.ts";

interface Tolerated {
  /** Keys from the root; `*` stands for any one. */
  path: string[];
  /** Why nothing is lost. */
  because: string;
}

const CLOUD = "it sizes cloud functions; granary takes --workers and --memory";
const READING = "granary plans its own reads";
const STORAGE = "granary chooses chunks, shards and metadata itself";

const TOLERATED: readonly Tolerated[] = [
  tolerate("data_source.shard_workers", CLOUD),
  tolerate("data_source.credentials_provider", "the catalog names each product's credentials"),
  tolerate("data_source.index", READING),
  tolerate("data_source.read_plan", READING),
  tolerate("aggregation.handoff", "granary has one in-memory form"),
  tolerate("aggregation.streaming", "granary spills by --memory and --scratch"),
  tolerate("aggregation.chunk_precompute", STORAGE),
  tolerate("aggregation.chunk_size", STORAGE),
  tolerate("aggregation.chunks", STORAGE),
  tolerate("output.consolidate", "granary always consolidates metadata"),
  tolerate("output.consolidate_metadata", "granary always consolidates metadata"),
  tolerate("output.store_layout", "output.layout is granary's: compact or sphere"),
  tolerate("output.region", "the region is found by the environment or AWS_REGION"),
  tolerate("output.pyramid", "--levels asks for coarser levels"),
  tolerate("output.grid.layout", "output.layout is granary's: compact or sphere"),
  tolerate("output.grid.sharded", "granary always writes shards"),
  tolerate("output.grid.chunk_inner", STORAGE),
  tolerate("worker", CLOUD),
];

function tolerate(path: string, because: string): Tolerated {
  return { path: path.split("."), because };
}

/** A key that was taken out. */
interface Ignored {
  path: string[];
  because: string;
}

/** Takes tolerated keys out of `config` (plain data, changed in place) and says which were there. */
export function takeTolerated(config: unknown): Ignored[] {
  const ignored: Ignored[] = [];
  for (const { path, because } of TOLERATED) {
    let holder: unknown = config;
    for (const key of path.slice(0, -1)) holder = isObject(holder) ? holder[key] : undefined;
    const last = path[path.length - 1];
    if (!isObject(holder) || !Object.hasOwn(holder, last)) continue;
    delete holder[last];
    ignored.push({ path, because });
  }
  return ignored;
}

/**
 * Why a config is of a kind that granary does not run, whatever else it says: it reads rasters, follows grids over time, or
 * writes more than a number a cell. One reason is told then, not all that follows from it.
 */
export function otherKind(config: unknown): { path: string[]; because: string } | undefined {
  if (!isObject(config)) return undefined;
  const { pipeline, data_source: source, aggregation } = config;
  if (isObject(pipeline) && pipeline.type !== undefined) {
    return {
      path: ["pipeline", "type"],
      because: `found "${pipeline.type}": grids are not followed over time into tables` +
        " (granary aggregates observations to cells)",
    };
  }
  const reader = isObject(source) ? source.reader : undefined;
  if (reader === "raster" || reader === "cog") {
    return {
      path: ["data_source", "reader"],
      because: `found "${reader}": rasters are not aggregated (granary cog and granary publish take them)`,
    };
  }
  const variables = isObject(aggregation) && isObject(aggregation.variables) ? aggregation.variables : {};
  for (const [name, variable] of Object.entries(variables)) {
    if (!isObject(variable)) continue;
    const at = ["aggregation", "variables", name];
    const { kind } = variable;
    if (kind === "vector" || kind === "ragged") {
      return {
        path: [...at, "kind"],
        because:
          `found "${kind}" (granary writes one value a cell; vectors and ragged values are not supported)`,
      };
    }
  }
  return undefined;
}

/** Why a key of the Python tools is refused, for those that would change what is computed. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  "data_source.assets": "joining several files of a granule is not supported: name one by data_source.asset",
  "data_source.join": "joining several files of a granule is not supported: name one by data_source.asset",
  "data_source.filters.*.asset": "joining several files of a granule is not supported",
  "aggregation.variables.*.trailing_shape": "granary writes one value a cell",
  "aggregation.variables.*.inner_shape": "granary writes one value a cell",
  "output.endpoint_url": "the endpoint is AWS_ENDPOINT_URL_S3 in the environment",
};

/** The reason to refuse the key at `path`, if it is one of those. */
export function unsupported(path: readonly PropertyKey[]): string | undefined {
  for (const [pattern, reason] of Object.entries(UNSUPPORTED)) {
    const keys = pattern.split(".");
    if (keys.length === path.length && keys.every((key, i) => key === "*" || key === String(path[i]))) {
      return reason;
    }
  }
  return undefined;
}

/** Why a value that other tools take is refused. */
export function refusedValue(path: readonly PropertyKey[], found: unknown): string | undefined {
  const where = path.join(".");
  if (where === "output.grid.type") {
    return " (cells are healpix, with child_order, or projected, with crs and resolution)";
  }
  if (where === "output.grid.indexing_scheme") return " (granary's cells are nested only)";
  if (path[path.length - 1] === "kind") {
    return ` (granary writes one value a cell; found kind ${String(found)})`;
  }
  return undefined;
}
