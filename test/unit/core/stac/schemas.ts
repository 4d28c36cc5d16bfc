/** The published JSON Schemas of STAC 1.1 and its extensions, from the shared data, to check ours by. */
import fs from "node:fs";
import path from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { sharedData } from "../../../shared_data.ts";

/** A validator of whole values: core by its type, and every extension that it names and a schema is there for. */
export function publishedSchemas(): (value: Record<string, unknown>) => string[] {
  const folder = sharedData("stac/schemas");
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true, addUsedSchema: false });
  ajv.addFormat("date-time", /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/);
  for (const format of ["iri", "iri-reference", "uri", "uri-reference", "date"]) ajv.addFormat(format, true);
  for (const file of fs.readdirSync(folder, { recursive: true }) as string[]) {
    if (!file.endsWith(".json")) continue;
    const schema = JSON.parse(fs.readFileSync(path.join(folder, file), "utf8"));
    const id = String(schema.$id ?? "").replace(/#$/, "").replace("commonjson", "common.json");
    delete schema.$schema;
    schema.$id = id;
    ajv.addSchema(schema, id);
  }
  const core = "https://schemas.stacspec.org/v1.1.0";
  const byType: Record<string, string> = {
    Feature: `${core}/item-spec/json-schema/item.json`,
    Collection: `${core}/collection-spec/json-schema/collection.json`,
    Catalog: `${core}/catalog-spec/json-schema/catalog.json`,
  };
  return (value) => {
    const names = [
      byType[String(value.type)],
      ...(Array.isArray(value.stac_extensions) ? value.stac_extensions.map(String) : []),
    ];
    return names.flatMap((name) => {
      const validate = ajv.getSchema(name) as ValidateFunction | undefined;
      if (validate === undefined) return [];
      validate(value);
      return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
    });
  };
}
