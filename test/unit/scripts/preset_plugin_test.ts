import assert from "node:assert/strict";
import { formatConfig } from "../../../aggregate/config/format.ts";
import { loadPreset } from "../../../aggregate/config/load.ts";
import { presetPipeline } from "../../../aggregate/config/preset_pipelines.ts";
import { PRESET_NAMES } from "../../../products/presets/index.ts";
import { parsedPresets } from "../../../scripts/preset_plugin.ts";

Deno.test("the binary's presets are the pipelines that their texts are parsed to, a new one each time", async () => {
  const module = await import(`data:text/javascript,${encodeURIComponent(parsedPresets())}`);
  for (const name of PRESET_NAMES) {
    const pipeline = await module.presetPipeline(name);
    assert.deepStrictEqual(pipeline, loadPreset(name));
    assert.deepStrictEqual(pipeline, await presetPipeline(name));
    pipeline.name = "another";
    assert.equal((await module.presetPipeline(name)).name, name);
  }
});

Deno.test("the binary knows the text of a preset's config, and of none that differs from it", async () => {
  const module = await import(`data:text/javascript,${encodeURIComponent(parsedPresets())}`);
  for (const name of PRESET_NAMES) {
    const pipeline = loadPreset(name);
    assert.equal(module.knownConfigText(pipeline), formatConfig(pipeline));
    const [first, ...statistics] = pipeline.aggregation.statistics;
    for (const fillValue of [NaN, Infinity, 7, 2n ** 60n]) {
      const aggregation = { ...pipeline.aggregation, statistics: [{ ...first, fillValue }, ...statistics] };
      assert.equal(module.knownConfigText({ ...pipeline, aggregation }), undefined);
    }
    assert.equal(module.knownConfigText({ ...pipeline, name: "another" }), undefined);
    assert.equal(module.knownConfigText({ ...pipeline, name: "toString" }), undefined);
  }
});
