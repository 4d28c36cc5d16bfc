/** Datasets by their files: YAML, with its paths read from the file's own folder. */
import path from "node:path";
import { readYamlText } from "../../core/config/read_text.ts";
import { suggestion } from "../../core/suggest.ts";
import { DATASET_NAMES, datasetText } from "../../products/datasets/index.ts";
import { localPath } from "../../core/access/file_source.ts";
import type { Dataset, Discovery, PublishTarget } from "../dataset.ts";
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
    output: placed(dataset.output, folder),
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
    case "catalog":
      return { ...source, path: placed(source.path, folder) };
    case "stac":
      return { ...source, url: placed(source.url, folder) };
    default:
      return source;
  }
}

function placedTarget(target: PublishTarget, folder: string): PublishTarget {
  return target.kind === "pgstac" ? target : { ...target, to: placed(target.to, folder) };
}

/** Addresses stay; paths are those of the YAML's folder. */
function placed(address: string, folder: string): string {
  if (/^(s3|https?):\/\//i.test(address)) return address;
  return path.resolve(folder, localPath(address));
}
