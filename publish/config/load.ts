/** Datasets by their files: YAML, with its paths read from the file's own folder. */
import path from "node:path";
import { readYamlText } from "../../core/config/read_text.ts";
import { suggestion } from "../../core/suggest.ts";
import { DATASET_NAMES, datasetText } from "../../products/datasets/index.ts";
import {
  ASKS_SERVERS,
  isObjectAddress,
  placeFor,
  type PlaceUse,
  READS_ANYWHERE,
  READS_FILES,
  READS_WEB,
  WRITES_FILES,
  WRITES_STORES,
} from "../../core/files/address.ts";
import type { Dataset, Discovery, PublishTarget, TargetKind } from "../dataset.ts";
import { parseDataset } from "./parse.ts";

/**
 * The dataset that a YAML file describes, or one that comes with granary by its bare name; `-` is stdin, whose paths are read from the working folder. Throws
 * an input error that says what is wrong and where.
 */
export function loadDataset(file: string): Dataset {
  const text = datasetText(file) ?? readYamlText(file, unknownName);
  const dataset = parseDataset(text, file === "-" ? "standard input" : file);
  const folder = file === "-" ? "." : path.dirname(file);
  return {
    ...dataset,
    discover: dataset.discover.map((one) => placedSource(one, folder)),
    output: placed(dataset.output, folder, WRITES_STORES),
    targets: dataset.targets.map((one) => placedTarget(one, folder)),
  };
}

function unknownName(name: string): string | undefined {
  return /^[\w-]+$/.test(name)
    ? `"${name}" is neither a dataset of granary's nor a file${suggestion(name, DATASET_NAMES)}`
    : undefined;
}

function placedSource(source: Discovery, folder: string): Discovery {
  switch (source.from) {
    case "local":
      return { ...source, path: placed(source.path, folder, READS_FILES) };
    case "catalog":
      return { ...source, path: placed(source.path, folder, READS_ANYWHERE) };
    case "stac":
      return { ...source, url: placed(source.url, folder, READS_WEB) };
    default:
      return source;
  }
}

const TARGET_USES: Readonly<Record<Exclude<TargetKind, "pgstac">, PlaceUse>> = {
  static: WRITES_STORES,
  transactions: ASKS_SERVERS,
  ingest: ASKS_SERVERS,
  ndjson: WRITES_FILES,
  geoparquet: WRITES_FILES,
  catalog: WRITES_FILES,
};

function placedTarget(target: PublishTarget, folder: string): PublishTarget {
  return target.kind === "pgstac"
    ? target
    : { ...target, to: placed(target.to, folder, TARGET_USES[target.kind]) };
}

/** Addresses that the use takes stay; paths are those of the YAML's folder. */
function placed(address: string, folder: string, use: PlaceUse): string {
  const found = placeFor(address, use);
  return isObjectAddress(found) || /^https?:\/\//i.test(found) ? found : path.resolve(folder, found);
}
