/**
 * Dataset configs of other pipelines as a dataset's YAML: VEDA's (`collection`, `discovery_items`, …) and the
 * inputs of step functions that publish one collection (`collection`, `discovery`, `prefix`, `bucket`, …).
 * What has no counterpart is reported, never dropped in silence.
 */
import { stringify } from "yaml";
import { inputError } from "../core/errors.ts";
import { asArray, asObject, asObjects, asText, type JsonObject } from "../core/json_value.ts";
import { Pattern } from "../core/patterns/pattern.ts";
import { parseDataset } from "./config/parse.ts";

export interface ImportedConfig {
  readonly name: string;
  /** A dataset's YAML that is sound. */
  readonly yaml: string;
  /** What could not be carried over, and what is to be looked at. */
  readonly notes: readonly string[];
}

/** Keys that say how the other pipeline runs, and mean nothing here. */
const MACHINERY = new Set([
  "cogify",
  "upload",
  "dry_run",
  "queue_messages",
  "use_multithreading",
  "mode",
  "discovery",
  "data_type",
  "stac_version",
  "sample_files",
  "slice",
  "ingest_url",
  "process_from",
  "schedule",
]);

/** Keys that are read below. */
const READ = new Set([
  "collection",
  "title",
  "description",
  "license",
  "keywords",
  "providers",
  "renders",
  "discovery_items",
  "spatial_extent",
  "temporal_extent",
  "stac_extensions",
  "type",
  "links",
  "extent",
  "assets",
  "summaries",
  "prefix",
  "bucket",
  "filename_regex",
  "datetime_range",
  "version",
  "short_name",
  "temporal",
  "bounding_box",
  "bbox",
  "include",
  "variable",
  "variable_name",
  "nodata_value",
  "nodata",
  "id_regex",
  "id_template",
  "start_datetime",
  "end_datetime",
  "single_datetime",
  "properties",
  "asset_name",
  "asset_roles",
  "asset_media_type",
  "id",
]);

/** Throws an input error for what is no such config. */
export function importConfig(text: string, fileName: string): ImportedConfig {
  const notes: string[] = [];
  const config = configOf(parsedText(text, fileName, notes), fileName);
  const collection = asText(config?.collection) ?? asText(config?.id);
  if (config === null || collection === null) {
    throw inputError(
      `${fileName}: names no collection (wanted a VEDA dataset config, or a step function's input)`,
    );
  }
  const name = collection.replace(/[^\w.\-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "").slice(0, 200);
  if (name !== collection) notes.push(`collection "${collection}" is called "${name}" here`);
  const sources = asObjects(config.discovery_items);
  const discover = sources.flatMap((source) => sourceOf(source, collection, notes));
  if (discover.length === 0) {
    throw inputError(
      `${fileName}: tells no place to discover granules (wanted prefix and bucket, or discovery: cmr)`,
    );
  }
  const convert = convertOf(sources, samplesOf(config), notes);
  tellTheRest(config, sources, notes);
  const dataset = {
    dataset: name,
    discover,
    ...(Object.keys(convert).length === 0 ? {} : { convert }),
    collection: wordsOf(config, notes),
    publish: [{ to: name }],
  };
  notes.push("publish: the COGs and the catalog go to a folder of the dataset's name: say where they belong");
  const yaml = stringify(dataset, { lineWidth: 110 });
  parseDataset(yaml, fileName);
  return { name, yaml, notes: [...new Set(notes)] };
}

/** JSON, also with a comma behind the last of its values, as people leave them. */
function parsedText(text: string, fileName: string, notes: string[]): unknown {
  const strict = text.replace(/("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/gs, (_, quoted?: string) => quoted ?? "");
  try {
    const parsed = JSON.parse(strict);
    if (strict !== text) {
      notes.push("the file is no strict JSON: commas behind the last of its values are passed over");
    }
    return parsed;
  } catch (error) {
    throw inputError(`${fileName}: is not JSON: ${(error as Error).message}`);
  }
}

/**
 * A config with its discovery items. The input of a step function is one item, and a list of such inputs one a
 * piece; null for what is neither.
 */
function configOf(parsed: unknown, fileName: string): JsonObject | null {
  const config = asObject(parsed);
  if (config !== null) {
    if (asObjects(config.discovery_items).length > 0) return config;
    const words = ["title", "description", "license"].some((key) => config[key] !== undefined);
    return words
      ? { ...config, discovery_items: [config] }
      : { collection: config.collection, sample_files: config.sample_files, discovery_items: [config] };
  }
  const inputs = asObjects(parsed);
  const collections = [...new Set(inputs.map(({ collection }) => collection))];
  if (collections.length > 1) {
    throw inputError(
      `${fileName}: holds inputs of ${collections.length} collections, ${
        collections.join(", ")
      } (import a file of each)`,
    );
  }
  return inputs.length === 0 ? null : { collection: collections[0], discovery_items: inputs };
}

/** Whether granules are asked of CMR: inputs of its time name neither it nor a bucket. */
function asksCmr({ discovery, bucket, version, temporal, bounding_box }: JsonObject): boolean {
  if (discovery !== undefined || bucket !== undefined) return discovery === "cmr";
  return [version, temporal, bounding_box].some((value) => value !== undefined);
}

function sourceOf(source: JsonObject, collection: string, notes: string[]): Record<string, unknown>[] {
  if (asksCmr(source)) {
    if (source.discovery === undefined) {
      notes.push("discovery: nothing says where granules are; CMR is asked");
    }
    const [start, end] = asArray(source.temporal).map(asText);
    const box = asArray(source.bounding_box ?? source.bbox).map(Number);
    return [{
      from: "cmr",
      short_name: asText(source.short_name) ?? collection,
      ...(asText(source.version) === null ? {} : { version: asText(source.version) }),
      ...(start ? { start } : {}),
      ...(end ? { end } : {}),
      ...(box.length === 4 && box.every(Number.isFinite) ? { bbox: box } : {}),
    }];
  }
  const bucket = asText(source.bucket);
  if (bucket === null) return [];
  const prefix = `s3://${bucket}/${(asText(source.prefix) ?? "").replace(/^\/+/, "")}`;
  const id = idOf(source, notes);
  const regex = asText(source.filename_regex);
  if (regex === null) return [{ from: "s3", prefix, ...id }];
  try {
    new Pattern(regex);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    notes.push(`filename_regex "${regex}" ${error.message}: every file below ${prefix} is taken`);
    return [{ from: "s3", prefix, ...id }];
  }
  notes.push(
    `filename_regex is matched against the key below ${prefix}, not against the whole key: look whether it fits`,
  );
  return [{ from: "s3", prefix, match: `/${regex}/`, ...id }];
}

/** Files of one item are put together by the same pattern; a template over it has no counterpart. */
function idOf(source: JsonObject, notes: string[]): { id?: string } {
  const regex = asText(source.id_regex);
  if (regex === null) return {};
  try {
    new Pattern(regex);
    return { id: regex };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    notes.push(`id_regex "${regex}" ${error.message}: each file is a granule of its own`);
    return {};
  }
}

function samplesOf(config: JsonObject): string[] {
  return asArray(config.sample_files).map(asText).filter((name) => name !== null)
    .map((name) => name.slice(name.lastIndexOf("/") + 1));
}

/** Dates in names of files, as such pipelines look for them, the finest first. */
const DATES: readonly [unit: string, pattern: string][] = [
  [
    "second",
    String.raw`(?<year>\d{4})-?(?<month>\d\d)-?(?<day>\d\d)T?(?<hour>\d\d)(?<minute>\d\d)(?<second>\d\d)`,
  ],
  ["day", String.raw`(^|[_.-])(?<year>\d{4})-?(?<month>\d\d)-?(?<day>\d\d)([^\d]|$)`],
  ["month", String.raw`(^|[_.-])(?<year>\d{4})-?(?<month>\d\d)([^\d]|$)`],
  ["year", String.raw`(^|[_.-])(?<year>\d{4})([^\d]|$)`],
];

function convertOf(
  sources: readonly JsonObject[],
  samples: readonly string[],
  notes: string[],
): Record<string, unknown> {
  const variables = [
    ...new Set(
      sources.map((source) => asText(source.variable) ?? asText(source.variable_name)).filter((v) =>
        v !== null
      ),
    ),
  ];
  const convert: Record<string, unknown> = variables.length === 0 ? {} : { variables };
  const includes = sources.map(({ include }) => asText(include)).filter((include) => include !== null);
  for (const include of new Set(includes)) {
    const glob = globOf(include);
    if (glob === null) {
      notes.push(`include "${include}" is no plain ending: say convert.assets, a glob over files' names`);
    } else convert.assets = [...(convert.assets as string[] | undefined ?? []), glob];
  }
  const ranges = [...new Set(sources.map(({ datetime_range }) => asText(datetime_range)))];
  const s3 = sources.some((source) => !asksCmr(source));
  if (s3) {
    const fitting = samples.length === 0
      ? undefined
      : DATES.find(([, pattern]) => samples.every((name) => new Pattern(pattern).test(name)));
    const byRange = DATES.find(([unit]) => ranges[0] === unit) ?? DATES[1];
    const [unit, pattern] = fitting ?? byRange;
    convert.time = { name: pattern };
    notes.push(
      `time.name: the names' ${unit} is looked for by ${pattern}${
        fitting === undefined ? "; no sample says whether it fits" : ", which fits the sample files"
      }`,
    );
  }
  return convert;
}

/** `^.+\.he5$` as `*.he5`; null for anything less plain. */
function globOf(regex: string): string | null {
  const ending = /^\^?(?:\.[*+]\??|\(\.[*+]\)|\[\\s\\S\][*+]\??)((?:\\?[\w.-])+)\$?$/.exec(regex)?.[1];
  return ending === undefined ? null : `*${ending.replace(/\\/g, "")}`;
}

function wordsOf(config: JsonObject, notes: string[]): Record<string, unknown> {
  const license = asText(config.license);
  const sound = license !== null && /^[\w\-.+]+$/.test(license);
  if (license !== null && !sound) {
    notes.push(`license "${license}" is no identifier (wanted such as CC0-1.0)`);
  }
  const providers = asObjects(config.providers).flatMap((provider) => {
    const { name, description, roles, url } = provider;
    const known = asArray(roles).filter((role) =>
      ["producer", "licensor", "processor", "host"].includes(String(role))
    );
    if (asText(name) === null) return [];
    if (known.length < asArray(roles).length) {
      notes.push(`provider ${name}: roles that STAC does not know are left out`);
    }
    return [{
      name,
      ...(asText(description) === null ? {} : { description }),
      ...(known.length === 0 ? {} : { roles: known }),
      ...(asText(url) === null ? {} : { url }),
    }];
  });
  const renders = asObject(config.renders);
  const fields = Object.fromEntries(
    Object.entries(config).filter(([key]) => !READ.has(key) && !MACHINERY.has(key)),
  );
  if ("item_assets" in fields) {
    notes.push(
      "item_assets is kept as it was: its keys are to be those of the new items (the variables' names)",
    );
  }
  return {
    ...(asText(config.title) === null ? {} : { title: config.title }),
    ...(asText(config.description) === null ? {} : { description: config.description }),
    ...(sound ? { license } : {}),
    ...(asArray(config.keywords).length === 0 ? {} : { keywords: asArray(config.keywords).map(String) }),
    ...(providers.length === 0 ? {} : { providers }),
    ...(renders === null ? {} : { renders }),
    ...(Object.keys(fields).length === 0 ? {} : { fields }),
  };
}

/** Why each key that is known and has no counterpart is not carried over. */
const LOST: Readonly<Record<string, string>> = {
  spatial_extent: "the extent is computed from the items",
  temporal_extent: "the extent is computed from the items",
  extent: "the extent is computed from the items",
  summaries: "summaries are computed from the items",
  stac_extensions: "extensions are named by the fields that are used",
  links: "links are made by the catalog",
  id_template: "items are called by what id_regex finds",
  assets: "assets are called by what their files' names add to the id",
  start_datetime: "one fixed time for all files is not carried over (say convert.time)",
  end_datetime: "one fixed time for all files is not carried over (say convert.time)",
  single_datetime: "one fixed time for all files is not carried over (say convert.time)",
  properties: "say collection.item_properties",
  asset_name: "assets are named by their variables",
  asset_roles: "assets have the role data",
  asset_media_type: "assets are COGs",
  nodata_value: "nodata is what the files say",
  nodata: "nodata is what the files say",
  process_from: "what is done is known by identity, not by time",
  schedule: "granary deploy cron prints what runs it on time",
};

/** Keys of a config that is its own only item are told of where its words are. */
function tellTheRest(config: JsonObject, items: readonly JsonObject[], notes: string[]): void {
  for (const place of [config, ...items]) {
    for (const [key, reason] of Object.entries(LOST)) {
      if (place[key] !== undefined && place[key] !== null) notes.push(`${key}: ${reason}`);
    }
  }
  for (const item of items) {
    if ("title" in item || "description" in item || "license" in item) continue;
    for (const key of Object.keys(item)) {
      if (!READ.has(key) && !MACHINERY.has(key)) notes.push(`${key} is not known here`);
    }
  }
}
