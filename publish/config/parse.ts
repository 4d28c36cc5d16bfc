/** The YAML of a dataset to a Dataset: every name checked, nothing opened. */
import { inputError } from "../../core/errors.ts";
import { addShapeFaults, Faults } from "../../core/config/faults.ts";
import { YamlText } from "../../core/config/yaml_text.ts";
import type { Dataset, Discovery, PublishTarget, TargetKind } from "../dataset.ts";
import { Pattern } from "../../core/patterns/pattern.ts";
import { namePattern } from "./name_pattern.ts";
import { type DatasetInput, datasetSchema } from "./schema.ts";

const DEFAULT_ATTEMPTS = 5;
const DEFAULT_GIVE_UP_DAYS = 30;
/** SPDX has no word for "nobody said"; STAC has this one. */
const UNSAID_LICENSE = "other";

/**
 * Parses the text of a dataset's YAML. Throws one input error with a line for each fault, each with
 * `file:line:column`, what was found and what was wanted.
 */
export function parseDataset(text: string, fileName: string): Dataset {
  const yaml = new YamlText(text, fileName);
  const faults = new Faults(yaml);
  if (yaml.value === null || yaml.value === undefined) {
    throw inputError(
      `${fileName}: is empty (wanted dataset, discover and publish; see granary publish schema)`,
    );
  }
  const checked = datasetSchema.safeParse(yaml.value);
  if (!checked.success) {
    addShapeFaults(faults, checked.error.issues, yaml.value, { schema: datasetSchema });
    faults.throwIfAny();
    throw new Error(`${fileName}: refused without a fault: ${checked.error.message}`);
  }
  const dataset = resolve(checked.data, faults);
  faults.throwIfAny();
  return dataset;
}

function resolve(input: DatasetInput, faults: Faults): Dataset {
  const convert = input.convert ?? {};
  const collection = input.collection ?? {};
  const targets = input.publish.map((target, i) => targetOf(target, i, faults));
  const output = targets.find(({ kind }) => kind === "static")?.to;
  if (output === undefined) {
    faults.value(["publish"], "names no folder and no s3:// prefix to put the COGs at (add - {to: FOLDER})");
  }
  const from = convert.time?.from ??
    (convert.time?.name === undefined ? ["cmr", "file"] : ["cmr", "file", "name"]);
  const pattern = convert.time?.name ?? null;
  if (pattern !== null) {
    try {
      namePattern(pattern);
    } catch (error) {
      faults.value(["convert", "time", "name"], (error as Error).message);
    }
  } else if (from.includes("name")) {
    faults.value(["convert", "time", "from"], "asks for the name's time, and time.name has no pattern");
  }
  return {
    name: input.dataset,
    discover: input.discover.map((one, i) => discoveryOf(one, i, faults)),
    convert: {
      assets: convert.assets ?? [],
      variables: convert.variables ?? [],
      values: convert.values ?? "stored",
      overviews: convert.overviews ?? "auto",
      compress: convert.compress ?? "deflate",
      cogs: convert.cogs ?? "keep",
      grid: { crs: convert.grid?.crs ?? null, name: convert.grid?.name ?? null },
      ...(convert.mask === undefined ? {} : { mask: convert.mask }),
      steps: convert.steps ?? "files",
      split: convert.split ?? [],
    },
    time: { from, pattern },
    onSourceChange: convert.on_source_change ?? "replace",
    collection: {
      title: collection.title ?? null,
      description: collection.description ?? null,
      license: collection.license ?? UNSAID_LICENSE,
      keywords: collection.keywords ?? [],
      providers: collection.providers ?? [],
      renders: collection.renders ?? null,
      itemProperties: collection.item_properties ?? {},
      fields: collection.fields ?? {},
    },
    output: output ?? "",
    href:
      input.publish.find(({ api, format }) => api === undefined && (format ?? "static") === "static")?.href ??
        null,
    targets,
    retry: {
      attempts: input.retry?.attempts ?? DEFAULT_ATTEMPTS,
      giveUpAfterDays: input.retry?.give_up_after === undefined
        ? DEFAULT_GIVE_UP_DAYS
        : Number.parseInt(input.retry.give_up_after),
    },
  };
}

function discoveryOf(input: DatasetInput["discover"][number], at: number, faults: Faults): Discovery {
  switch (input.from) {
    case "cmr":
      if (input.short_name === undefined && input.concept_id === undefined) {
        faults.value(["discover", at], "names no collection (wanted short_name or concept_id)");
      }
      if (input.since !== undefined && input.start !== undefined) {
        faults.value(["discover", at, "since"], "stands beside start (one of the two)");
      }
      return {
        from: "cmr",
        shortName: input.short_name ?? null,
        version: input.version ?? null,
        conceptId: input.concept_id ?? null,
        provider: input.provider ?? null,
        sinceDays: input.since === undefined ? null : Number.parseInt(input.since),
        start: input.start ?? null,
        end: input.end ?? null,
        bbox: input.bbox ?? null,
        url: input.url ?? null,
      };
    case "s3":
      if (!/^(s3|gs|az):\/\/[^/]+\//.test(input.prefix)) {
        faults.value(
          ["discover", at, "prefix"],
          `"${input.prefix}" is no prefix (wanted s3://bucket/prefix/)`,
        );
      }
      checkId(input.id, at, faults);
      return { from: "s3", prefix: input.prefix, match: input.match ?? null, id: input.id ?? null };
    case "local":
      checkId(input.id, at, faults);
      return { from: "local", path: input.path, match: input.match ?? null, id: input.id ?? null };
    case "stac":
      return {
        from: "stac",
        url: input.url,
        collection: input.collection ?? null,
        start: input.start ?? null,
        end: input.end ?? null,
      };
    case "catalog":
      return { from: "catalog", path: input.path };
  }
}

function checkId(id: string | undefined, at: number, faults: Faults): void {
  if (id === undefined) return;
  try {
    new Pattern(id);
  } catch (error) {
    faults.value(["discover", at, "id"], (error as Error).message);
  }
}

function targetOf(input: DatasetInput["publish"][number], at: number, faults: Faults): PublishTarget {
  const path = ["publish", at];
  if (input.api !== undefined && input.format !== undefined) {
    faults.value([...path, "format"], "stands beside api (a target is one of the two)");
  }
  const kind: TargetKind = input.api ?? input.format ?? "static";
  const isWeb = /^https?:\/\//i.test(input.to);
  if ((kind === "transactions" || kind === "ingest") && !isWeb) {
    faults.value([...path, "to"], `"${input.to}" is no address of an API (wanted https://…)`);
  }
  if (kind === "static" && isWeb) {
    faults.value(
      [...path, "to"],
      "is the address of a server: say which interface it has (api: transactions)",
    );
  }
  if (kind === "pgstac" && input.token === undefined) {
    faults.value(
      [...path, "token"],
      "is missing: the connection string is read from the environment (token: env:PGSTAC_URL)",
    );
  }
  if (input.oauth !== undefined && (input.token === undefined || !isWeb)) {
    faults.value([...path, "oauth"], "wants the client's secret beside it (token: env:NAME), and an api");
  }
  if (input.href !== undefined && kind !== "static") {
    faults.value([...path, "href"], "belongs to the folder or s3:// prefix that the COGs are put at");
  }
  return {
    kind,
    to: input.to,
    secret: input.token === undefined ? null : input.token.slice("env:".length),
    oauth: input.oauth === undefined
      ? null
      : { url: input.oauth.url, clientId: input.oauth.client_id, scope: input.oauth.scope ?? null },
    stac: input.stac === "1.0" ? "1.0.0" : "1.1.0",
  };
}
