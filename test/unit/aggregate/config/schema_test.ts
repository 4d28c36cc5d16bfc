import assert from "node:assert/strict";
import Ajv2020 from "ajv/dist/2020.js";
import { parse } from "yaml";
import { PRESET_NAMES, presetText } from "../../../../products/presets/index.ts";
import { configJsonSchema } from "../../../../aggregate/config/schema.ts";

const validate = new Ajv2020.default({ strict: false }).compile(configJsonSchema());

Deno.test("the JSON Schema is valid draft 2020-12 and accepts every preset", () => {
  for (const name of PRESET_NAMES) {
    assert.ok(validate(parse(presetText(name))), `${name}: ${JSON.stringify(validate.errors)}`);
  }
});

Deno.test("the JSON Schema refuses unknown keys, wrong types and wrong names", () => {
  const preset = () => parse(presetText("atl06"));
  const wrong: [string, (config: ReturnType<typeof preset>) => void][] = [
    ["unknown key", (config) => config.output.grid.order = 3],
    ["wrong type", (config) => config.output.grid.child_order = "12"],
    ["missing section", (config) => delete config.data_source],
    ["wrong dtype", (config) => config.aggregation.variables.count.dtype = "int12"],
    ["column name", (config) => config.data_source.variables["h-li"] = "/x"],
  ];
  for (const [label, change] of wrong) {
    const config = preset();
    change(config);
    assert.equal(validate(config), false, label);
  }
});

Deno.test("every key of the JSON Schema's objects is closed and most are described", () => {
  let described = 0;
  let keys = 0;
  const walk = (schema: Record<string, unknown>): void => {
    const properties = schema.properties as Record<string, Record<string, unknown>> | undefined;
    if (properties !== undefined) {
      assert.equal(schema.additionalProperties, false);
      for (const child of Object.values(properties)) {
        keys += 1;
        if (child.description !== undefined) described += 1;
        walk(child);
      }
    }
  };
  walk(configJsonSchema());
  assert.ok(described >= keys / 2, `${described} of ${keys}`);
});
